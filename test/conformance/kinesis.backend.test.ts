import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { type KinesisRecord, kinesis } from '../../adapters/source/kinesis/index.ts';
import type { StreamRecord } from '../../src/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { KinesisStreams } from '../support/kinesis-streams.ts';
import { type StreamFeatures, type StreamSetup, type StreamUnderTest, streamSourceSuite } from './stream-source-suite.ts';

const features: StreamFeatures = {
  atTimestamp: true,
  reshard: true,
  tellsTime: true,
  // Neither can be brought about on kinesis-mock; test/unit/adapters/kinesis shows both on a stub.
  expire: false,
  trim: false,
  remove: true,
  recreate: true,
  missingStream: true,
  batchInfoName: 'KinesisBatchInfo',
  arrivalPrecision: 'ms',
};
const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describeWithBackend('localstack', 'on LocalStack', ({ endpoint }) => {
  const world = new World(endpoint);
  afterAll(() => world.close());
  streamSourceSuite('Kinesis', world, features);

  it('gives LATEST nothing of what was there before, when nothing has come since', async () => {
    const stream = await world.open({ shards: 1 });
    await stream.put([{ key: 'key', value: 'before' }]);
    await sleep(50);
    const [shard] = await stream.source.listShards();
    const stop = new AbortController();
    const start = { kind: 'latest', since: Date.now() } as const;
    const request = { shardId: shard?.shardId ?? '', position: { kind: 'start', start } as const, maxRecords: 10, signal: stop.signal };
    const values: string[] = [];
    for await (const step of stream.source.read(request)) {
      if (step.kind !== 'page') continue;
      values.push(...step.records.map((record) => stream.decode(record).value));
      if (values.length > 0) break;
      await stream.put([{ key: 'key', value: 'since' }]);
    }
    expect(values[0]).toBe('since');
    await stream.cleanup();
  });
});

/** Streams on one LocalStack. */
class World {
  readonly #endpoint: string;
  readonly #streams: KinesisStreams;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
    this.#streams = new KinesisStreams(endpoint);
  }

  async open({ shards }: StreamSetup): Promise<StreamUnderTest> {
    const name = `suite-${randomUUID()}`;
    const arn = await this.#streams.create(name, shards);
    const stream = this.#under(arn);
    let isThere = true;
    return {
      ...stream,
      put: (records) => this.#streams.put(name, records),
      split: (shardId) => this.#streams.split(name, shardId),
      merge: (shardId, adjacentShardId) => this.#streams.merge(name, shardId, adjacentShardId),
      remove: () => {
        isThere = false;
        return this.#streams.remove(name);
      },
      recreate: async () => {
        await this.#streams.remove(name);
        await this.#streams.create(name, shards);
      },
      cleanup: async () => {
        await stream.cleanup();
        if (isThere) await this.#streams.remove(name);
      },
    };
  }

  missing(): Promise<StreamUnderTest> {
    return Promise.resolve(this.#under(`arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/nowhere-${randomUUID()}`));
  }

  close(): void {
    this.#streams.close();
  }

  #under(arn: string): StreamUnderTest {
    const source = kinesis({ stream: arn, endpoint: this.#endpoint, credentials, pollMs: 100 });
    return {
      source,
      put: () => Promise.reject(new Error('there is no stream to put to')),
      decode: (record) => ({
        key: kinesisRecord(record).partitionKey,
        value: Buffer.from(kinesisRecord(record).data, 'base64').toString(),
      }),
      expectedInEvent: (shardId, record) => expectedInEvent(arn, shardId, kinesisRecord(record)),
      run: (promise) => promise,
      pause: (ms) => sleep(ms),
      now: () => Date.now(),
      // test/unit/adapters/kinesis looks at the timers.
      leftovers: () => [],
      cleanup: () => source.close(),
    };
  }
}

function kinesisRecord(record: StreamRecord): KinesisRecord {
  return record as KinesisRecord;
}

function expectedInEvent(arn: string, shardId: string, { partitionKey, sequenceNumber, data, arrivedAt }: KinesisRecord): unknown {
  return {
    kinesis: { kinesisSchemaVersion: '1.0', partitionKey, sequenceNumber, data, approximateArrivalTimestamp: arrivedAt / 1000 },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: `arn:aws:iam::${ACCOUNT}:role/millrace`,
    awsRegion: REGION,
    eventSourceARN: arn,
  };
}
