/** How the SDK's clients use the network. Plain values, so that nothing of the SDK is loaded for them. */
import { type AwsSettings, DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_REQUEST_TIMEOUT_MS } from './aws-settings.ts';

/** Options of the SDK's HTTP/1.1 handler. */
export interface SocketSettings {
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly socketTimeout: number;
  readonly throwOnRequestTimeout: true;
  readonly httpAgent: { readonly keepAlive: true; readonly maxSockets: number };
  readonly httpsAgent: { readonly keepAlive: true; readonly maxSockets: number };
}

/** How long a call that may wait `waitMs` at the server may take in all, ms. */
export function answerTimeoutMs(settings: AwsSettings, waitMs: number): number {
  return waitMs + (settings.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS);
}

/**
 * Sockets for calls that may wait at most `waitMs` at the server. There is no limit on their number: whoever calls has
 * its own, and a call that waits for a socket behind long polls would miss its deadline. A server that stops answering
 * ends the call, before its head (requestTimeout) as well as in the middle of its body (socketTimeout).
 */
export function socketSettings(settings: AwsSettings, waitMs: number): SocketSettings {
  const timeout = answerTimeoutMs(settings, waitMs);
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY } as const;
  return {
    connectionTimeout: settings.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    requestTimeout: timeout,
    socketTimeout: timeout,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  };
}
