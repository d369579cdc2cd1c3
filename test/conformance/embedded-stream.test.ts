import { type EmbeddedStream, embeddedStream, type KinesisRecord } from '../../adapters/source/embedded-stream/index.ts';
import { SeededRandom, type StreamRecord, VirtualClock } from '../../src/index.ts';
import { type StreamFeatures, type StreamSetup, type StreamUnderTest, streamSourceSuite } from './stream-source-suite.ts';

const features: StreamFeatures = {
  atTimestamp: true,
  reshard: true,
  tellsTime: true,
  expire: true,
  trim: true,
  remove: true,
  recreate: true,
  missingStream: true,
  batchInfoName: 'KinesisBatchInfo',
  arrivalPrecision: 'ms',
};

streamSourceSuite('embedded stream', { open: (setup) => Promise.resolve(open(setup)), missing }, features);

function open({ shards }: StreamSetup): StreamUnderTest & { readonly source: EmbeddedStream } {
  const clock = new VirtualClock();
  const source = embeddedStream({ name: 'orders', shards, clock, random: new SeededRandom(7) });
  const leftovers = (): string[] => (clock.pendingTimers === 0 ? [] : [`${String(clock.pendingTimers)} timers`]);
  return {
    source,
    put: (records) => done(() => source.putMany(records.map(({ key, value }) => ({ partitionKey: key, data: value })))),
    decode: (record) => ({ key: kinesis(record).partitionKey, value: Buffer.from(kinesis(record).data, 'base64').toString() }),
    expectedInEvent: (shardId, record) => expectedInEvent(shardId, kinesis(record)),
    run: (promise) => clock.run(promise),
    pause: (ms) => clock.advance(ms),
    now: () => clock.wall(),
    leftovers,
    split: (shardId) => done(() => source.splitShard(shardId)),
    merge: (shardId, adjacentShardId) => done(() => source.mergeShards(shardId, adjacentShardId)),
    expire: () => done(() => source.expireIterators()),
    trim: () => done(() => source.shardIds.map((shardId) => source.trim(shardId))),
    remove: () => done(() => source.delete()),
    recreate: () => done(() => source.recreate()),
    cleanup: async () => {
      await source.close();
      await clock.settle();
      if (leftovers().length > 0) throw new Error(`${leftovers().join()} are left`);
    },
  };
}

function missing(): Promise<StreamUnderTest> {
  const stream = open({ shards: 1 });
  stream.source.delete();
  return Promise.resolve(stream);
}

function done(act: () => unknown): Promise<void> {
  act();
  return Promise.resolve();
}

function kinesis(record: StreamRecord): KinesisRecord {
  return record as KinesisRecord;
}

function expectedInEvent(shardId: string, { partitionKey, sequenceNumber, data, arrivedAt }: KinesisRecord): unknown {
  return {
    kinesis: { kinesisSchemaVersion: '1.0', partitionKey, sequenceNumber, data, approximateArrivalTimestamp: arrivedAt / 1000 },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::000000000000:role/millrace',
    awsRegion: 'us-east-1',
    eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/orders',
  };
}
