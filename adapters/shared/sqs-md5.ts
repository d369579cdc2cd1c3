/** The two digests of SQS: of a body and of message attributes. */
import { createHash, hash } from 'node:crypto';
import type { QueueMessageAttribute } from '../../src/index.ts';

const STRING_TRANSPORT = Uint8Array.of(1);
const BINARY_TRANSPORT = Uint8Array.of(2);

/** MD5 of the body in UTF-8, lower-case hex. */
export function md5OfBody(body: string): string {
  return hash('md5', body, 'hex');
}

/**
 * MD5 of message attributes as SQS computes it, lower-case hex: by name in ascending order, each of name, data type and
 * value behind its length in four bytes, and one byte between type and value that tells text (1) from bytes (2).
 * `undefined` when there are none.
 */
export function md5OfMessageAttributes(attributes: Readonly<Record<string, QueueMessageAttribute>>): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const digest = createHash('md5');
  const add = (bytes: Buffer): void => {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name];
    if (attribute === undefined) continue;
    const { dataType, stringValue, binaryValue } = attribute;
    add(Buffer.from(name));
    add(Buffer.from(dataType));
    digest.update(stringValue === undefined ? BINARY_TRANSPORT : STRING_TRANSPORT);
    add(stringValue === undefined ? Buffer.from(binaryValue ?? '', 'base64') : Buffer.from(stringValue));
  }
  return digest.digest('hex');
}
