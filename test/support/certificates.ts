import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const dayMs = 86_400_000;
const oids = {
  commonName: '550403',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  ecdsaWithSha256: '2a8648ce3d040302',
} as const;

/** A certificate with its private key, all PEM. */
export interface Certificate {
  readonly certificate: string;
  /** PKCS#8, not encrypted. */
  readonly key: string;
  /** The same key, encrypted. */
  readonly encryptedKey: (passphrase: string) => string;
}

/** An authority of a test's own: who trusts it trusts what it issues. */
export interface Authority extends Certificate {
  /** A certificate for 127.0.0.1 and localhost, good for both ends of a connection. */
  issue(commonName: string): Certificate;
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 + length.length]), length, content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, ...parts);
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));
const bits = (content: Buffer, unused = 0): Buffer => tlv(0x03, Buffer.from([unused]), content);
const yes = tlv(0x01, Buffer.from([0xff]));
const signature = sequence(oid(oids.ecdsaWithSha256));

function distinguishedName(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid(oids.commonName), tlv(0x0c, Buffer.from(commonName)))));
}

function time(at: number): Buffer {
  return tlv(0x18, Buffer.from(`${new Date(at).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')}Z`));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [yes] : []), tlv(0x04, value));
}

function extensionsOf(isAuthority: boolean): Buffer[] {
  // keyCertSign is bit 5.
  if (isAuthority)
    return [extension(oids.basicConstraints, true, sequence(yes)), extension(oids.keyUsage, true, bits(Buffer.from([0x04]), 2))];
  const names = sequence(tlv(0x87, Buffer.from([127, 0, 0, 1])), tlv(0x82, Buffer.from('localhost')));
  return [extension(oids.basicConstraints, true, sequence()), extension(oids.subjectAltName, false, names)];
}

function pem(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`;
}

interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
}

function certify(subject: Issuer & { readonly publicKey: KeyObject }, issuer: Issuer, isAuthority: boolean): Certificate {
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
  const toSign = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    signature,
    distinguishedName(issuer.name),
    sequence(time(Date.now() - dayMs), time(Date.now() + dayMs)),
    distinguishedName(subject.name),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensionsOf(isAuthority))),
  );
  const { key } = subject;
  return {
    certificate: pem('CERTIFICATE', sequence(toSign, signature, bits(sign('sha256', toSign, issuer.key)))),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    encryptedKey: (passphrase) => key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString(),
  };
}

function newKeys(): { key: KeyObject; publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { key: privateKey, publicKey };
}

/** Makes a certificate authority, valid for a day. Needs no program: neither openssl nor keytool. */
export function createAuthority(commonName: string): Authority {
  const own = { name: commonName, ...newKeys() };
  return {
    ...certify(own, own, true),
    issue: (name) => certify({ name, ...newKeys() }, own, false),
  };
}
