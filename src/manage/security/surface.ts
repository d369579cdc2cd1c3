import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Which part of the server a request is for: `open`, what tells whether the process lives; `lambda`, the API of AWS
 * Lambda; `pages`, everything else, what does not exist included.
 */
export type Surface = 'open' | 'pages' | 'lambda';

const OPEN: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
/** Every operation of Lambda stands below the day of its API. */
const LAMBDA = /^\/20\d\d-\d\d-\d\d(?:\/|$)/;

/** By the route that answers it, so that no spelling of a path is taken for another one's. */
export function surfaceOf(request: FastifyRequest): Surface {
  const path = request.routeOptions.url ?? pathOf(request);
  if (OPEN.has(path) && !request.is404) return 'open';
  return LAMBDA.test(path) ? 'lambda' : 'pages';
}

/** The path of a request as it came, without its query. */
export function pathOf({ raw }: FastifyRequest): string {
  return raw.url?.split('?', 1)[0] ?? '';
}

/** Why a request is refused, whoever asks. */
export interface RefusalAnswer {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What AWS calls refusals that are the same on every surface. */
const NAMES_OF_AWS: ReadonlyMap<string, string> = new Map([
  ['BadRequest', 'ValidationException'],
  ['BodyTooLarge', 'RequestTooLargeException'],
  ['ForbiddenHost', 'AccessDeniedException'],
  ['ForbiddenOrigin', 'AccessDeniedException'],
  ['InternalError', 'ServiceException'],
  ['InvalidBody', 'SerializationException'],
  ['NotFound', 'UnknownOperationException'],
  ['TooManyRequests', 'TooManyRequestsException'],
]);

/** Answers as callers of a surface expect it: with AWS's envelope, or with `{"error": code, "message": text}`. */
export function refuseWith(reply: FastifyReply, surface: Surface, answer: RefusalAnswer): FastifyReply {
  const { statusCode, code, message, headers = {} } = answer;
  reply.code(statusCode).headers(headers);
  if (surface !== 'lambda') return reply.send({ error: code, message });
  const name = NAMES_OF_AWS.get(code) ?? code;
  return reply.header('x-amzn-errortype', name).header('x-amzn-requestid', reply.request.id).send(envelopeOf(name, message));
}

/** Members of the envelope differ from error to error, and so do their capitals. */
function envelopeOf(code: string, message: string): Record<string, string> {
  switch (code) {
    case 'TooManyRequestsException':
      return { Type: 'User', message, Reason: 'CallerRateLimitExceeded' };
    case 'RequestTooLargeException':
      return { Type: 'User', message };
    case 'ServiceException':
      return { Type: 'Service', Message: message };
    case 'AccessDeniedException':
      return { Message: message };
    default:
      return { message };
  }
}
