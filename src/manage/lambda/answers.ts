import type { FastifyReply, FastifyRequest } from 'fastify';
import { ResourceRefusal } from '../../resource/index.ts';

/** The header by which callers name a request when they ask for help. */
const REQUEST_ID = 'x-amzn-requestid';

/** Answers with JSON, as Lambda does. */
export function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).header(REQUEST_ID, reply.request.id).type('application/json').send(JSON.stringify(body));
}

/** Answers that it was done. */
export function done(reply: FastifyReply): FastifyReply {
  return reply.code(204).header(REQUEST_ID, reply.request.id).send();
}

/** Answers why it is refused, in AWS's envelope. Millrace's own reason goes beside it. */
export function answerRefusal(reply: FastifyReply, refusal: ResourceRefusal): FastifyReply {
  const { code, detail, status, body } = refusal;
  void reply.header('x-amzn-errortype', code);
  if (detail !== undefined) void reply.header('x-millrace-detail', headerText(detail));
  if (code === 'TooManyRequestsException') void reply.header('retry-after', '1');
  return answer(reply, status, body);
}

const HEADER_LENGTH_MAX = 500;

function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, HEADER_LENGTH_MAX);
}

/** The body of a request as JSON; an empty one says nothing. Throws a ResourceRefusal. */
export function jsonOf({ body }: FastifyRequest, code: 'SerializationException' | 'InvalidRequestContentException'): unknown {
  if (typeof body !== 'string' || body.trim() === '') return {};
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ResourceRefusal(code, `Could not parse request body into json: ${why}`);
  }
}

/** All values of a parameter in a query. */
export function valuesOf(query: unknown, name: string): readonly string[] {
  const value = (query as Readonly<Record<string, unknown>>)[name];
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string');
  return typeof value === 'string' ? [value] : [];
}

/** The first value of a parameter in a query. */
export function valueOf(query: unknown, name: string): string | undefined {
  return valuesOf(query, name)[0];
}

/** Those of the parameters that a query has. */
export function givenOf<Name extends string>(query: unknown, names: readonly Name[]): Partial<Record<Name, string>> {
  const given = names.flatMap((name): [string, string][] => {
    const value = valueOf(query, name);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given) as Partial<Record<Name, string>>;
}
