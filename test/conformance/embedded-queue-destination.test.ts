import { expect, test } from 'vitest';
import { embeddedQueue } from '../../adapters/source/embedded-queue/index.ts';
import { queueDestination } from '../../src/daemon/embedded.ts';
import { type Discard, SourceError } from '../../src/index.ts';
import { type DestinationUnderTest, destinationSuite } from './destination-suite.ts';

destinationSuite(
  'embedded queue',
  { open: () => Promise.resolve(open()) },
  { missing: false, fifo: false, network: false, readableAtOnce: true, payload: false, twice: 2 },
);

function open(): DestinationUnderTest {
  const queue = embeddedQueue({ name: 'failed' });
  const destination = queueDestination(queue);
  const texts = (): Promise<readonly string[]> => Promise.resolve(queue.peek().map(({ body }) => body));
  return { destination, received: texts, now: texts, cleanup: () => destination.close() };
}

const DISCARD: Discard = {
  mappingId: 'm',
  shardId: 's',
  record: {
    requestContext: { requestId: 'r', functionArn: 'f', condition: 'RecordAgeExceeded', approximateInvokeCount: 1 },
    version: '1.0',
    timestamp: '2026-01-31T09:30:00.000Z',
  },
  info: { name: 'KinesisBatchInfo', value: { batchSize: 1 } },
  payload: () => '{}',
  at: 0,
  id: 'd',
};

test('an embedded queue that is full confirms nothing, and takes the same discard when there is room', async () => {
  const queue = embeddedQueue({ name: 'failed', maximumMessages: 1, visibilityTimeoutSeconds: 30 });
  queue.send({ body: 'older' });
  const destination = queueDestination(queue);
  const { signal } = new AbortController();
  const refused = await destination.send(DISCARD, signal).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SourceError);
  expect(refused).toMatchObject({ kind: 'throttled' });
  expect(queue.peek().map(({ body }) => body)).toEqual(['older']);
  await queue.delete(await queue.receive({ max: 1, waitSeconds: 0, visibilitySeconds: 30, attemptId: undefined, signal }));
  await destination.send(DISCARD, signal);
  expect(queue.peek()).toMatchObject([{ body: expect.stringContaining('"RecordAgeExceeded"') as string }]);
});
