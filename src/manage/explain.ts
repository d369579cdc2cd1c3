import type { FastifyInstance } from 'fastify';
import type { MappingExplanation } from '../contract/index.ts';
import { nearest } from '../kit/index.ts';
import { Refusal } from './refusal.ts';
import type { ManageParts } from './types.ts';

type ExplainedParts = Pick<ManageParts, 'mappings' | 'unopened'>;

/** Adds what a mapping waits for, shard by shard. A mapping is named by its name, in which `/` is written as `%2F`, or by its UUID. */
export function addExplain(server: FastifyInstance, parts: ExplainedParts): void {
  server.get<{ Params: { readonly name: string } }>('/mappings/:name/explain', (request) => explained(parts, request.params.name));
}

function explained({ mappings, unopened = () => [] }: ExplainedParts, wanted: string): MappingExplanation | Promise<MappingExplanation> {
  const isWanted = ({ name, id }: { readonly name: string; readonly id: string }): boolean => name === wanted || id === wanted;
  const found = mappings().find(isWanted)?.explain() ?? unopened().find(isWanted);
  if (found !== undefined) return found;
  const meant = nearest(
    wanted,
    [...mappings(), ...unopened()].map(({ name }) => name),
  );
  const hint = meant === undefined ? 'GET /mappings lists them' : `did you mean ${meant}?`;
  throw new Refusal(404, 'NotFound', `there is no mapping ${wanted.slice(0, 200)}; ${hint}`);
}
