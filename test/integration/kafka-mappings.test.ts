/** Whole mappings on topics of a real broker, in trouble: slow functions, restarts, poison, topics that grow and go. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { kafkaDestination } from '../../adapters/destination/kafka/index.ts';
import { kafkaVersions, startKafka } from '../support/backends/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaRun, type TopicBatch } from '../support/kafka-run.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

/** The long form runs on both versions, and with a function that takes a minute. */
const isLong = Number(process.env['MILLRACE_KILLS'] ?? 5) > 5;
const versions = isLong ? kafkaVersions : kafkaVersions.slice(0, 1);
/** The least that a broker takes in short form. */
const SLOW = isLong ? { sessionTimeoutMs: 10_000, workMs: 60_000 } : { sessionTimeoutMs: 6_000, workMs: 12_000 };

/** The checkpoint interval's default, and what a busy machine needs from an answer to its commit, ms. */
const UNSTORED_MS = 100 + 900;

const nothing = (): void => undefined;
const numbered = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => String(from + index));

/** What was handled, when, and the order in which each key's values came first: what order means where records may come again. */
class Handled {
  /** When each value was handled last, monotonic ms. */
  readonly values = new Map<string, number>();
  readonly byKey = new Map<string, string[]>();
  /** Values that came again: when they were handled before, and when again. */
  readonly repetitions: { readonly value: string; readonly before: number; readonly again: number }[] = [];

  note({ keys, values }: TopicBatch): void {
    const now = performance.now();
    for (const [index, value] of values.entries()) {
      const before = this.values.get(value);
      const key = keys[index] ?? '';
      if (before === undefined) this.byKey.set(key, [...(this.byKey.get(key) ?? []), value]);
      else this.repetitions.push({ value, before, again: now });
      this.values.set(value, now);
    }
  }
}

describe.each(versions)('a mapping on Kafka %s', async (version) => {
  const broker = await sharedKafka(version);
  const topics = new KafkaTopics(broker.bootstrap);
  const brokers = [broker.bootstrap];
  afterAll(() => topics.close());

  test(`causes no rebalance when its function takes ${String(SLOW.workMs / 1_000)} s and the session ${String(SLOW.sessionTimeoutMs / 1_000)} s`, {
    timeout: SLOW.workMs + 60_000,
  }, async ({ onTestFinished }) => {
    const { sessionTimeoutMs, workMs } = SLOW;
    const topic = await topics.create(2);
    const consumerGroupId = `g-${randomUUID()}`;
    await topics.produce(
      topic,
      [0, 1].flatMap((partition) => numbered(3).map((value) => ({ partition, value }))),
    );
    const run = new KafkaRun();
    onTestFinished(() => run.end());
    run.map({ brokers, topic, sessionTimeoutMs }, { consumerGroupId, batchSize: 3, timeout: 120 }, () => sleep(workMs));
    await run.start();
    await run.until(() => run.batches.length === 2);
    const members = async (): Promise<string[]> => {
      const { groups } = await topics.admin.describeGroups([consumerGroupId]);
      return groups.flatMap((group) => [group.state, ...group.members.map(({ memberId }) => memberId)]);
    };
    const before = await members();
    expect(before).toEqual(['Stable', expect.any(String)]);
    await run.settled(6, workMs + 30_000);
    expect(await members()).toEqual(before);
    expect(run.of('group.assigned')).toEqual([{ mapping: 'm', partitions: 2, kept: 0 }]);
    expect(run.batches.map(({ partition, values }) => [partition, values]).sort()).toEqual([
      [0, ['0', '1', '2']],
      [1, ['0', '1', '2']],
    ]);
    await expect.poll(async () => (await topics.committed(consumerGroupId, topic)).get(1)?.offset).toBe('3');
  });

  test('finds the poison by halves, tries it as often as it is told, and sends it to its topic with its key', async ({
    onTestFinished,
  }) => {
    const [topic, letters] = [await topics.create(), await topics.create()];
    const consumerGroupId = `g-${randomUUID()}`;
    const records = numbered(20).map((value) => ({ key: `key ${value}`, value }));
    await topics.produce(topic, records);
    const destination = kafkaDestination({ brokers, topic: `kafka://${letters}` });
    const run = new KafkaRun();
    onTestFinished(async () => {
      await run.end();
      await destination.close();
    });
    const handled = new Handled();
    const fields = {
      consumerGroupId,
      batchSize: 20,
      maximumRetryAttempts: 2,
      bisectBatchOnFunctionError: true,
      destinationConfig: { onFailure: { destination } },
    };
    run.map({ brokers, topic }, fields, (batch) => {
      if (batch.values.includes('13')) throw new Error('poison');
      handled.note(batch);
    });
    await run.start();
    await run.settled(20);
    expect([...handled.byKey.values()].flat()).toEqual(numbered(20).filter((value) => value !== '13'));
    expect(handled.repetitions).toEqual([]);
    expect(run.batches.filter(({ values }) => values.length === 1 && values[0] === '13')).toHaveLength(3);
    const [letter, ...others] = await topics.readAll(letters);
    expect(others).toEqual([]);
    expect(letter?.key).toBe('key 13');
    expect(JSON.parse(letter?.value ?? '')).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      responseContext: { functionError: 'Unhandled' },
    });
    await expect.poll(async () => (await topics.committed(consumerGroupId, topic)).get(0)?.offset).toBe('20');
  });

  test('reads partitions that are added from their beginning, whatever its start was', async ({ onTestFinished }) => {
    const topic = await topics.create();
    await topics.produce(topic, [{ value: 'before' }]);
    const run = new KafkaRun();
    onTestFinished(() => run.end());
    run.map({ brokers, topic }, { startingPosition: 'LATEST' }, nothing);
    await run.start();
    await run.until(() => run.of('group.assigned').length > 0);
    await topics.produce(topic, [{ partition: 0, value: 'after' }]);
    await run.settled(1);
    await topics.addPartitions(topic, 3);
    await topics.produce(topic, [
      { partition: 1, value: 'one' },
      { partition: 2, value: 'two' },
    ]);
    await run.settled(3);
    await topics.produce(topic, [{ partition: 0, value: 'last' }]);
    await run.settled(4);
    expect(run.batches.map(({ partition, values }) => `${String(partition)} ${String(values)}`).sort()).toEqual([
      '0 after',
      '0 last',
      '1 one',
      '2 two',
    ]);
  });

  test('whose topic is deleted says so and waits; others go on; the topic that comes again is read from its beginning', async (context) => {
    const [topic, other] = [await topics.create(2), await topics.create()];
    const maker = new KafkaTopics(broker.bootstrap);
    const run = new KafkaRun();
    context.onTestFinished(async () => {
      await run.end();
      await maker.close();
    });
    await topics.produce(topic, [{ partition: 0, value: '0' }]);
    run.map({ brokers, topic }, { name: 'deleted' }, nothing);
    run.map({ brokers, topic: other }, { name: 'other' }, nothing);
    await run.start();
    await run.settled(1);
    await topics.remove(topic);
    await expect.poll(() => run.engine.explain().join('\n')).toMatch(/^deleted group: waits/m);
    expect(run.engine.explain().join('\n')).toMatch(/^deleted mapping: .*not-found/m);
    await maker.produce(other, [{ value: 'meanwhile' }]);
    await run.settled(2);
    await maker.create(2, topic);
    await maker.produce(topic, [
      { partition: 0, value: 'again 0' },
      { partition: 1, value: 'again 1' },
    ]);
    await run.settled(4);
    expect([...run.values].sort()).toEqual(['0', 'again 0', 'again 1', 'meanwhile']);
    expect(run.engine.explain().join('\n')).not.toMatch(/not-found/);
  });

  test('whose topic is deleted, and made again before anybody could notice for long, begins it anew', async (context) => {
    const topic = await topics.create();
    const maker = new KafkaTopics(broker.bootstrap);
    const run = new KafkaRun();
    context.onTestFinished(async () => {
      await run.end();
      await maker.close();
    });
    await topics.produce(topic, [{ value: 'old' }]);
    const mapping = run.map({ brokers, topic }, { checkpointIntervalMs: 2_000 }, nothing);
    await run.start();
    await run.settled(1);
    // Before the position of the old one is committed.
    await topics.remove(topic);
    await expect.poll(() => run.logs.filter((line) => line.includes('not-found')), { interval: 5 }).not.toEqual([]);
    await maker.create(1, topic);
    await maker.produce(topic, [{ value: 'new' }]);
    await run.settled(2);
    expect(run.values).toEqual(['old', 'new']);
    expect(mapping.state).toBe('Enabled');
  });

  test('goes on over a broker that is killed and one that is restarted: nothing lost, in order, nothing again that was committed', {
    timeout: 300_000,
  }, async (context) => {
    const [partitions, keys, rounds, batchSize, pf] = [4, 24, 40, 5, 2];
    const own = await startKafka(version);
    const mine = new KafkaTopics(own.broker.bootstrap);
    const run = new KafkaRun();
    context.onTestFinished(async () => {
      await run.end();
      await mine.close();
      await own.stop();
    });
    const topic = await mine.create(partitions);
    const consumerGroupId = `g-${randomUUID()}`;
    for (let round = 0; round < rounds; round += 1) {
      await mine.produce(
        topic,
        numbered(keys).map((key) => ({ key: `key-${key}`, value: `key-${key} ${String(round)}` })),
      );
    }
    const handled = new Handled();
    const halts: { readonly from: number; readonly to: number }[] = [];
    const away = async (halt: () => Promise<unknown>): Promise<void> => {
      const from = performance.now();
      await halt();
      halts.push({ from, to: performance.now() });
    };
    const fields = { consumerGroupId, batchSize, parallelizationFactor: pf, maximumBatchingWindowInSeconds: 0 };
    run.map({ brokers: [own.broker.bootstrap], topic, sessionTimeoutMs: 6_000 }, fields, async (batch) => {
      await sleep(50);
      handled.note(batch);
    });
    await run.start();
    const all = keys * rounds;
    await run.until(() => handled.values.size > all / 4);
    await away(() => own.halt('SIGKILL'));
    await sleep(1_000);
    await own.restart();
    await run.until(() => handled.values.size > all / 2, 120_000);
    await away(() => own.restart());
    await run.until(() => handled.values.size === all, 120_000);
    expect(handled.values.size).toBe(all);
    for (const [key, values] of handled.byKey) expect(values).toEqual(numbered(rounds).map((number) => `${key} ${number}`));
    // Only what was handled just before the broker went, or ran then, was not committed: nothing begins while commits fail.
    const isExcused = ({ before, again }: (typeof handled.repetitions)[number]): boolean =>
      halts.some(({ from, to }) => before > from - UNSTORED_MS && before < to + UNSTORED_MS && again > from);
    expect(handled.repetitions.filter((each) => !isExcused(each))).toEqual([]);
    await expect
      .poll(async () => [...(await mine.committed(consumerGroupId, topic)).values()].reduce((sum, { offset }) => sum + Number(offset), 0))
      .toBe(all);
  });
});
