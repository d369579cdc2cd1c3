/**
 * Lambda's API over HTTP: event source mappings with their tags, and as much of functions as tools need beside them. Thin: what is
 * asked for is decided elsewhere.
 *
 * - mapping-routes.ts   mappings and tags at Lambda's paths
 * - function-routes.ts  functions at Lambda's paths
 * - function-view.ts    functions as Lambda shows them
 * - answers.ts          answers, refusals and bodies
 * - types.ts            what the folder is handed
 */
import type { FastifyInstance } from 'fastify';
import { addFunctions } from './function-routes.ts';
import { addMappings } from './mapping-routes.ts';
import type { LambdaApi } from './types.ts';

export { answerRefusal } from './answers.ts';
export type { LambdaApi, MappingApi } from './types.ts';

/** Adds Lambda's API. */
export function addLambda(server: FastifyInstance, api: LambdaApi): void {
  addMappings(server, api.mappings);
  addFunctions(server, api);
}
