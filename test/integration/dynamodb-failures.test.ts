/** What fails in a mapping of a DynamoDB stream: halved, reported in part, given up, and told to a destination. */
import { afterAll, expect, test } from 'vitest';
import { sqsDestination } from '../../adapters/destination/sqs/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { type Change, DynamoDbWorld, type SeenChange } from '../support/dynamodb-world.ts';
import { SqsWorld } from '../support/sqs-world.ts';

const COUNT = 100;
const POISON = '37';
const changes = (count: number): Change[] =>
  Array.from({ length: count }, (_, number) => ({ item: `i${String(number)}`, value: String(number) }));
const SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** The batches that halving needs to find one poison: each failed one is followed by its first half, then by the rest. */
function halving(values: readonly string[], tries: number): string[][] {
  if (!values.includes(POISON)) return [[...values]];
  if (values.length === 1) return Array.from({ length: tries }, () => [...values]);
  const half = Math.ceil(values.length / 2);
  return [[...values], ...halving(values.slice(0, half), tries), ...halving(values.slice(half), tries)];
}

const failOnPoison = (records: readonly SeenChange[]): void => {
  if (records.some(({ value }) => value === POISON)) throw new Error('poison');
};

describeWithBackend('dynamodb-local', 'a mapping of a DynamoDB stream', ({ endpoint }) => {
  describeWithBackend('localstack', 'with a queue for what is given up', (localstack) => {
    const queues = new SqsWorld(localstack.endpoint);
    afterAll(() => {
      queues.close();
    });

    test('halves a batch of 100 until the one poison is alone, and tells the queue of it and of nothing else', async ({
      onTestFinished,
    }) => {
      const world = await DynamoDbWorld.open(endpoint, onTestFinished);
      const queue = await queues.queue();
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const destination = sqsDestination({ queue: queue.arn, endpoint: localstack.endpoint, region: 'us-east-1', credentials });
      onTestFinished(() => destination.close());
      await world.table.put(...changes(COUNT));
      await world.start(
        {
          batchSize: COUNT,
          maximumRetryAttempts: 1,
          bisectBatchOnFunctionError: true,
          destinationConfig: { onFailure: { destination } },
        },
        failOnPoison,
      );
      await world.idle();
      const all = changes(COUNT).map(({ value }) => value);
      expect(world.batches.map((batch) => batch.map(({ value }) => value))).toEqual(halving(all, 2));
      const poison = world.batches.flat().find(({ value }) => value === POISON);
      const told = (await queue.take()).map(({ Body = '' }) => JSON.parse(Body) as unknown);
      expect(told).toEqual([
        {
          requestContext: {
            requestId: expect.any(String) as unknown,
            functionArn: expect.stringMatching(/^arn:aws:lambda:/) as unknown,
            condition: 'RetryAttemptsExhausted',
            approximateInvokeCount: 2,
          },
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          version: '1.0',
          timestamp: expect.stringMatching(/\.\d{3}Z$/) as unknown,
          DDBStreamBatchInfo: {
            shardId: world.told('shard.state')[0]?.shardId,
            startSequenceNumber: poison?.sequenceNumber,
            endSequenceNumber: poison?.sequenceNumber,
            approximateArrivalOfFirstRecord: expect.stringMatching(SECOND) as unknown,
            approximateArrivalOfLastRecord: expect.stringMatching(SECOND) as unknown,
            batchSize: 1,
            streamArn: world.table.streamArn,
          },
        },
      ]);
    });
  });

  test('goes on behind what a partial answer has finished, and counts the tries anew', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.table.put(...changes(6));
    await world.start(
      {
        batchSize: 3,
        maximumRetryAttempts: 3,
        functionResponseTypes: ['ReportBatchItemFailures'],
        destinationConfig: { onFailure: { destination: world.destination } },
      },
      (records) => ({
        batchItemFailures: records.filter(({ value }) => value === '5').map(({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber })),
      }),
    );
    await world.idle();
    expect(world.batches.map((batch) => batch.map(({ value }) => value).join(' '))).toEqual(['0 1 2', '3 4 5', '5', '5', '5', '5']);
    const last = world.batches.at(-1)?.[0]?.sequenceNumber;
    expect(world.destination.received.map(({ record }) => record)).toMatchObject([
      {
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 4 },
        responseContext: { functionError: null },
        DDBStreamBatchInfo: { startSequenceNumber: last, endSequenceNumber: last, batchSize: 1 },
      },
    ]);
  });

  test('a failing item holds up its own lane only, and its order', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    let isBroken = true;
    await world.start({ parallelizationFactor: 10, batchSize: 1 }, (records) => {
      if (isBroken && records.some(({ item }) => item === 'i0')) throw new Error('broken');
    });
    const rounds = 5;
    for (let round = 0; round < rounds; round += 1) {
      await world.table.putMany(changes(20).map(({ item }) => ({ item, value: String(round) })));
    }
    // Of the nine lanes that are not its own every item is worked off while it fails.
    await expect.poll(() => [...world.valuesByItem().values()].filter(({ length }) => length === rounds).length).toBeGreaterThanOrEqual(10);
    expect(new Set(world.valuesByItem().get('i0'))).toEqual(new Set(['0']));
    isBroken = false;
    await world.idle();
    const handled = world.valuesByItem();
    const inOrder = Array.from({ length: rounds }, (_, round) => String(round));
    expect(handled.size).toBe(20);
    for (const [item, values] of handled) expect(item === 'i0' ? values.slice(-rounds) : values).toEqual(inOrder);
  });
});
