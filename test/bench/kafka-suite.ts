import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { laneOf } from '../../src/lanes/index.ts';
import { startKafka } from '../support/backends/index.ts';
import type { Bar, Comparison, Contestant, Figures, SuiteReport, Summary } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { moveAway, pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import type { Passed } from './span.ts';
import { bar, limit, per } from './statistics.ts';
import { CPU, persistent, RATE } from './stream-contestants.ts';
import type { StreamJob } from './stream-worker.ts';

const VALUE = Buffer.from(JSON.stringify({ order: 4711, customer: 'c'.repeat(20), lines: 'x'.repeat(190) }).padEnd(256));
const PARTITIONS = 6;
/** One invocation for so many records; kafkajs's own events are cut alike. */
const BATCH = 500;
const LANES = [1, 10, 100] as const;
const MOST_LANES = 100;
const KEYS_A_LANE = 2;
const OF_IDEAL = 'share of ideal';
const TIMERS_OURS = `Node's timers: Millrace, ParallelizationFactor ${String(MOST_LANES)}`;
const TIMERS_LOOPS = `Node's timers: ${String(MOST_LANES)} bare loops`;
const LEAST_RATE = 0.85;
const LEAST_OF_IDEAL = 0.85;
/** Fewer would say more of the beginning than of the rest. */
const LEAST_RECORDS = 600;
/** A batch of a partition may have a megabyte. */
const PER_SEND = 2_500;

/** Kafka on a real broker: Millrace beside raw kafkajs, with a function that does nothing and with functions that take time. */
export async function kafkaSuite(options: BenchOptions): Promise<SuiteReport> {
  const own = await startKafka();
  moveAway(own.pid);
  const place = { endpoint: own.broker.bootstrap, batchSize: BATCH, stateEndpoint: '', peers: '' };
  const base = { ...place, service: 'kafka' as const, pageRecords: 1, partners: [own.pid] };
  try {
    const comparisons: Comparison[] = [];
    if ('no work'.includes(options.only)) comparisons.push(await withoutWork(base, options));
    for (const ms of [1, 5]) {
      if (`${String(ms)} ms of work`.includes(options.only)) comparisons.push(await withWork(base, ms, options));
    }
    return {
      suite: 'kafka',
      notes: [
        pinningNote(),
        'Each reads a topic from its beginning, in a group of its own; what it takes to join is left out. eachBatch with events builds the same events as',
        'Millrace. Ideal is all work / lanes, every lane having as much. Work is a wait that ends to the microsecond, for which the process never sleeps, so',
        'that its CPU time says nothing; a timer of Node ends up to a millisecond late, whatever else is done. The bare loops, without Kafka, show what such',
        'waits give. The Confluent client is not measured: it needs a binary of its own.',
      ],
      comparisons,
      bars: comparisons.flatMap((each) => [...barsWithoutWork(each), ...barsWithWork(each)]),
    };
  } finally {
    await own.stop();
  }
}

type Base = Omit<StreamJob, 'stream' | 'records' | 'contestant'>;

async function withoutWork(base: Base, options: BenchOptions): Promise<Comparison> {
  const each = options.short ? 30_000 : 200_000;
  const records = PARTITIONS * each;
  const stream = await filled(base.endpoint, 'bench', PARTITIONS, records, (index) => `key-${String(index % 1000)}`);
  const one = (name: string, contestant: string): Contestant => persistent(name, { ...base, stream, records, contestant }, options.waitMs);
  return alternate({
    title: 'no work',
    conditions: `Kafka, ${String(PARTITIONS)} partitions of ${each.toLocaleString('en-US')} records of ${String(VALUE.length)} bytes, batches of ${String(BATCH)}, a function that does nothing`,
    contestants: [
      one('Millrace', 'millrace'),
      one('kafkajs eachBatch with events', 'each-batch'),
      one('kafkajs eachBatch bare', 'each-batch-bare'),
      one('kafkajs eachMessage', 'each-message'),
    ],
    rounds: options.rounds,
  });
}

/** One partition, so that all that is done side by side is done by lanes; its keys are spread evenly over a hundred of them. */
async function withWork(base: Base, ms: number, options: BenchOptions): Promise<Comparison> {
  const keys = evenKeys();
  const most = options.short ? 10_000 : 100_000;
  const stream = await filled(base.endpoint, `work-${String(ms)}`, 1, most, (index) => keys[index % keys.length] ?? '');
  const one = (name: string, contestant: string, slots: number): Contestant => {
    const records = slots === MOST_LANES ? most : Math.max(LEAST_RECORDS, Math.round((2 * most * slots) / MOST_LANES));
    const isExact = !contestant.endsWith('-timers');
    return persistent(name, { ...base, stream, records, contestant }, options.waitMs, (passed) => ofIdeal(passed, { ms, slots, isExact }));
  };
  return alternate({
    title: `${String(ms)} ms of work`,
    conditions: `Kafka, one partition, ${String(keys.length)} keys, BatchSize 1, up to ${most.toLocaleString('en-US')} records`,
    contestants: [
      ...LANES.map((lanes) => one(`Millrace, ParallelizationFactor ${String(lanes)}`, `millrace-${String(ms)}ms-${String(lanes)}`, lanes)),
      one('kafkajs eachMessage', `kafkajs-${String(ms)}ms`, 1),
      one('100 bare loops', `loops-${String(ms)}ms`, MOST_LANES),
      one(TIMERS_OURS, `millrace-${String(ms)}ms-${String(MOST_LANES)}-timers`, MOST_LANES),
      one(TIMERS_LOOPS, `loops-${String(ms)}ms-timers`, MOST_LANES),
    ],
    rounds: options.rounds,
  });
}

/** Keys are spread evenly, so no lane is heavier than the others. */
function ofIdeal(
  passed: Passed,
  { ms, slots, isExact }: { readonly ms: number; readonly slots: number; readonly isExact: boolean },
): Figures {
  const idealSeconds = ((passed['records'] ?? Number.NaN) * ms) / 1000 / slots;
  return {
    [RATE]: per(passed, 'records', 'seconds'),
    // Who waits to the microsecond never sleeps.
    [CPU]: isExact ? Number.NaN : per(passed, 'cpuMicros', 'records'),
    [OF_IDEAL]: idealSeconds / passed.seconds,
  };
}

/** Two keys for each of a hundred lanes, in turns, so that no lane gets more than another. */
function evenKeys(): string[] {
  const lanes = Array.from({ length: MOST_LANES }, (): string[] => []);
  for (let number = 0; lanes.some((keys) => keys.length < KEYS_A_LANE); number += 1) {
    const key = `key-${String(number)}`;
    const lane = lanes[laneOf(key, MOST_LANES)] ?? [];
    if (lane.length < KEYS_A_LANE) lane.push(key);
  }
  return Array.from({ length: KEYS_A_LANE }, (_, turn) => lanes.map((keys) => keys[turn] ?? '')).flat();
}

function named(contestants: readonly Summary[], prefix: string): Summary | undefined {
  return contestants.find(({ name }) => name.startsWith(prefix));
}

function barsWithoutWork({ title, contestants }: Comparison): Bar[] {
  const [ours, events, bare, message] = ['Millrace', 'kafkajs eachBatch with', 'kafkajs eachBatch bare', 'kafkajs eachMessage'].map(
    (prefix) => named(contestants, prefix),
  );
  if (ours === undefined || events === undefined || bare === undefined || message === undefined) return [];
  const against = (theirs: Summary, least?: number): Bar =>
    bar({ name: `${title}: ${RATE}, Millrace / ${theirs.name}`, figure: RATE, ours, theirs, ...(least === undefined ? {} : { least }) });
  return [against(events, LEAST_RATE), against(message, 1), against(bare)];
}

function barsWithWork({ title, contestants }: Comparison): Bar[] {
  const theirs = named(contestants, 'kafkajs eachMessage');
  const ofTimers = named(contestants, TIMERS_OURS);
  const loopsOfTimers = named(contestants, TIMERS_LOOPS);
  const byTimers =
    ofTimers === undefined || loopsOfTimers === undefined
      ? []
      : [
          limit({ name: `${title}: ${OF_IDEAL}, ${ofTimers.name}`, figure: OF_IDEAL, ours: ofTimers }),
          bar({ name: `${title}: ${RATE}, ${ofTimers.name} / ${loopsOfTimers.name}`, figure: RATE, ours: ofTimers, theirs: loopsOfTimers }),
        ];
  const exact = contestants.flatMap((ours) => {
    if (theirs === undefined || ours.medians[OF_IDEAL] === undefined || !ours.name.startsWith('Millrace')) return [];
    const isHeld = title.startsWith('5 ms') && ours.name.endsWith(` ${String(MOST_LANES)}`);
    const least = isHeld ? { least: LEAST_OF_IDEAL } : {};
    return [
      limit({ name: `${title}: ${OF_IDEAL}, ${ours.name}`, figure: OF_IDEAL, ours, ...least }),
      bar({ name: `${title}: ${RATE}, ${ours.name} / ${theirs.name}`, figure: RATE, ours, theirs }),
    ];
  });
  return [...exact, ...byTimers];
}

/** A topic with as many records in each partition. Gives its name. */
async function filled(
  endpoint: string,
  topic: string,
  partitions: number,
  records: number,
  keyOf: (index: number) => string,
): Promise<string> {
  process.stderr.write(`[bench] filling the topic ${topic}\n`);
  const client = new Kafka({ brokers: [endpoint], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
  while ((await admin.fetchTopicOffsets(topic).catch(() => [])).length < partitions) await sleep(50);
  for (let sent = 0; sent < records; sent += PER_SEND) {
    const messages = Array.from({ length: Math.min(PER_SEND, records - sent) }, (_, index) => ({
      key: keyOf(sent + index),
      value: VALUE,
      partition: (sent + index) % partitions,
    }));
    await producer.send({ topic, messages });
  }
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  return topic;
}
