import { Refusal } from '../refusal.ts';

const CONTENT_SHA256 = 'x-amz-content-sha256';
/** What makes a URL a presigned one. */
const PRESIGNED = /^x-amz-(?:algorithm|credential|signature|signedheaders|expires|date|security-token)$/i;

/**
 * The query of a URL, decoded as the router decodes it, each name with all its values. Throws a {@link Refusal} for one
 * that cannot be decoded, and for a signature in it: requests are signed in their header.
 */
export function queryOf(url: string): Record<string, readonly string[]> {
  const at = url.indexOf('?');
  const query = new Map<string, string[]>();
  for (const part of at === -1 ? [] : url.slice(at + 1).split('&')) {
    if (part === '') continue;
    const [name = '', value = ''] = part.split(/=(.*)/s, 2).map(decoded);
    if (PRESIGNED.test(name)) {
      refuse('signatures in the query (presigned URLs) are not taken here; sign the request in its Authorization header');
    }
    // Signers that keep parameters in plain objects leave this one unsigned.
    if (name === '__proto__') refuse('the query has a parameter that cannot be signed');
    const values = query.get(name) ?? [];
    values.push(value);
    query.set(name, values);
  }
  return Object.fromEntries(query);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return refuse('the query is not percent-encoded as it should be');
  }
}

/** Refuses a request whose header says of its body what is not so, and one whose body is left out of the signature. */
export function checkBodyHash(headers: Readonly<Record<string, string>>, bodySha256: string): void {
  const said = headers[CONTENT_SHA256];
  if (said === undefined || said === bodySha256) return;
  const why = /^[\da-f]{64}$/i.test(said)
    ? `The provided '${CONTENT_SHA256}' header does not match what was computed.`
    : `The value of '${CONTENT_SHA256}' must be the SHA-256 of the body: payloads that are unsigned or signed in chunks are not taken here.`;
  throw new Refusal(403, 'InvalidSignatureException', why);
}

function refuse(message: string): never {
  throw new Refusal(403, 'IncompleteSignatureException', message);
}
