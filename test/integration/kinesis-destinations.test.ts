/**
 * What is given up, as SQS, SNS and S3 really hold it: byte for byte (spec d.7), only once it is held does the shard go on, and
 * what happens while the destination is not there.
 */
import { afterAll, beforeAll, type ExpectStatic, test } from 'vitest';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { decodeShardRow } from '../../src/settle/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { KinesisWorld, type SeenBatch, type WorldStream } from '../support/kinesis-world.ts';
import { type Mailbox, Mailboxes } from '../support/mailboxes.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const KINDS = ['sqs', 'sns', 's3'] as const;

function failing(value: string): (batch: SeenBatch) => void {
  return ({ records }) => {
    if (records.some((record) => record.value === value)) throw new Error('poison');
  };
}

function timestampOf(text: string, expect: ExpectStatic): string {
  const { timestamp } = JSON.parse(text) as { readonly timestamp: string };
  expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  // It says when the records were given up: within this test.
  expect(Math.abs(Date.now() - Date.parse(timestamp))).toBeLessThan(60_000);
  return timestamp;
}

/** The text that must have arrived, written out; of it only the timestamp is taken from what came. */
function expected(
  batch: SeenBatch,
  stream: WorldStream,
  given: { condition: string; count: number; error: string; timestamp: string },
): string {
  const [first, last] = [batch.records[0], batch.records.at(-1)];
  const iso = (seconds: number | undefined): string => new Date(Math.round((seconds ?? 0) * 1000)).toISOString();
  return (
    `{"requestContext":{"requestId":"${batch.requestId}","functionArn":"arn:aws:lambda:us-east-1:000000000000:function:m",` +
    `"condition":"${given.condition}","approximateInvokeCount":${String(given.count)}},` +
    `"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":${given.error}},` +
    `"version":"1.0","timestamp":"${given.timestamp}","KinesisBatchInfo":{"shardId":"${batch.shardId}",` +
    `"startSequenceNumber":"${String(first?.sequenceNumber)}","endSequenceNumber":"${String(last?.sequenceNumber)}",` +
    `"approximateArrivalOfFirstRecord":"${iso(first?.arrival)}","approximateArrivalOfLastRecord":"${iso(last?.arrival)}",` +
    `"batchSize":${String(batch.records.length)},"streamArn":"${stream.arn}"}}`
  );
}

describeWithBackend('localstack', 'what is given up', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  const mailboxes = new Mailboxes(endpoint);
  const open: Record<(typeof KINDS)[number], () => Mailbox> = {
    sqs: () => mailboxes.sqs(),
    sns: () => mailboxes.sns(),
    s3: () => mailboxes.s3(),
  };
  let stream: WorldStream;
  beforeAll(async () => {
    stream = await world.stream();
    await stream.say('a "quoted" one', 'Grüße 🚰', 'good');
  });
  afterAll(async () => {
    mailboxes.close();
    await world.close();
  });

  function mailbox(kind: (typeof KINDS)[number], onTestFinished: (end: () => Promise<void>) => void): Mailbox {
    const box = open[kind]();
    onTestFinished(async () => {
      await box.destination.close();
      await box.remove();
    });
    return box;
  }

  test.concurrent.for([
    ['sqs', 'an exception', '"Unhandled"'],
    ['sqs', 'failed items', 'null'],
    ['sns', 'an exception', '"Unhandled"'],
    ['s3', 'an exception', '"Unhandled"'],
    ['s3', 'failed items', 'null'],
  ] as const)('arrives at %s byte for byte, after %s', async ([kind, way, error], { onTestFinished, expect: expectHere }) => {
    const box = mailbox(kind, onTestFinished);
    await box.create();
    const run = world.run(onTestFinished);
    const fields = { batchSize: 2, maximumRetryAttempts: 1, functionResponseTypes: ['ReportBatchItemFailures' as const] };
    const mapping = run.map(stream, { ...fields, destinationConfig: { onFailure: { destination: box.destination } } }, ({ records }) => {
      if (records.some(({ value }) => value === 'good')) return undefined;
      if (way === 'an exception') throw new Error('poison');
      return { batchItemFailures: [{ itemIdentifier: records[0]?.sequenceNumber }] };
    });
    await run.start();
    await run.settled(3);
    const [first, last, ...others] = run.batches;
    expectHere(others).toHaveLength(1);
    expectHere(first?.records).toHaveLength(2);
    expectHere(last?.event).toEqual(first?.event);
    const letters = await box.letters(1);
    expectHere(letters).toHaveLength(1);
    const { key, text = '' } = letters[0] ?? {};
    const timestamp = timestampOf(text, expectHere);
    if (last === undefined) throw new Error('the batch was not tried again');
    const record = expected(last, stream, { condition: 'RetryAttemptsExhausted', count: 2, error, timestamp });
    if (kind !== 's3') {
      expectHere(text).toBe(record);
      return;
    }
    const payload = JSON.stringify(JSON.stringify(last.event));
    expectHere(text).toBe(`${record.slice(0, -1)},"payload":${payload}}`);
    const [day = '', time = ''] = timestamp.slice(0, 19).split('T');
    // Named by the second in which it was given up, which may be the one before.
    expectHere(key).toMatch(new RegExp(`^aws/lambda/${mapping.id}/${last.shardId}/${day.replaceAll('-', '/')}/${day}T[0-9.]{8}-${UUID}$`));
    const named = key?.slice(-45, -37).replaceAll('.', ':') ?? '';
    expectHere(Math.abs(Date.parse(`${day}T${named}Z`) - Date.parse(`${day}T${time}Z`))).toBeLessThanOrEqual(1000);
  });

  /** The position of the only shard, as it is stored. */
  async function storedPosition(store: ReturnType<typeof memoryStore>): Promise<unknown> {
    const rows = await store.readRows('m');
    const [row] = rows.filter(({ shard }) => shard.startsWith('shardId'));
    return row === undefined ? { kind: 'start' } : decodeShardRow(row.data).position;
  }

  test.concurrent.for(KINDS)(
    'is held in the shard while its destination (%s) does not exist, with the reason, and goes there once it does',
    async (kind, { onTestFinished, expect: expectHere }) => {
      const box = mailbox(kind, onTestFinished);
      const store = memoryStore();
      const run = world.run(onTestFinished, { store });
      const destinationConfig = { onFailure: { destination: box.destination } };
      run.map(stream, { batchSize: 1, maximumRetryAttempts: 0, destinationConfig }, failing('a "quoted" one'));
      await run.start();
      await run.until(() => run.of('destination.failed').length >= 2);
      await expectHere
        .poll(() => run.engine.explain().join('\n'), { interval: 20 })
        .toMatch(/lane 0: destination \S+ did not take what was given up \(.*\); it is sent again in \d+\.\d s/);
      expectHere(run.engine.explain().join('\n')).toContain(`destination ${box.destination.label} did not take`);
      // Neither invoked again, nor passed by.
      expectHere(run.texts()).toEqual([['a "quoted" one']]);
      expectHere(await storedPosition(store)).toMatchObject({ kind: 'start' });
      expectHere(run.logs.join('')).toContain('"level":"warn"');
      await box.create();
      await run.settled(3);
      expectHere(run.texts()).toEqual([['a "quoted" one'], ['Grüße 🚰'], ['good']]);
      // A topic may take the letter before anybody subscribes to it.
      if (kind !== 'sns') expectHere(await box.letters(1)).toHaveLength(1);
      expectHere(run.of('range.discarded')).toMatchObject([{ records: 1, condition: 'RetryAttemptsExhausted', delivered: true }]);
      await run.stop();
      expectHere(await storedPosition(store)).toMatchObject({ kind: 'after', sequenceNumber: run.batches[2]?.records[0]?.sequenceNumber });
    },
  );

  test.concurrent('that was not confirmed when the engine stopped is given up by the next one, and not lost', async (context) => {
    const { onTestFinished, expect: expectHere } = context;
    const box = mailbox('sqs', onTestFinished);
    const store = memoryStore();
    const fields = { batchSize: 1, maximumRetryAttempts: 0, destinationConfig: { onFailure: { destination: box.destination } } };
    const first = world.run(onTestFinished, { store });
    first.map(stream, fields, failing('a "quoted" one'));
    await first.start();
    await first.until(() => first.of('destination.failed').length > 0);
    await first.stop();
    await box.create();
    const second = world.run(onTestFinished, { store });
    second.map(stream, fields, failing('a "quoted" one'));
    await second.start();
    await second.settled(3);
    const letters = await box.letters(1);
    expectHere(letters.map(({ text }) => JSON.parse(text) as unknown)).toMatchObject([
      { KinesisBatchInfo: { startSequenceNumber: first.batches[0]?.records[0]?.sequenceNumber, batchSize: 1 } },
    ]);
    expectHere(second.texts().at(-1)).toEqual(['good']);
  });

  test.concurrent('goes nowhere when its destination does not exist and the mapping drops, as AWS does: the shard goes on', async (context) => {
    const { onTestFinished, expect: expectHere } = context;
    const box = open.sqs();
    onTestFinished(() => box.destination.close());
    const run = world.run(onTestFinished);
    const destinationConfig = { onFailure: { destination: box.destination } };
    run.map(stream, { batchSize: 1, maximumRetryAttempts: 0, onDestinationFailure: 'drop', destinationConfig }, failing('a "quoted" one'));
    await run.start();
    await run.settled(3);
    expectHere(run.texts()).toEqual([['a "quoted" one'], ['Grüße 🚰'], ['good']]);
    expectHere(run.of('destination.failed')).toHaveLength(1);
    expectHere(run.of('range.discarded')).toMatchObject([{ delivered: false }]);
  });
});
