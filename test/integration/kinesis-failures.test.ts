/** What becomes of records of a Kinesis stream that are given up: by halves, and by their age. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { sqsDestination } from '../../adapters/destination/sqs/index.ts';
import { type Clock, type FailureDestination, systemClock } from '../../src/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { CREDENTIALS, KinesisWorld, type Placed, type SeenBatch } from '../support/kinesis-world.ts';
import { SqsWorld, type WorldQueue } from '../support/sqs-world.ts';

const COUNT = 100;
const POISON = '37';
const AGE_SECONDS = 60;
const AGE_MS = AGE_SECONDS * 1000;
/** Arrivals are told in ms: instants so far apart are told apart. */
const APART_MS = 50;

/** A letter as far as these tests read it. */
interface Letter {
  readonly requestContext: { readonly requestId: string; readonly condition: string; readonly approximateInvokeCount: number };
  readonly responseContext?: unknown;
  readonly KinesisBatchInfo: Readonly<Record<string, string | number>>;
}

/** A clock on which the wall can be moved: arrivals are told by the service, which goes on with its own. */
class ShiftedClock implements Clock {
  shiftMs = 0;
  frozenAt: number | undefined;
  readonly monotonic = (): number => systemClock.monotonic();
  readonly wall = (): number => this.frozenAt ?? systemClock.wall() + this.shiftMs;
  readonly timer: Clock['timer'] = (ms, callback) => systemClock.timer(ms, callback);
  readonly turn = (): Promise<void> => systemClock.turn();
}

/** The invocations that a binary split needs to find the poison: the first ceil(n/2), then the rest; the record alone `tries` times. */
function needed(records: readonly string[], tries: number): string[][] {
  if (!records.includes(POISON)) return [[...records]];
  if (records.length === 1) return Array.from({ length: tries }, () => [...records]);
  const half = Math.ceil(records.length / 2);
  return [[...records], ...needed(records.slice(0, half), tries), ...needed(records.slice(half), tries)];
}

function fails(...values: readonly string[]): (batch: SeenBatch) => void {
  return ({ records }) => {
    if (records.some(({ value }) => values.includes(value))) throw new Error('poison');
  };
}

async function letters(queue: WorldQueue): Promise<Letter[]> {
  return (await queue.take()).map(({ Body = '' }) => JSON.parse(Body) as Letter);
}

/** What a letter names, in the record's place. */
function naming(first: Placed | undefined, last: Placed | undefined, batchSize: number): object {
  return { startSequenceNumber: first?.sequenceNumber, endSequenceNumber: last?.sequenceNumber, batchSize };
}

describeWithBackend('localstack', 'records of a stream', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  const queues = new SqsWorld(endpoint);
  afterAll(async () => {
    queues.close();
    await world.close();
  });

  async function queueAsDestination(
    onTestFinished: (end: () => Promise<void>) => void,
  ): Promise<{ queue: WorldQueue; destinationConfig: { onFailure: { destination: FailureDestination } } }> {
    const queue = await queues.queue();
    const destination = sqsDestination({ queue: queue.arn, endpoint, credentials: CREDENTIALS });
    onTestFinished(() => destination.close());
    return { queue, destinationConfig: { onFailure: { destination } } };
  }

  test.for([
    [0, 1],
    [2, 3],
  ] as const)(
    'with one poison among a hundred are halved down to it, with %i retries: exactly the poison is given up, in the invocations that takes',
    async ([maximumRetryAttempts, tries], { onTestFinished }) => {
      const stream = await world.stream();
      const { queue, destinationConfig } = await queueAsDestination(onTestFinished);
      // Different keys go in one call; the stream says in which order it took them.
      const placed = await stream.put(Array.from({ length: COUNT }, (_, index) => ({ key: `key ${String(index)}`, value: String(index) })));
      const poison = placed.find(({ value }) => value === POISON);
      const run = world.run(onTestFinished);
      const fields = { batchSize: COUNT, bisectBatchOnFunctionError: true, maximumRetryAttempts, destinationConfig };
      run.map(stream, fields, fails(POISON));
      await run.start();
      await run.settled(COUNT);
      const expected = needed(
        placed.map(({ value }) => value),
        tries,
      );
      expect(run.texts()).toEqual(expected);
      // Each halving is one failure and one half without the poison.
      const halvings = expected.filter((batch) => batch.includes(POISON) && batch.length > 1).length;
      expect(expected).toHaveLength(2 * halvings + tries);
      expect(await letters(queue)).toMatchObject([
        {
          requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: tries },
          KinesisBatchInfo: naming(poison, poison, 1),
        },
      ]);
    },
  );

  test('that fail by halves with partial answers are cut where the answer says', async ({ onTestFinished }) => {
    const stream = await world.stream();
    const { queue, destinationConfig } = await queueAsDestination(onTestFinished);
    const placed = await stream.say('a', 'b', 'c', 'd', 'e', 'f');
    const run = world.run(onTestFinished);
    const fields = { batchSize: 6, bisectBatchOnFunctionError: true, maximumRetryAttempts: 0, destinationConfig };
    run.map(stream, { ...fields, functionResponseTypes: ['ReportBatchItemFailures'] }, ({ records }) => ({
      batchItemFailures: records.filter(({ value }) => value === 'c').map(({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber })),
    }));
    await run.start();
    await run.settled(6);
    expect(run.texts().map((texts) => texts.join(''))).toEqual(['abcdef', 'cdef', 'cd', 'c', 'd', 'ef']);
    expect(await letters(queue)).toMatchObject([
      { requestContext: { approximateInvokeCount: 1 }, KinesisBatchInfo: naming(placed[2], placed[2], 1) },
    ]);
  });

  test('that are too old are given up before they are invoked, and only they', async ({ onTestFinished }) => {
    const stream = await world.stream();
    const { queue, destinationConfig } = await queueAsDestination(onTestFinished);
    const old = await stream.say('old 1', 'old 2');
    await sleep(APART_MS);
    const between = Date.now();
    await sleep(APART_MS);
    await stream.say('young 1', 'young 2', 'young 3');
    const clock = new ShiftedClock();
    clock.frozenAt = between + AGE_MS;
    const run = world.run(onTestFinished, { clock });
    run.map(
      stream,
      { batchSize: 100, maximumRecordAgeInSeconds: AGE_SECONDS, maximumRetryAttempts: 0, destinationConfig },
      () => undefined,
    );
    await run.start();
    await run.settled(5);
    expect(run.texts()).toEqual([['young 1', 'young 2', 'young 3']]);
    const found = await letters(queue);
    expect(found).toMatchObject([
      { requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 1 }, KinesisBatchInfo: naming(old[0], old[1], 2) },
    ]);
    expect(found[0]).not.toHaveProperty('responseContext');
    expect(found[0]?.requestContext.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  test('that grow too old while they are retried without end are given up with one more than their invocations', async ({
    onTestFinished,
  }) => {
    const stream = await world.stream();
    const { queue, destinationConfig } = await queueAsDestination(onTestFinished);
    const [bad] = await stream.say('bad');
    const clock = new ShiftedClock();
    const run = world.run(onTestFinished, { clock });
    const fields = { batchSize: 1, maximumRecordAgeInSeconds: AGE_SECONDS, destinationConfig };
    run.map(stream, fields, (batch) => {
      if (run.batches.length === 3) clock.shiftMs = AGE_MS;
      fails('bad')(batch);
    });
    await run.start();
    await run.settled(1);
    clock.shiftMs = 0;
    await stream.say('good');
    await run.settled(2);
    expect(run.texts()).toEqual([['bad'], ['bad'], ['bad'], ['good']]);
    const found = await letters(queue);
    expect(found).toMatchObject([
      {
        requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 4, requestId: run.batches[2]?.requestId },
        KinesisBatchInfo: naming(bad, bad, 1),
      },
    ]);
    expect(found[0]).not.toHaveProperty('responseContext');
  });

  test('whose retries are used up first are given up with the condition of that, although their age is limited too', async ({
    onTestFinished,
  }) => {
    const stream = await world.stream();
    const { queue, destinationConfig } = await queueAsDestination(onTestFinished);
    await stream.say('bad', 'good');
    const run = world.run(onTestFinished);
    const fields = { batchSize: 1, maximumRecordAgeInSeconds: AGE_SECONDS, maximumRetryAttempts: 2, destinationConfig };
    run.map(stream, fields, fails('bad'));
    await run.start();
    await run.settled(2);
    expect(run.texts()).toEqual([['bad'], ['bad'], ['bad'], ['good']]);
    expect(await letters(queue)).toMatchObject([
      {
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      },
    ]);
  });
});
