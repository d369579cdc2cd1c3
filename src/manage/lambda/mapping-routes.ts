import type { FastifyInstance } from 'fastify';
import { answer, done, givenOf, jsonOf, valuesOf } from './answers.ts';
import type { MappingApi } from './types.ts';

const MAPPINGS = '/2015-03-31/event-source-mappings';
const TAGS = '/2017-03-31/tags';
const BAD_JSON = 'SerializationException';

interface OfMapping {
  Params: { uuid: string };
}
interface OfResource {
  Params: { '*': string };
}

/** Adds event source mappings and their tags at Lambda's paths (spec a.1). */
export function addMappings(server: FastifyInstance, mappings: MappingApi): void {
  // Older clients end the path with a slash.
  for (const path of [MAPPINGS, `${MAPPINGS}/`]) {
    server.post(path, async (request, reply) => answer(reply, 202, await mappings.create(jsonOf(request, BAD_JSON))));
    server.get(path, ({ query }, reply) =>
      answer(reply, 200, mappings.list(givenOf(query, ['EventSourceArn', 'FunctionName', 'Marker', 'MaxItems']))),
    );
  }
  const one = `${MAPPINGS}/:uuid`;
  server.get<OfMapping>(one, ({ params }, reply) => answer(reply, 200, mappings.get(params.uuid)));
  server.put<OfMapping>(one, async (request, reply) => {
    const body = jsonOf(request, BAD_JSON);
    return answer(reply, 202, await mappings.update(request.params.uuid, body));
  });
  server.delete<OfMapping>(one, async ({ params }, reply) => answer(reply, 202, await mappings.delete(params.uuid)));
  addTags(server, mappings);
}

function addTags(server: FastifyInstance, mappings: MappingApi): void {
  const path = `${TAGS}/*`;
  server.get<OfResource>(path, ({ params }, reply) => answer(reply, 200, { Tags: mappings.tags(params['*']) }));
  server.post<OfResource>(path, async (request, reply) => {
    await mappings.tag(request.params['*'], jsonOf(request, BAD_JSON));
    return done(reply);
  });
  server.delete<OfResource>(path, async ({ params, query }, reply) => {
    const keys = valuesOf(query, 'tagKeys');
    await mappings.untag(params['*'], keys.length === 0 ? undefined : keys);
    return done(reply);
  });
}
