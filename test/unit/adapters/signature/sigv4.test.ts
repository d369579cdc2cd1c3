import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SignedRequest, signatureVerifier } from '../../../../adapters/signature/sigv4/index.ts';
import { Secret } from '../../../../src/kit/index.ts';
import { signedHeaders } from '../../../support/signing.ts';

const verifier = await signatureVerifier();

/** The first case of AWS's own test suite of Signature Version 4. */
const VANILLA: SignedRequest = {
  method: 'GET',
  path: '/',
  query: {},
  headers: { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' },
  bodySha256: createHash('sha256').digest('hex'),
  signedAt: Date.UTC(2015, 7, 30, 12, 36),
  region: 'us-east-1',
  service: 'service',
};
const EXAMPLE = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY') };
const SIGNATURE = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';

describe('the example of AWS', () => {
  test('is right', async () => {
    expect(await verifier.verify(VANILLA, EXAMPLE, SIGNATURE)).toBe(true);
  });

  test.each<[string, Partial<SignedRequest>]>([
    ['method', { method: 'POST' }],
    ['path', { path: '/x' }],
    ['query', { query: { a: ['1'] } }],
    ['a header', { headers: { ...VANILLA.headers, host: 'example.com' } }],
    ['one header more', { headers: { ...VANILLA.headers, accept: '*/*' } }],
    ['body', { bodySha256: createHash('sha256').update('x').digest('hex') }],
    ['time', { signedAt: VANILLA.signedAt + 1000 }],
    ['region', { region: 'us-east-2' }],
    ['service', { service: 'lambda' }],
  ])('is wrong with another %s', async (_what, change) => {
    expect(await verifier.verify({ ...VANILLA, ...change }, EXAMPLE, SIGNATURE)).toBe(false);
  });

  test.each(['', 'x', SIGNATURE.slice(1), `${SIGNATURE}0`, SIGNATURE.toUpperCase(), 'é'.repeat(32)])(
    'is wrong with the signature "%s"',
    async (signature) => {
      expect(await verifier.verify(VANILLA, EXAMPLE, signature)).toBe(false);
    },
  );

  test('is wrong with another key, whose cached parts are not mixed up', async () => {
    const other = { ...EXAMPLE, secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEX') };
    expect(await verifier.verify(VANILLA, other, SIGNATURE)).toBe(false);
    expect(await verifier.verify(VANILLA, EXAMPLE, SIGNATURE)).toBe(true);
  });
});

test('whatever a caller signs by the rules of AWS is verified, with every path, query, header and body', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const segment = text.filter((one) => one !== '.' && one !== '..').map(encodeURIComponent);
  const name = fc.stringMatching(/^x-amz-[a-z]{1,8}$/).filter((one) => one !== 'x-amz-date');
  const value = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/);
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { minLength: 1, maxLength: 5 }),
      fc.array(
        fc.tuple(
          text.filter((one) => one !== '__proto__'),
          text,
        ),
        { maxLength: 4 },
      ),
      fc.dictionary(name, value, { maxKeys: 3 }),
      fc.string(),
      async (segments, pairs, headers, body) => {
        const path = `/${segments.join('/')}`;
        const target = `${path}?${pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')}`;
        const at = Date.UTC(2026, 0, 2, 3, 4, 5);
        const given = { accessKeyId: 'AKIA', secretAccessKey: 'a secret of its own' };
        const { authorization = '', ...signed } = signedHeaders({ method: 'PUT', target, host: 'h:1', headers, body, at, ...given });
        const query = new Map<string, string[]>();
        for (const [one, two] of pairs) query.set(one, [...(query.get(one) ?? []), two]);
        const request: SignedRequest = {
          method: 'PUT',
          path,
          query: Object.fromEntries(query),
          headers: signed,
          bodySha256: createHash('sha256').update(body).digest('hex'),
          signedAt: at,
          region: 'us-east-1',
          service: 'lambda',
        };
        const key = { accessKeyId: given.accessKeyId, secretAccessKey: new Secret(given.secretAccessKey) };
        expect(await verifier.verify(request, key, authorization.slice(-64))).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
