/** Those that are compared on Kinesis. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { PassThrough } from 'node:stream';
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { KinesisStreamEvent } from 'aws-lambda';
import { Engine } from '../../adapters/index.ts';
import { clientConfig } from '../../adapters/shared/aws-connection.ts';
import { socketSettings } from '../../adapters/shared/aws-sockets.ts';
import { fixedBytes, toKinesisEvent } from '../../adapters/shared/kinesis-event.ts';
import { type KinesisOptions, kinesis } from '../../adapters/source/kinesis/index.ts';
import { toRecord } from '../../adapters/source/kinesis/record.ts';
import { errorLog } from './error-log.ts';
import { CREDENTIALS, inBatches, REGION, type StreamReader } from './stream-readers.ts';

/** The most that a call may ask for, which is what Millrace and lifion-kinesis ask for. */
export const LIMIT = 10_000;
const EVENT_SOURCE = { arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/bench', region: REGION, roleArn: 'arn:aws:iam::0:role/bench' };

export const contestants = { millrace: millrace('none'), 'millrace-paced': millrace('aws'), bare, 'lifion-kinesis': lifion } as const;

function millrace(readLimits: Exclude<KinesisOptions['readLimits'], undefined>): StreamReader {
  return async ({ endpoint, stream, batchSize }, desk) => {
    const engine = new Engine({ logger: errorLog });
    engine.map({
      source: kinesis({ stream, endpoint, region: REGION, credentials: CREDENTIALS, readLimits }),
      startingPosition: 'TRIM_HORIZON',
      batchSize,
      target: ({ Records }) => desk.handle(Records.length, Records[0]?.eventID.split(':')[0] ?? ''),
    });
    desk.begin();
    await engine.start();
    return () => engine.stop();
  };
}

/** The least that builds the same events: every shard is read by a loop of its own. */
async function bare(
  { endpoint, stream, batchSize }: Parameters<StreamReader>[0],
  desk: Parameters<StreamReader>[1],
): ReturnType<StreamReader> {
  const settings = { endpoint, region: REGION, credentials: CREDENTIALS };
  const client = new KinesisClient({ ...clientConfig(settings), requestHandler: new NodeHttpHandler(socketSettings(settings, 0)) });
  let isOver = false;
  const target = async ({ Records }: KinesisStreamEvent, shardId: string): Promise<void> => desk.handle(Records.length, shardId);
  const readShard = async (shardId: string): Promise<void> => {
    const fixed = fixedBytes(shardId, EVENT_SOURCE);
    const ask = new GetShardIteratorCommand({ StreamName: stream, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' });
    let { ShardIterator } = await client.send(ask);
    while (!isOver && ShardIterator !== undefined) {
      const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator, Limit: LIMIT }));
      ShardIterator = NextShardIterator;
      const now = Date.now();
      const records = Records.map((record) => toRecord(record, fixed, now));
      await inBatches(records, batchSize, (batch) => target(toKinesisEvent(shardId, batch, EVENT_SOURCE), shardId));
    }
  };
  desk.begin();
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }));
  const reading = Promise.all(Shards.map(({ ShardId = '' }) => readShard(ShardId)));
  return async () => {
    isOver = true;
    await reading;
    client.destroy();
  };
}

interface LifionPage {
  readonly records: readonly unknown[];
  readonly shardId: string;
  readonly continuePolling: () => void;
}

interface LifionConsumer extends PassThrough {
  startConsumer(): Promise<void>;
  stopConsumer(): void;
}

let group = 0;

/**
 * Polls again when a page is handled, which is its way to read fast and in order; what takes it to set itself up is left out. Its
 * pages are handled whole, and no event is built of them.
 */
async function lifion(place: Parameters<StreamReader>[0], desk: Parameters<StreamReader>[1]): ReturnType<StreamReader> {
  const { endpoint, stream, stateEndpoint, peers } = place;
  const Consumer = createRequire(join(peers, 'package.json'))('lifion-kinesis') as new (options: object) => LifionConsumer;
  group += 1;
  const consumer = new Consumer({
    ...CREDENTIALS,
    region: REGION,
    endpoint,
    streamName: stream,
    consumerGroup: `bench-${String(process.pid)}-${String(group)}`,
    createStreamIfNeeded: false,
    initialPositionInStream: 'TRIM_HORIZON',
    dynamoDb: { ...CREDENTIALS, region: REGION, endpoint: stateEndpoint },
    limit: LIMIT,
    shouldParseJson: false,
    useAutoShardAssignment: false,
    usePausedPolling: true,
  });
  consumer.on('data', ({ records, shardId, continuePolling }: LifionPage) => {
    void desk.handle(records.length, shardId).then(continuePolling);
  });
  consumer.on('error', (error: Error) => {
    process.stderr.write(`lifion-kinesis: ${error.message}\n`);
  });
  await consumer.startConsumer();
  desk.begin();
  return () => {
    consumer.stopConsumer();
    return Promise.resolve();
  };
}
