import type { FastifyInstance } from 'fastify';
import { nearest } from '../kit/index.ts';
import type { Mapping } from '../mapping/index.ts';
import { Refusal } from './refusal.ts';
import type { ManageParts } from './types.ts';

/** Adds what a mapping waits for, shard by shard. A mapping is named by its name, in which `/` is written as `%2F`, or by its UUID. */
export function addExplain(server: FastifyInstance, { mappings }: Pick<ManageParts, 'mappings'>): void {
  server.get<{ Params: { readonly name: string } }>('/mappings/:name/explain', (request) => {
    return find(mappings(), request.params.name).explain();
  });
}

function find(mappings: readonly Mapping[], wanted: string): Mapping {
  const found = mappings.find(({ name, id }) => name === wanted || id === wanted);
  if (found !== undefined) return found;
  const meant = nearest(
    wanted,
    mappings.map(({ name }) => name),
  );
  const hint = meant === undefined ? 'GET /mappings lists them' : `did you mean ${meant}?`;
  throw new Refusal(404, 'NotFound', `there is no mapping ${wanted.slice(0, 200)}; ${hint}`);
}
