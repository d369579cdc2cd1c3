/**
 * Who may ask what, how much and how fast. Requests of the Lambda API are signed, those of the operator's pages show a token;
 * without configured credentials the server is for callers on this machine.
 *
 * - secure.ts            the hooks that put the door before every route
 * - door.ts              the decision about one request
 * - access.ts            keys, tokens, roles; the port to a verifier of signatures
 * - signature-claim.ts   what a caller says about its signature, checked before anything is computed
 * - body-hash.ts         the hash of a body as it comes
 * - signed-request.ts    what of a request is signed, beside its headers
 * - request-head.ts      heads that can be read in two ways
 * - bearer.ts            tokens
 * - rate-limit.ts        how fast a caller may ask
 * - surface.ts           which part of the server is asked, and how it refuses
 * - http-server.ts       the server below: TLS, time, size and connections
 */
export type { Access, RequestVerifier, Role } from './access.ts';
export { bareServer, refuseGarbage, renewTls, type TlsFiles } from './http-server.ts';
export type { RateLimitOptions } from './rate-limit.ts';
export { secure } from './secure.ts';
export { refuseWith, surfaceOf } from './surface.ts';
