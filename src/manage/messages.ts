import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { bodyOf, checkQuery, embeddedPart, headerOf, refuseWhileStopping, sent } from './sending.ts';
import type { ManageParts } from './types.ts';

const id = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/)
  .optional()
  .describe('1 to 128 visible characters');

const QUERY = z.strictObject({
  MessageGroupId: id,
  MessageDeduplicationId: id,
  DelaySeconds: z
    .string()
    .regex(/^\d{1,3}$/)
    .optional()
    .describe('a whole number of seconds from 0 to 900'),
});

const GROUP_HEADER = 'x-message-group-id';
const DEDUPLICATION_HEADER = 'x-message-deduplication-id';

/** Adds what embedded queues hold and the way into them: the body of the request becomes the body of a message, byte for byte. */
export function addMessages(server: FastifyInstance, { queues, phase }: ManageParts): void {
  server.get('/queues', async () => ({
    queues: await Promise.all([...queues].map(async ([name, queue]) => ({ name, arn: queue.arn, ...(await queue.depth()) }))),
  }));
  server.post<{ Params: { name: string } }>('/queues/:name/messages', (request, reply) => {
    const queue = embeddedPart('queue', request.params.name, queues);
    refuseWhileStopping('queue', phase);
    const query = checkQuery(QUERY, request.query);
    const body = bodyOf(request, 'message');
    const group = query.MessageGroupId ?? headerOf(request, GROUP_HEADER);
    const deduplication = query.MessageDeduplicationId ?? headerOf(request, DEDUPLICATION_HEADER);
    const { messageId, sequenceNumber } = sent(() =>
      queue.send({
        body,
        ...(group === undefined ? {} : { messageGroupId: group }),
        ...(deduplication === undefined ? {} : { messageDeduplicationId: deduplication }),
        ...(query.DelaySeconds === undefined ? {} : { delaySeconds: Number(query.DelaySeconds) }),
      }),
    );
    return reply.code(201).send({ messageId, ...(sequenceNumber === undefined ? {} : { sequenceNumber }) });
  });
}
