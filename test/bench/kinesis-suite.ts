import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { emulatorKinesisOptions, provisionKinesalite, startDynamoDbLocal, startKinesalite } from '../support/backends/index.ts';
import { LIMIT } from './kinesis-contestants.ts';
import type { Bar, Comparison, SuiteReport } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { moveAway, pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import { limit } from './statistics.ts';
import { barsBesideBare, persistent } from './stream-contestants.ts';
import type { StreamPlace } from './stream-readers.ts';

/** 200 bytes, as of a small business event. */
const DATA = Buffer.from(JSON.stringify({ order: 4711, customer: 'c'.repeat(20), lines: 'x'.repeat(140) }).padEnd(200));
const KEY_LENGTH = 13;
const BATCH = 100;
const PER_CALL = 500;
const SHARDS = 4;
/** The emulator serves one shard at the full pace of AWS also on a machine that others use. */
const PACED_SHARDS = 1;
/** A shard's own limit: 2 MiB a second of data and keys (5 calls a second would allow more than that here). */
const PACE_LIMIT = 2_097_152 / (DATA.length + KEY_LENGTH);
const PACE = 'records/s of a shard';
const SPACE = 1n << 128n;

/** Kinesis on kinesalite: Millrace beside a bare loop and lifion-kinesis, and at the pace that AWS allows. */
export async function kinesisSuite(options: BenchOptions): Promise<SuiteReport> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  process.env['AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE'] = '1';
  const peers = await provisionKinesalite();
  const broker = await startKinesalite();
  const state = await startDynamoDbLocal();
  for (const { pid } of [broker, state]) moveAway(pid);
  const client = new KinesisClient(emulatorKinesisOptions(broker.endpoint));
  const place = { endpoint: broker.endpoint, stateEndpoint: state.endpoint, peers, batchSize: BATCH };
  const partners = [broker.pid, state.pid];
  try {
    const comparisons: Comparison[] = [];
    if ('no limits'.includes(options.only)) comparisons.push(await withoutLimits(client, place, partners, options));
    if ('limits of AWS'.includes(options.only)) comparisons.push(await withLimits(client, place, partners, options));
    return {
      suite: 'kinesis',
      notes: [
        pinningNote(),
        'All ask for 10,000 records a call, each shard on its own. Millrace and the bare loop use the same client settings and build the',
        'same events; lifion-kinesis (AWS SDK 2) hands its pages on as they are, and what it takes to set itself up is left out.',
      ],
      comparisons,
      bars: comparisons.flatMap((each) => [...barsBesideBare(each), ...paceBar(each)]),
    };
  } finally {
    client.destroy();
    await Promise.all([broker.stop(), state.stop()]);
  }
}

type Place = Omit<StreamPlace, 'stream'>;

async function withoutLimits(client: KinesisClient, place: Place, partners: number[], options: BenchOptions): Promise<Comparison> {
  const records = options.short ? 40_000 : 160_000;
  const stream = await filled(client, 'bench', SHARDS, records);
  const job = { ...place, service: 'kinesis' as const, stream, records, pageRecords: LIMIT, partners };
  const { version } = JSON.parse(readFileSync(join(place.peers, 'node_modules', 'lifion-kinesis', 'package.json'), 'utf8')) as {
    version: string;
  };
  const one = (name: string, contestant: string): ReturnType<typeof persistent> => persistent(name, { ...job, contestant }, options.waitMs);
  return alternate({
    title: 'no limits',
    conditions: `kinesalite, ${String(SHARDS)} shards, ${records.toLocaleString('en-US')} records of 200 bytes, batches of ${String(BATCH)}, a function that does nothing`,
    contestants: [
      one("Millrace, readLimits: 'none'", 'millrace'),
      one('bare GetRecords loops', 'bare'),
      one(`lifion-kinesis ${version}`, 'lifion-kinesis'),
    ],
    rounds: options.rounds,
  });
}

async function withLimits(client: KinesisClient, place: Place, partners: number[], options: BenchOptions): Promise<Comparison> {
  const records = PACED_SHARDS * LIMIT * (options.short ? 4 : 8);
  const stream = await filled(client, 'paced', PACED_SHARDS, records);
  const job = { ...place, service: 'kinesis' as const, contestant: 'millrace-paced', stream, records, pageRecords: LIMIT, partners };
  const contestant = persistent("Millrace, readLimits: 'aws'", job, options.waitMs, (passed) => ({ [PACE]: passed['pace'] ?? Number.NaN }));
  return alternate({
    title: 'limits of AWS',
    conditions: `kinesalite, one shard, ${records.toLocaleString('en-US')} records of 200 bytes; AWS allows ${PACE_LIMIT.toFixed(0)} of them a second`,
    contestants: [contestant],
    rounds: Math.min(options.rounds, 3),
  });
}

function paceBar({ title, contestants }: Comparison): Bar[] {
  const [ours] = contestants;
  if (ours === undefined || ours.medians[PACE] === undefined) return [];
  return [limit({ name: `${title}: ${PACE}, Millrace / the limit`, figure: PACE, ours, unit: PACE_LIMIT, least: 0.95 })];
}

/** A stream with as many records in each of its shards. Gives its name. */
async function filled(client: KinesisClient, name: string, shards: number, records: number): Promise<string> {
  process.stderr.write(`[bench] filling the stream ${name}\n`);
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
  const look = new DescribeStreamSummaryCommand({ StreamName: name });
  while ((await client.send(look)).StreamDescriptionSummary?.StreamStatus !== 'ACTIVE') await sleep(20);
  const width = SPACE / BigInt(shards);
  for (let put = 0; put < records; put += PER_CALL) {
    const Records = Array.from({ length: Math.min(PER_CALL, records - put) }, (_, index) => ({
      Data: DATA,
      PartitionKey: `key-${String((put + index) % 1000).padStart(KEY_LENGTH - 4, '0')}`,
      ExplicitHashKey: String(width * BigInt((put + index) % shards)),
    }));
    const { FailedRecordCount = 0 } = await client.send(new PutRecordsCommand({ StreamName: name, Records }));
    if (FailedRecordCount > 0) throw new Error(`${String(FailedRecordCount)} of the producer's records were refused`);
  }
  return name;
}
