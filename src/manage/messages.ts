import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { ConfigError, SourceError } from '../contract/index.ts';
import { nearest } from '../kit/index.ts';
import { check } from '../mapping/index.ts';
import { Refusal } from './refusal.ts';
import type { ManageParts, ProducerQueue } from './types.ts';

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
    const queue = queueOf(request.params.name, queues);
    if (phase() === 'stopping') throw new Refusal(503, 'Stopping', 'the daemon is stopping; what embedded queues hold ends with it');
    const query = checkQuery(request.query);
    const { headers, body } = request;
    if (typeof body !== 'string' || body === '') {
      throw new Refusal(
        400,
        'EmptyBody',
        'the body of the request becomes the message and must not be empty; send one, as curl -d TEXT does',
      );
    }
    const group = query.MessageGroupId ?? headerText(headers[GROUP_HEADER]);
    const deduplication = query.MessageDeduplicationId ?? headerText(headers[DEDUPLICATION_HEADER]);
    const sent = send(queue, {
      body,
      ...(group === undefined ? {} : { messageGroupId: group }),
      ...(deduplication === undefined ? {} : { messageDeduplicationId: deduplication }),
      ...(query.DelaySeconds === undefined ? {} : { delaySeconds: Number(query.DelaySeconds) }),
    });
    const { messageId, sequenceNumber } = sent;
    return reply.code(201).send({ messageId, ...(sequenceNumber === undefined ? {} : { sequenceNumber }) });
  });
}

function queueOf(name: string, queues: ManageParts['queues']): ProducerQueue {
  const queue = queues.get(name);
  if (queue !== undefined) return queue;
  const names = [...queues.keys()];
  const meant = nearest(name, names);
  const there = names.length === 0 ? 'the configuration has none' : `the embedded queues are ${names.join(', ')}`;
  throw new Refusal(
    404,
    'UnknownQueue',
    `there is no embedded queue of that name; ${meant === undefined ? there : `did you mean ${meant}?`}`,
  );
}

function checkQuery(query: unknown): z.output<typeof QUERY> {
  try {
    return check(QUERY, query, { at: 'query' });
  } catch (error) {
    if (error instanceof ConfigError) throw new Refusal(400, 'InvalidQuery', error.message);
    throw error;
  }
}

function send(queue: ProducerQueue, message: Parameters<ProducerQueue['send']>[0]): ReturnType<ProducerQueue['send']> {
  try {
    return queue.send(message);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new Refusal(error.kind === 'throttled' ? 429 : 400, error.code, error.message);
  }
}

function headerText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
