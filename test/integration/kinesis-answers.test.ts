/**
 * What a function's answer does to a batch of a stream (spec d.6): a batch of three, answered once as the row says and well from
 * then on, with a fourth record behind it. What is invoked next shows the verdict.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sqsDestination } from '../../adapters/destination/sqs/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { CREDENTIALS, KinesisWorld, type WorldStream } from '../support/kinesis-world.ts';
import { SqsWorld, type WorldQueue } from '../support/sqs-world.ts';

/** Makes an answer from the sequence numbers of a, b and c. */
type Answer = (numbers: readonly string[]) => unknown;
type Row = readonly [title: string, answer: Answer];

const place = (numbers: readonly string[], index: number): string => numbers[index] ?? '';
const failing = (...failures: readonly unknown[]): unknown => ({ batchItemFailures: failures });
const item = (itemIdentifier: unknown): unknown => ({ itemIdentifier });
const throwing: Answer = () => {
  throw new Error('it failed');
};

const SUCCEEDS: readonly Row[] = [
  ['nothing (undefined)', () => undefined],
  ['null', () => null],
  ['an empty text', () => ''],
  ['{}', () => ({})],
  ['[]', () => []],
  ['an object without batchItemFailures', () => ({ statusCode: 200 })],
  ['an empty batchItemFailures', () => failing()],
  ['batchItemFailures: null', () => ({ batchItemFailures: null })],
];
const FAILS: readonly Row[] = [
  ['an identifier that is not of the batch', () => failing(item('123'))],
  ['an identifier of another batch beside one of this', (numbers) => failing(item(place(numbers, 1)), item('123'))],
  ['an identifier that is a number', () => failing(item(123))],
  ['an empty itemIdentifier', () => failing(item(''))],
  ['itemIdentifier: null', () => failing(item(null))],
  ['{"foo": 123} as an entry', () => failing({ foo: 123 })],
  ['{"foo": null} as an entry', () => failing({ foo: null })],
  ['a text as an entry', (numbers) => failing(place(numbers, 1))],
  ['batchItemFailures that is no list', (numbers) => ({ batchItemFailures: item(place(numbers, 1)) })],
  ['a text that is no JSON object', () => 'done'],
  ['what has no JSON', () => 1n],
  ['the first record', (numbers) => failing(item(place(numbers, 0)))],
  ['every record', (numbers) => failing(...numbers.map(item))],
];
const ADVANCES: readonly (readonly [string, string, Answer])[] = [
  ['the second record', 'b', (numbers) => failing(item(place(numbers, 1)))],
  ['the last record', 'c', (numbers) => failing(item(place(numbers, 2)))],
  ['the last record, then the second: the lowest wins', 'b', (numbers) => failing(item(place(numbers, 2)), item(place(numbers, 1)))],
  ['one record twice', 'c', (numbers) => failing(item(place(numbers, 2)), item(place(numbers, 2)))],
];

const PARTIAL = { functionResponseTypes: ['ReportBatchItemFailures' as const] };

describeWithBackend('localstack', 'a batch of a stream', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  const queues = new SqsWorld(endpoint);
  let stream: WorldStream;
  let queue: WorldQueue;
  beforeAll(async () => {
    [stream, queue] = await Promise.all([world.stream(), queues.queue()]);
    await stream.say('a', 'b', 'c', 'd');
  });
  afterAll(async () => {
    queues.close();
    await world.close();
  });

  /** One mapping on the four records, `first` being the answer to its first invocation; gives what was invoked. */
  async function invoked(onTestFinished: (end: () => Promise<void>) => void, first: Answer, fields = {}): Promise<string[]> {
    const run = world.run(onTestFinished);
    run.map(stream, { batchSize: 3, ...fields }, ({ records }) =>
      run.batches.length > 1 ? undefined : first(records.map(({ sequenceNumber }) => sequenceNumber)),
    );
    await run.start();
    await run.settled(4);
    await run.stop();
    return run.texts().map((texts) => texts.join(''));
  }

  test.concurrent.for(SUCCEEDS)('has succeeded when the answer is %s', async ([, answer], context) => {
    context.expect(await invoked(context.onTestFinished, answer, PARTIAL)).toEqual(['abc', 'd']);
  });

  test.concurrent.for([...FAILS, ['an exception', throwing] as const])(
    'has failed as a whole when the answer is or names %s',
    async ([, answer], context) => {
      context.expect(await invoked(context.onTestFinished, answer, PARTIAL)).toEqual(['abc', 'abc', 'd']);
    },
  );

  test.concurrent.for(ADVANCES)('is tried again from what the answer names: %s', async ([, from, answer], context) => {
    const again = 'abc'.slice('abc'.indexOf(from));
    context.expect(await invoked(context.onTestFinished, answer, PARTIAL)).toEqual(['abc', again, 'd']);
  });

  test.concurrent.for([...FAILS, ...ADVANCES.map(([title, , answer]) => [title, answer] as const)])(
    'has succeeded without ReportBatchItemFailures, whatever is answered: %s',
    async ([, answer], context) => {
      context.expect(await invoked(context.onTestFinished, answer)).toEqual(['abc', 'd']);
    },
  );

  test.concurrent('fails without ReportBatchItemFailures when the function throws', async (context) => {
    context.expect(await invoked(context.onTestFinished, throwing)).toEqual(['abc', 'abc', 'd']);
  });

  test('that fails in one way again and again is invoked four times with three retries, and reported with the way', async (context) => {
    const run = world.run(context.onTestFinished);
    const destination = sqsDestination({ queue: queue.arn, endpoint, credentials: CREDENTIALS });
    context.onTestFinished(() => destination.close());
    const rows = [...FAILS, ['an exception', throwing] as const];
    for (const [index, [, answer]] of rows.entries()) {
      const destinationConfig = { onFailure: { destination } };
      const fields = { name: `row-${String(index)}`, batchSize: 3, maximumRetryAttempts: 3, destinationConfig, ...PARTIAL };
      run.map(stream, fields, ({ records }) =>
        records[0]?.value === 'd' ? undefined : answer(records.map(({ sequenceNumber }) => sequenceNumber)),
      );
    }
    await run.start();
    for (const index of rows.keys()) await run.settled(4, `row-${String(index)}`);
    const reported = new Map<string, unknown>();
    for (const { Body = '' } of await queue.take()) {
      const record = JSON.parse(Body) as { readonly requestContext: { readonly functionArn: string } };
      reported.set(record.requestContext.functionArn.split(':').at(-1) ?? '', record);
    }
    for (const [index, [title]] of rows.entries()) {
      const name = `row-${String(index)}`;
      expect(run.texts(name), title).toEqual([...Array.from({ length: 4 }, () => ['a', 'b', 'c']), ['d']]);
      expect(reported.get(name), title).toMatchObject({
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 4 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: title === 'an exception' ? 'Unhandled' : null },
        KinesisBatchInfo: { batchSize: 3 },
      });
    }
  });

  test('whose answer advances begins its count anew: the last record is given up after four more tries, alone', async ({
    onTestFinished,
  }) => {
    const own = await world.stream();
    const placed = await own.say('0', '1', '2', '3', '4', '5');
    const letters = await queues.queue();
    const destination = sqsDestination({ queue: letters.arn, endpoint, credentials: CREDENTIALS });
    onTestFinished(() => destination.close());
    const run = world.run(onTestFinished);
    const destinationConfig = { onFailure: { destination } };
    run.map(own, { batchSize: 3, maximumRetryAttempts: 3, destinationConfig, ...PARTIAL }, ({ records }) =>
      failing(...records.filter(({ value }) => value === '5').map(({ sequenceNumber }) => item(sequenceNumber))),
    );
    await run.start();
    await run.settled(6);
    expect(run.texts()).toEqual([['0', '1', '2'], ['3', '4', '5'], ['5'], ['5'], ['5'], ['5']]);
    const taken = await letters.take();
    expect(taken.map(({ Body = '' }) => JSON.parse(Body) as unknown)).toMatchObject([
      {
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 4 },
        responseContext: { functionError: null },
        KinesisBatchInfo: {
          batchSize: 1,
          startSequenceNumber: placed[5]?.sequenceNumber,
          endSequenceNumber: placed[5]?.sequenceNumber,
        },
      },
    ]);
  });
});
