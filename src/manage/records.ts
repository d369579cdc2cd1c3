import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { Refusal } from './refusal.ts';
import { bodyOf, checkQuery, embeddedPart, headerOf, refuseWhileStopping, sent } from './sending.ts';
import type { ManageParts } from './types.ts';

const QUERY = z.strictObject({
  PartitionKey: z.string().min(1).max(256).optional().describe('1 to 256 characters'),
  ExplicitHashKey: z
    .string()
    .regex(/^(0|[1-9]\d{0,38})$/)
    .optional()
    .describe('a decimal number from 0 to 2^128 - 1'),
});

const KEY_HEADER = 'x-partition-key';

/** Adds the shards of embedded streams and the way into them: the body of the request becomes the data of a record, byte for byte. */
export function addRecords(server: FastifyInstance, { streams, phase }: ManageParts): void {
  server.get('/streams', async () => ({
    streams: await Promise.all([...streams].map(async ([name, stream]) => ({ name, arn: stream.arn, shards: await stream.listShards() }))),
  }));
  server.post<{ Params: { name: string } }>('/streams/:name/records', (request, reply) => {
    const stream = embeddedPart('stream', request.params.name, streams);
    refuseWhileStopping('stream', phase);
    const query = checkQuery(QUERY, request.query);
    const data = bodyOf(request, 'record');
    const partitionKey = query.PartitionKey ?? headerOf(request, KEY_HEADER);
    if (partitionKey === undefined) {
      throw new Refusal(400, 'MissingPartitionKey', `a record has a partition key; add ?PartitionKey=KEY, or the header ${KEY_HEADER}`);
    }
    const { ExplicitHashKey: explicitHashKey } = query;
    const { shardId, sequenceNumber } = sent(() =>
      stream.put({ partitionKey, data, ...(explicitHashKey === undefined ? {} : { explicitHashKey }) }),
    );
    return reply.code(201).send({ shardId, sequenceNumber });
  });
}
