/**
 * A process that embeds the library is killed with -9 at random moments while it works on a stream, again and again; and one
 * record of a stream kills every process that works on it. MILLRACE_KILLS says how often (default 5); MILLRACE_KILLS_SEED
 * repeats the moments of a run as far as the machine allows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../adapters/testing.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { DynamoDbTable } from '../support/dynamodb-world.ts';
import { dynamodbRecords, KillTarget, kinesisRecords, type ReadEvent } from '../support/kill-target.ts';
import type { KillWorkerOrders } from '../support/kill-worker.ts';
import { compileKillWorker, type KillWorker, type KillWorkers } from '../support/kill-workers.ts';
import { KinesisWorld } from '../support/kinesis-world.ts';
import { SqsWorld } from '../support/sqs-world.ts';
import { eventually } from './daemon-process.ts';

const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 5);
const SEED = Number(process.env['MILLRACE_KILLS_SEED'] ?? Date.now() % 1_000_000);
const BATCH_SIZE = 5;
const PF = 4;
const KEYS = 24;
/** Records that are put for each life of the worker, for each of its shards: more than it handles before it is killed. */
const ROUNDS_PER_LIFE = 6;
/** The checkpoint interval's default, and what a busy machine needs from an answer to its checkpoint on disk, ms. */
const UNSTORED_MS = 20 + 480;
const PATIENCE_MS = 60_000;

/** One value of one key. */
interface Outgoing {
  readonly key: string;
  readonly value: string;
}

/** A stream that outlives its readers. */
interface KillStream {
  readonly orders: Pick<KillWorkerOrders, 'source' | 'endpoint' | 'accessKeyId' | 'stream'>;
  readonly read: ReadEvent;
  readonly shards: number;
  /** One value a key and call, so that the order of each is certain. */
  put(records: readonly Outgoing[]): Promise<unknown>;
}

let workers: KillWorkers;
beforeAll(async () => {
  workers = await compileKillWorker();
});
afterEach(() => workers.clear());
afterAll(() => workers.remove());

/** The next value of every key. */
const round = (number: number): Outgoing[] =>
  Array.from({ length: KEYS }, (_, index) => ({ key: `key-${String(index)}`, value: `key-${String(index)} ${String(number)}` }));

function untilInvoked(worker: KillWorker, target: KillTarget, invocations: number): Promise<true> {
  return eventually(
    'invocations',
    () => {
      if (worker.hasEnded) throw new Error(`the worker ended by itself:\n${worker.output}`);
      return target.invocations >= invocations ? true : undefined;
    },
    PATIENCE_MS,
  );
}

/** One life: from the start to a kill in the middle of the work. Gives how many records may come again because of it. */
async function liveAndDie(
  orders: KillWorkerOrders,
  target: KillTarget,
  random: SeededRandom,
): Promise<{ readonly open: number; readonly unstored: number }> {
  const worker = workers.start(orders);
  await untilInvoked(worker, target, target.invocations + random.integer(1, 40));
  await sleep(random.integer(0, 120));
  const { open, begun } = target;
  worker.signal('SIGKILL');
  const unstored = target.answeredWithin(UNSTORED_MS);
  expect(await worker.ended).toEqual({ code: null, signal: 'SIGKILL' });
  // What it had asked for is still worked on; the next life must not meet it.
  const isOver = async (): Promise<boolean> => target.open === 0 && (await target.connections()) === 0;
  await eventually('the last invocations of a life', async () => ((await isOver()) ? true : undefined), PATIENCE_MS);
  // What was on its way here at the kill was in flight, too.
  return { open: open + target.begun - begun, unstored };
}

async function untilHandled(worker: KillWorker, target: KillTarget, count: number): Promise<void> {
  await eventually(
    'everything to be handled',
    () => {
      if (worker.hasEnded) throw new Error(`the worker ended by itself:\n${worker.output}`);
      return target.handled.size >= count && target.open === 0 ? true : undefined;
    },
    PATIENCE_MS,
  );
}

async function survivesKills(stream: KillStream, onTestFinished: (callback: () => Promise<void>) => void): Promise<void> {
  const random = new SeededRandom(SEED);
  const target = await KillTarget.start(() => random.next(), stream.read);
  onTestFinished(() => target.close());
  const orders = {
    ...stream.orders,
    store: workers.store(),
    url: target.url,
    mapping: { parallelizationFactor: PF, batchSize: BATCH_SIZE },
  };
  const sent: string[] = [];
  let rounds = 0;
  const feed = async (): Promise<void> => {
    for (const end = rounds + ROUNDS_PER_LIFE * stream.shards; rounds < end; rounds += 1) {
      const records = round(rounds);
      await stream.put(records);
      sent.push(...records.map(({ value }) => value));
    }
  };
  await feed();
  const atKills = { open: 0, unstored: 0, working: 0 };
  for (let kill = 0; kill < KILLS; kill += 1) {
    await feed();
    const { open, unstored } = await liveAndDie(orders, target, random);
    atKills.open += open;
    atKills.unstored += unstored;
    if (open > 0) atKills.working += 1;
  }
  const last = workers.start(orders);
  await untilHandled(last, target, sent.length);
  last.signal('SIGTERM');
  expect(await last.ended).toEqual({ code: 0, signal: null });
  const { repeats } = target;
  // What was stored at an orderly end is all: another life gets what is new, and nothing else.
  const again = workers.start(orders);
  await feed();
  await untilHandled(again, target, sent.length);
  again.signal('SIGTERM');
  expect(await again.ended).toEqual({ code: 0, signal: null });
  console.log(
    `${orders.source}: ${String(sent.length)} records, ${String(KILLS)} kills (${String(atKills.working)} while the function worked), ` +
      `${String(target.handled.size)} handled, ${String(repeats)} handled again; at the kills ${String(atKills.open)} were in flight and ` +
      `${String(atKills.unstored)} had been answered in the last ${String(UNSTORED_MS)} ms; seed ${String(SEED)}`,
  );
  expect([...target.handled].sort()).toEqual([...sent].sort());
  expect(target.faults).toEqual([]);
  expect(repeats).toBeLessThanOrEqual(atKills.open + atKills.unstored);
  // A lane has one batch at the function and one whose end is not stored yet.
  expect(repeats).toBeLessThanOrEqual(KILLS * stream.shards * PF * BATCH_SIZE * 2);
  expect(target.repeats).toBe(repeats);
}

/** Starts worker after worker until one lives and has done everything; gives how many died. */
async function outlive(orders: KillWorkerOrders, isDone: () => boolean): Promise<number> {
  for (let deaths = 0; ; deaths += 1) {
    if (deaths > 30) throw new Error('the record kills for ever');
    const worker = workers.start(orders);
    await eventually('an end or the work', () => (worker.hasEnded || isDone() ? true : undefined), PATIENCE_MS);
    if (worker.hasEnded) {
      expect(await worker.ended, worker.output).toEqual({ code: null, signal: 'SIGKILL' });
      continue;
    }
    worker.signal('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    return deaths;
  }
}

describe(`a process that works on a stream and is killed with -9, ${String(KILLS)} times`, () => {
  const patience = { timeout: 60_000 + KILLS * 20_000 };

  describeWithBackend('dynamodb-local', 'on DynamoDB', ({ endpoint }) => {
    test('handles everything, in order, and repeats no more than was in flight or not stored yet', patience, async ({ onTestFinished }) => {
      const table = await DynamoDbTable.create(endpoint);
      onTestFinished(async () => {
        await table.remove();
        table.close();
      });
      const { accessKeyId } = table.credentials;
      const stream: KillStream = {
        orders: { source: 'dynamodb', endpoint, accessKeyId, stream: table.streamArn },
        read: dynamodbRecords,
        shards: 1,
        put: (records) => table.putMany(records.map(({ key, value }) => ({ item: key, value }))),
      };
      await survivesKills(stream, onTestFinished);
    });
  });

  describeWithBackend('localstack', 'on Kinesis', ({ endpoint }) => {
    const world = new KinesisWorld(endpoint);
    const queues = new SqsWorld(endpoint);
    afterAll(async () => {
      queues.close();
      await world.close();
    });

    test('handles everything, in order, and repeats no more than was in flight or not stored yet', patience, async ({ onTestFinished }) => {
      const shards = 2;
      const made = await world.stream(shards);
      const orders = { source: 'kinesis' as const, endpoint, accessKeyId: 'test', stream: made.arn };
      await survivesKills({ orders, read: kinesisRecords, shards, put: (records) => made.put(records) }, onTestFinished);
    });

    test('gives up the record that kills it after its attempts, and no other', { timeout: 180_000 }, async ({ onTestFinished }) => {
      const random = new SeededRandom(SEED);
      const target = await KillTarget.start(() => random.next(), kinesisRecords);
      onTestFinished(() => target.close());
      const queue = await queues.queue();
      const made = await world.stream(1);
      const rounds = Array.from({ length: 6 }, (_, number) => round(number));
      const placed: { readonly value: string; readonly sequenceNumber: string }[] = [];
      for (const records of rounds) placed.push(...(await made.put(records)));
      const poison = placed.find(({ value }) => value === 'key-7 2');
      const others = placed.filter((each) => each !== poison).map(({ value }) => value);
      const deaths = await outlive(
        {
          source: 'kinesis',
          endpoint,
          accessKeyId: 'test',
          stream: made.arn,
          store: workers.store(),
          url: target.url,
          poison: 'key-7 2',
          destination: { queue: queue.arn, endpoint },
          mapping: { parallelizationFactor: PF, batchSize: 8, maximumRetryAttempts: 2, bisectBatchOnFunctionError: true },
        },
        () => target.handled.size === others.length && target.open === 0,
      );
      const told = (await queue.take()).map(({ Body = '' }) => JSON.parse(Body) as unknown);
      console.log(
        `poison: ${String(deaths)} processes died of it, ${String(target.repeats)} other records were handled again; seed ${String(SEED)}`,
      );
      expect(told).toMatchObject([
        {
          requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
          KinesisBatchInfo: { startSequenceNumber: poison?.sequenceNumber, endSequenceNumber: poison?.sequenceNumber, batchSize: 1 },
        },
      ]);
      expect([...target.handled].sort()).toEqual([...others].sort());
      // The one after it is the only one that came without its predecessor.
      expect(target.faults.filter((fault) => !fault.startsWith('key-7 3 '))).toEqual([]);
      // Three attempts of its own; before them three halvings of a batch of eight, and a life or more that had stored nothing of it.
      expect(deaths).toBeGreaterThanOrEqual(4);
      expect(deaths).toBeLessThanOrEqual(10);
    });
  });
});
