/**
 * Three processes that share a consumer group join, leave and are killed with -9 at random moments under load. MILLRACE_KILLS says
 * how often (default 5; above 5 on both versions of Kafka); MILLRACE_KILLS_SEED repeats the moments of a run as far as the machine
 * allows.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../adapters/testing.ts';
import { kafkaVersions } from '../support/backends/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';
import type { KillWorkerOrders } from '../support/kill-worker.ts';
import { compileKillWorker, type KillWorker, type KillWorkers } from '../support/kill-workers.ts';
import { type Repetition, TopicTarget } from '../support/topic-target.ts';
import { eventually } from './daemon-process.ts';

const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 5);
const SEED = Number(process.env['MILLRACE_KILLS_SEED'] ?? Date.now() % 1_000_000);
const IS_LONG = KILLS > 5;
const VERSIONS = IS_LONG ? kafkaVersions : kafkaVersions.slice(0, 1);
const PROCESSES = 3;
const PARTITIONS = 6;
const PF = 2;
const BATCH_SIZE = 5;
const KEYS = 36;
/** The least that a broker takes. */
const SESSION_MS = 6_000;
/** Rounds that wait to be handled at least, while processes come and go: one round is a record of every key. */
const BACKLOG_ROUNDS = 8;
/** The checkpoint interval's default, and what a busy machine needs from an answer to its commit, ms. */
const UNSTORED_MS = 100 + 900;
const PATIENCE_MS = 120_000;

let workers: KillWorkers;
beforeAll(async () => {
  workers = await compileKillWorker();
});
afterEach(() => workers.clear());
afterAll(() => workers.remove());

/** One group that works on one topic, and what happens to it. */
class KilledGroup {
  readonly sent: string[] = [];
  readonly kills: { readonly life: string; readonly at: number; readonly running: number }[] = [];
  readonly #orders: KillWorkerOrders;
  readonly #topics: KafkaTopics;
  readonly #target: TopicTarget;
  readonly #random: SeededRandom;
  #members: KillWorker[] = [];
  #rounds = 0;

  constructor(topics: KafkaTopics, target: TopicTarget, random: SeededRandom, orders: KillWorkerOrders) {
    this.#topics = topics;
    this.#target = target;
    this.#random = random;
    this.#orders = orders;
  }

  join(): void {
    this.#members.push(workers.start({ ...this.#orders, store: workers.store() }));
  }

  /** One of them, which is none of the members any more. */
  #taken(): KillWorker {
    const [member] = this.#members.splice(this.#random.integer(0, this.#members.length - 1), 1);
    if (member === undefined) throw new Error('nobody is left');
    return member;
  }

  async kill(): Promise<void> {
    const member = this.#taken();
    const life = String(member.pid);
    this.kills.push({ life, at: performance.now(), running: this.#target.running(life) });
    member.signal('SIGKILL');
    expect(await member.ended).toEqual({ code: null, signal: 'SIGKILL' });
  }

  async leave(): Promise<void> {
    const member = this.#taken();
    // One that has not begun yet knows no orderly end.
    await this.#until('the member to begin', () => member.output.includes('ready'));
    member.signal('SIGTERM');
    expect(await member.ended, member.output).toEqual({ code: 0, signal: null });
  }

  async leaveAll(): Promise<void> {
    while (this.#members.length > 0) await this.leave();
  }

  /** Puts so much that the members have no rest. */
  async feed(backlogRounds: number): Promise<void> {
    while (this.sent.length - this.#target.handled.size < backlogRounds * KEYS) {
      const round = Array.from({ length: KEYS }, (_, index) => ({
        key: `key-${String(index)}`,
        value: `key-${String(index)} ${String(this.#rounds)}`,
      }));
      await this.#topics.produce(this.#orders.stream, round);
      this.sent.push(...round.map(({ value }) => value));
      this.#rounds += 1;
    }
  }

  async untilHandled(records: number): Promise<void> {
    await this.#until(
      `${String(records)} records to be handled`,
      () => this.#target.handled.size >= records && this.#target.running() === 0,
    );
  }

  /** Under load: what is handled meanwhile is made good. */
  async untilInvoked(more: number): Promise<void> {
    const wanted = this.#target.invocations + more;
    await this.#until(`${String(more)} more invocations`, async () => {
      await this.feed(BACKLOG_ROUNDS);
      return this.#target.invocations >= wanted;
    });
  }

  async #until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    await eventually(
      what,
      async () => {
        const ended = this.#members.find(({ hasEnded }) => hasEnded);
        if (ended !== undefined) throw new Error(`a member ended by itself:\n${ended.output}`);
        return (await isSo()) ? true : undefined;
      },
      PATIENCE_MS,
    );
  }
}

/** How long before the kill of the process that had it the record's work had ended, ms: 0 or less while it ran. `undefined`: it was not killed. */
function sinceStored({ life, endedAt }: Repetition, { kills }: KilledGroup): number | undefined {
  const kill = kills.find((each) => each.life === life);
  return kill && Math.max(0, kill.at - endedAt);
}

describe.each(VERSIONS)(`three members of a group on Kafka %s that join, leave and are killed, ${String(KILLS)} times`, (version) => {
  const patience = { timeout: 120_000 + KILLS * 30_000 };

  test('handle everything, in order, and repeat only what was in flight or not committed yet', patience, async ({ onTestFinished }) => {
    const broker = await sharedKafka(version);
    const topics = new KafkaTopics(broker.bootstrap);
    const random = new SeededRandom(SEED);
    const target = await TopicTarget.start(() => random.next());
    onTestFinished(async () => {
      await target.close();
      await topics.close();
    });
    const topic = await topics.create(PARTITIONS);
    const group = new KilledGroup(topics, target, random, {
      source: 'kafka',
      endpoint: broker.bootstrap,
      accessKeyId: '',
      stream: topic,
      store: '',
      url: target.url,
      group: { consumerGroupId: `g-${randomUUID()}`, sessionTimeoutMs: SESSION_MS },
      mapping: { parallelizationFactor: PF, batchSize: BATCH_SIZE },
    });
    await group.feed(BACKLOG_ROUNDS);
    for (let count = 0; count < PROCESSES; count += 1) group.join();
    let departures = 0;
    while (group.kills.length < KILLS) {
      await group.untilInvoked(random.integer(5, 60));
      await sleep(random.integer(0, 300));
      if (random.next() < 0.7) await group.kill();
      else {
        await group.leave();
        departures += 1;
      }
      // Sometimes the others go on without it for a while.
      if (random.next() < 0.3) await group.untilInvoked(random.integer(1, 20));
      group.join();
    }
    await group.untilHandled(group.sent.length);
    await group.leaveAll();
    const repetitions = target.repetitions.length;
    // What was committed at an orderly end is all: the next member gets what is new, and nothing else.
    group.join();
    await group.feed(2);
    await group.untilHandled(group.sent.length);
    await group.leaveAll();
    const distances = target.repetitions.map((each) => sinceStored(each, group));
    const running = group.kills.reduce((sum, kill) => sum + kill.running, 0);
    console.log(
      `Kafka ${version}: ${String(group.sent.length)} records, ${String(KILLS)} kills with ${String(running)} batches at the function, ` +
        `${String(departures)} left; ${String(target.handled.size)} handled, ${String(repetitions)} handled again, ` +
        `${String(distances.filter((distance) => distance === 0).length)} of them in flight at a kill, the others answered at most ` +
        `${Math.max(0, ...distances.map((distance) => distance ?? 0)).toFixed(0)} ms before it; seed ${String(SEED)}`,
    );
    expect([...target.handled].sort()).toEqual([...group.sent].sort());
    expect(target.faults).toEqual([]);
    expect(target.repetitions.filter((each) => (sinceStored(each, group) ?? Infinity) > UNSTORED_MS)).toEqual([]);
    expect(target.repetitions).toHaveLength(repetitions);
  });
});

/** Starts worker after worker until one lives and has done everything; gives how many died. */
async function outlive(orders: KillWorkerOrders, isDone: () => boolean): Promise<number> {
  for (let deaths = 0; ; deaths += 1) {
    if (deaths > 20) throw new Error('the record kills for ever');
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

// Each death takes a session's time: in the long form only.
if (IS_LONG) {
  test('a record that kills the process that works on it is given up after its attempts, and no other', {
    timeout: 400_000,
  }, async (context) => {
    const broker = await sharedKafka();
    const topics = new KafkaTopics(broker.bootstrap);
    const random = new SeededRandom(SEED);
    const target = await TopicTarget.start(() => random.next());
    context.onTestFinished(async () => {
      await target.close();
      await topics.close();
    });
    const [topic, letters] = [await topics.create(1), await topics.create(1)];
    const values = Array.from({ length: 6 }, (_, number) =>
      Array.from({ length: 8 }, (__, key) => `key-${String(key)} ${String(number)}`),
    ).flat();
    await topics.produce(
      topic,
      values.map((value) => ({ key: value.split(' ')[0] ?? '', value })),
    );
    const poison = 'key-7 2';
    const others = values.filter((value) => value !== poison);
    const deaths = await outlive(
      {
        source: 'kafka',
        endpoint: broker.bootstrap,
        accessKeyId: '',
        stream: topic,
        store: workers.store(),
        url: target.url,
        group: { consumerGroupId: `g-${randomUUID()}`, sessionTimeoutMs: SESSION_MS },
        poison,
        destination: { queue: letters, endpoint: broker.bootstrap },
        mapping: { parallelizationFactor: PF, batchSize: 8, maximumRetryAttempts: 2, bisectBatchOnFunctionError: true },
      },
      () => target.handled.size === others.length && target.running() === 0,
    );
    const told = await topics.readAll(letters);
    console.log(
      `poison: ${String(deaths)} processes died of it, ${String(target.repetitions.length)} other records were handled again; seed ${String(SEED)}`,
    );
    expect(told.map(({ key }) => key)).toEqual(['key-7']);
    expect(JSON.parse(told[0]?.value ?? '')).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    });
    expect([...target.handled].sort()).toEqual([...others].sort());
    // The one after it is the only one that came without its predecessor.
    expect(target.faults.filter((fault) => !fault.startsWith('key-7 3 '))).toEqual([]);
    // Three attempts of its own; before them three halvings of a batch of eight, and a life or more that had stored nothing of it.
    expect(deaths).toBeGreaterThanOrEqual(4);
    expect(deaths).toBeLessThanOrEqual(10);
  });
}
