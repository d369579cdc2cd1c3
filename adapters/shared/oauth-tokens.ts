/** Access tokens of an OAuth 2.0 authorization server, by the client credentials grant. */
import { SourceError, systemClock } from '../../src/index.ts';

/** Who asks which server for what. */
export interface OAuthClient {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
  readonly audience: string | undefined;
}

interface Token {
  readonly value: string;
  /** On the monotonic clock. */
  readonly renewAt: number;
}

const ASK_TIMEOUT_MS = 10_000;
/** A server that does not say how long its token is good. */
const DEFAULT_LIFETIME_SECONDS = 60;
/** The part of its life that a token is used for. */
const USED_PART = 0.8;

/**
 * Gives a token that is good, asking for another one when most of its life is over; those who ask at the same time share one
 * request. Throws a SourceError, at once when the endpoint is no https URL (http on the loopback address is taken).
 */
export function oauthTokens(client: OAuthClient): () => Promise<string> {
  const endpoint = endpointOf(client.tokenEndpoint);
  let token: Token | undefined;
  let asking: Promise<Token> | undefined;
  return async () => {
    if (token !== undefined && systemClock.monotonic() < token.renewAt) return token.value;
    asking ??= ask(endpoint, client).finally(() => {
      asking = undefined;
    });
    token = await asking;
    return token.value;
  };
}

function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return url;
  throw new SourceError('invalid', 'TokenEndpoint', 'tokenEndpoint must be a URL that begins with https://');
}

async function ask(endpoint: URL, { clientId, clientSecret, scope, audience }: OAuthClient): Promise<Token> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined) form.set('scope', scope);
  if (audience !== undefined) form.set('audience', audience);
  const credentials = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
  const where = `the token endpoint ${endpoint.origin}${endpoint.pathname}`;
  const askedAt = systemClock.monotonic();
  let status: number;
  let answer: unknown;
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, accept: 'application/json' },
      body: form,
      redirect: 'error',
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    });
    ({ status } = response);
    answer = await response.json().catch(() => undefined);
  } catch (cause) {
    throw new SourceError('unavailable', 'TokenEndpoint', `${where} does not answer`, { cause });
  }
  const { access_token: value, expires_in: seconds } = (answer ?? {}) as { readonly access_token?: unknown; readonly expires_in?: unknown };
  if (status >= 200 && status < 300 && typeof value === 'string' && value !== '') {
    const lifetime = typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_LIFETIME_SECONDS;
    return { value, renewAt: askedAt + lifetime * 1_000 * USED_PART };
  }
  // What it answered is not told: it may repeat what it was given.
  const isRefusal = status >= 400 && status < 500;
  throw new SourceError(isRefusal ? 'denied' : 'unavailable', 'TokenRefused', `${where} gave no token: it answered ${String(status)}`);
}
