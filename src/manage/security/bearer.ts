import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../refusal.ts';
import type { AccessToken } from './access.ts';

const BEARER = /^bearer +(?<token>[\x21-\x7e]+) *$/i;

/** Which of these tokens a caller shows in its Authorization header. Throws a {@link Refusal} when it is none of them. */
export function tokenOf(authorization: string | undefined, tokens: readonly AccessToken[]): AccessToken {
  if (tokens.length === 0) {
    throw new Refusal(401, 'NoTokens', 'this daemon has keys for the Lambda API and no tokens for its pages; add one to api.tokens');
  }
  const shown = BEARER.exec(authorization ?? '')?.groups?.['token'];
  if (shown === undefined) {
    throw new Refusal(401, 'MissingToken', 'this page needs a token of api.tokens, as in the header Authorization: Bearer TOKEN');
  }
  const digest = sha256(shown);
  let found: AccessToken | undefined;
  // All are looked at, by digests of one length: how long it takes says nothing about any of them.
  for (const one of tokens) if (timingSafeEqual(sha256(one.token.reveal()), digest)) found = one;
  if (found === undefined) throw new Refusal(401, 'UnknownToken', 'the token is none of those in api.tokens');
  return found;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
