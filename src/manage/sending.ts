import type { FastifyRequest } from 'fastify';
import type * as z from 'zod';
import { ConfigError, SourceError } from '../contract/index.ts';
import { nearest } from '../kit/index.ts';
import { check } from '../mapping/index.ts';
import { Refusal } from './refusal.ts';
import type { ManageParts } from './types.ts';

type EmbeddedKind = 'queue' | 'stream' | 'topic';

const UNKNOWN: Readonly<Record<EmbeddedKind, string>> = { queue: 'UnknownQueue', stream: 'UnknownStream', topic: 'UnknownTopic' };

/** The embedded queue, stream or topic of that name, or a refusal that says what there is. */
export function embeddedPart<Part>(what: EmbeddedKind, name: string, parts: ReadonlyMap<string, Part>): Part {
  const part = parts.get(name);
  if (part !== undefined) return part;
  const names = [...parts.keys()];
  const meant = nearest(name, names);
  const there = names.length === 0 ? 'the configuration has none' : `the embedded ${what}s are ${names.join(', ')}`;
  throw new Refusal(
    404,
    UNKNOWN[what],
    `there is no embedded ${what} of that name; ${meant === undefined ? there : `did you mean ${meant}?`}`,
  );
}

/** Refuses while the daemon stops: nobody would handle it any more. */
export function refuseWhileStopping(what: EmbeddedKind, phase: ManageParts['phase']): void {
  if (phase() === 'stopping') throw new Refusal(503, 'Stopping', `the daemon is stopping; what embedded ${what}s hold ends with it`);
}

/** The query of a request, checked; refused in its caller's words. */
export function checkQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  try {
    return check(schema, query, { at: 'query' });
  } catch (error) {
    if (error instanceof ConfigError) throw new Refusal(400, 'InvalidQuery', error.message);
    throw error;
  }
}

/** The body of a request, which becomes a message or a record byte for byte. */
export function bodyOf({ body }: FastifyRequest, becomes: 'message' | 'record'): string {
  if (typeof body === 'string' && body !== '') return body;
  throw new Refusal(
    400,
    'EmptyBody',
    `the body of the request becomes the ${becomes} and must not be empty; send one, as curl -d TEXT does`,
  );
}

/** What `send` gives; what it refuses is refused to the caller. */
export function sent<Sent>(send: () => Sent): Sent {
  try {
    return send();
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new Refusal(error.kind === 'throttled' ? 429 : 400, error.code, error.message);
  }
}

/** The first value of a header. */
export function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
