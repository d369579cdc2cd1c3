import { timingSafeEqual } from 'node:crypto';
import { Sha256 } from './sha256.ts';

/** A request as its caller signed it. */
export interface SignedRequest {
  readonly method: string;
  /** As it came, percent-encoded, without the query. */
  readonly path: string;
  /** Decoded; each name with all its values. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** The signed headers and no others, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, in hexadecimal digits of lower case. */
  readonly bodySha256: string;
  /** When it was signed, epoch ms. */
  readonly signedAt: number;
  readonly region: string;
  readonly service: string;
}

/** A key; its secret part shows itself only when asked. */
export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: { reveal(): string };
}

/** Tells whether a key gives a signature. */
export interface SignatureVerifier {
  verify(request: SignedRequest, key: SigningKey, signature: string): Promise<boolean>;
}

const CONTENT_SHA256 = 'x-amz-content-sha256';

/** Loads the signer of AWS's SDK. */
export async function signatureVerifier(): Promise<SignatureVerifier> {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  return {
    verify: async ({ method, path, query, headers, bodySha256, signedAt, region, service }, key, signature) => {
      const signer = new SignatureV4({
        credentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey.reveal() },
        region,
        service,
        sha256: Sha256,
        applyChecksum: false,
      });
      const isHashSigned = Object.hasOwn(headers, CONTENT_SHA256);
      const signed = await signer.sign(
        {
          method,
          path,
          protocol: 'http:',
          hostname: '',
          query: Object.fromEntries(Object.entries(query).map(([name, values]) => [name, [...values]])),
          // The signer takes the hash of a body from here; where its caller did not sign this header, it stays unsigned.
          headers: { ...headers, [CONTENT_SHA256]: bodySha256 },
        },
        {
          signingDate: new Date(signedAt),
          // All and only those that its caller signed, also ones that the signer would leave out.
          signableHeaders: new Set(Object.keys(headers)),
          unsignableHeaders: new Set(isHashSigned ? [] : [CONTENT_SHA256]),
        },
      );
      const [, expected = ''] = /Signature=([\da-f]{64})$/.exec(signed.headers['authorization'] ?? '') ?? [];
      return isSame(expected, signature);
    },
  };
}

function isSame(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length > 0 && left.length === right.length && timingSafeEqual(left, right);
}
