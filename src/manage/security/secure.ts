import type { FastifyInstance, RouteOptions } from 'fastify';
import { Door, type SecurityParts } from './door.ts';

/** The largest payload of an invocation, bytes: as large as Lambda takes. */
const PAYLOAD_BYTES_MAX = 6_291_456;
const INVOCATIONS = /^\/2015-03-31\/functions\/[^/]+\/invocations$/;

/**
 * Puts a door before every route, those that do not exist included: who asks, whether it may, and whether it asks too fast.
 * To be called before routes are added. Gives the door.
 */
export function secure(server: FastifyInstance, parts: SecurityParts): Pick<Door, 'renew'> {
  const door = new Door(parts);
  server.addHook('onRoute', allowPayloads);
  // Hooks with callbacks, on purpose: who is refused never gets past one whose `done` is not called.
  server.addHook('onRequest', (request, reply, done) => {
    if (door.enter(request, reply)) done();
  });
  server.addHook('preParsing', (request, _reply, payload, done) => {
    const hash = door.bodyHashOf(request);
    // Parts come in a later turn; by then the parser listens too, for the hooks of this step wait for nothing.
    if (hash !== undefined)
      payload.on('data', (part: Buffer) => {
        hash.add(part);
      });
    done(null, payload);
  });
  server.addHook('preValidation', (request, reply, done) => {
    door.verify(request, reply).then((isLetIn) => {
      if (isLetIn) done();
    }, done);
  });
  return door;
}

function allowPayloads(route: RouteOptions): void {
  if (INVOCATIONS.test(route.url)) route.bodyLimit = PAYLOAD_BYTES_MAX;
}
