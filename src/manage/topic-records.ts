import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { bodyOf, checkQuery, embeddedPart, headerOf, refuseWhileStopping, sent } from './sending.ts';
import type { ManageParts } from './types.ts';

const QUERY = z.strictObject({
  Key: z.string().optional().describe('a text'),
  Partition: z
    .string()
    .regex(/^(0|[1-9]\d{0,8})$/)
    .optional()
    .describe('the number of a partition'),
});

const KEY_HEADER = 'x-key';

/** Adds the embedded topics and the way into them: the body of the request becomes the value of a record, byte for byte. */
export function addTopicRecords(server: FastifyInstance, { topics, phase }: ManageParts): void {
  server.get('/topics', async () => ({
    topics: await Promise.all([...topics].map(async ([name, topic]) => ({ name, ...(await topic.describe()) }))),
  }));
  server.post<{ Params: { name: string } }>('/topics/:name/records', (request, reply) => {
    const topic = embeddedPart('topic', request.params.name, topics);
    refuseWhileStopping('topic', phase);
    const query = checkQuery(QUERY, request.query);
    const value = bodyOf(request, 'record');
    const key = query.Key ?? headerOf(request, KEY_HEADER);
    const { partition, offset } = sent(() =>
      topic.produce({
        value,
        ...(key === undefined ? {} : { key }),
        ...(query.Partition === undefined ? {} : { partition: Number(query.Partition) }),
      }),
    );
    return reply.code(201).send({ partition, offset });
  });
}
