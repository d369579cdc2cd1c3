import { describe, expect, it } from 'vitest';
import { partitionOfKey } from '../../../../adapters/source/embedded-topic/partitioner.ts';
import { SourceError } from '../../../../src/index.ts';
import { Member, page, world } from './support.ts';

/** What is thrown, in short. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SourceError) return `${error.kind} ${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing was thrown';
}

describe('what is produced to an embedded topic', () => {
  it('goes to the partition that Kafka’s own producer chooses for its key', () => {
    // Hashes of Kafka's own tests: murmur2 of these texts.
    const known = {
      '21': -973_932_308,
      foobar: -790_332_482,
      'a-little-bit-long-string': -985_981_536,
      'a-little-bit-longer-string': -1_486_304_829,
    };
    for (const [key, hash] of Object.entries(known)) {
      expect(partitionOfKey(Buffer.from(key), 997), key).toBe((hash & 0x7f_ff_ff_ff) % 997);
    }
    const { topic } = world({ partitions: 7 });
    for (const key of ['a', 'b', 'c']) {
      expect(topic.produce({ key, value: '1' }).partition).toBe(topic.produce({ key, value: '2' }).partition);
    }
  });

  it('takes turns over the partitions when it has no key, and goes where it is told', () => {
    const { topic } = world({ partitions: 3 });
    const turns = [1, 2, 3].map(() => topic.produce({ value: 'x' }).partition);
    expect([...turns].sort()).toEqual([0, 1, 2]);
    expect(topic.produce({ value: 'x', partition: 2 })).toEqual({ partition: 2, offset: '1' });
    expect(refusal(() => topic.produce({ value: 'x', partition: 3 }))).toMatch(/^gone UNKNOWN_TOPIC_OR_PARTITION: .*no partition 3/u);
  });

  it('is refused with field and rule when it breaks one', () => {
    const { topic } = world({ maximumRecordBytes: 10 });
    const refused = (record: unknown): string => refusal(() => topic.produce(record as { value: string }));
    expect(refused('x')).toContain('a record must be an object');
    expect(refused({ value: 'x', colour: 'red' })).toContain('colour is no field of a record');
    expect(refused({ value: 1 })).toContain('value must be a text, a Uint8Array or null');
    expect(refused({})).toContain('value must be');
    expect(refused({ value: 'x', key: 1 })).toContain('key must be');
    expect(refused({ value: 'x', partition: -1 })).toContain('partition must be a whole number');
    expect(refused({ value: 'x', timestamp: 0.5 })).toContain('timestamp must be a whole number');
    expect(refused({ value: 'x', headers: ['x'] })).toContain('a header must be an object');
    expect(refused({ value: 'x', headers: [{ name: 1, value: 'x' }] })).toContain('the name of a header');
    expect(refused({ value: 'x'.repeat(11) })).toContain('raise maximumRecordBytes');
    expect(topic.peek(0).records).toEqual([]);
  });

  it('is throttled when the topic is full, until retention makes room', async () => {
    const { topic, clock } = world({ maximumRecords: 3, maximumBytes: 25, retentionMs: 1000 });
    topic.produceMany([{ value: 'x' }, { value: 'x' }, { value: 'x' }]);
    expect(refusal(() => topic.produce({ value: 'x' }))).toMatch(/^throttled TopicFull: .*3 records with 3 bytes.*maximumRecords is 3/u);
    await clock.advance(1001);
    topic.produce({ key: 'key', value: 'x'.repeat(20) });
    expect(refusal(() => topic.produce({ value: 'xxx' }))).toMatch(/^throttled TopicFull/u);
    topic.deleteRecords(0);
    expect(topic.produce({ value: 'xxx' }).offset).toBe('4');
  });

  it('has the producer’s timestamp, or the topic’s', async () => {
    const own = world();
    const topics = world({ timestampType: 'LOG_APPEND_TIME' });
    await topics.clock.advance(10);
    own.topic.produce({ value: 'x', timestamp: own.clock.wall() - 5 });
    topics.topic.produce({ value: 'x', timestamp: 5 });
    expect(own.topic.peek(0).records[0]).toMatchObject({ arrivedAt: own.clock.wall() - 5, timestampType: 'CREATE_TIME' });
    expect(topics.topic.peek(0).records[0]).toMatchObject({ arrivedAt: topics.clock.wall(), timestampType: 'LOG_APPEND_TIME' });
  });

  it('does not change with what the producer does to its buffer later', () => {
    const { topic } = world();
    const value = Buffer.from('before');
    topic.produce({ value });
    value.write('after!');
    expect(topic.peek(0).records[0]?.value?.toString()).toBe('before');
  });
});

describe('the log of an embedded partition', () => {
  it('loses what is past retention, from the head, and begins behind it', async () => {
    const { topic, clock } = world({ retentionMs: 1000 });
    topic.produceMany([{ value: 'a' }, { value: 'b' }]);
    await clock.advance(600);
    topic.produce({ value: 'c' });
    await clock.advance(600);
    expect(topic.peek(0)).toMatchObject({ logStart: '2', logEnd: '3' });
    await clock.advance(600);
    expect(topic.peek(0)).toEqual({ logStart: '3', logEnd: '3', records: [] });
  });

  it('is cut where records are deleted, also between two records, and not beyond its end', () => {
    const { topic } = world();
    topic.produceMany([{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
    topic.skipOffsets(0, 3);
    topic.deleteRecords(0, '5');
    expect(topic.peek(0)).toEqual({ logStart: '5', logEnd: '6', records: [] });
    topic.deleteRecords(0, '2');
    expect(topic.peek(0).logStart).toBe('5');
    expect(refusal(() => topic.deleteRecords(0, '7'))).toContain('the log of partition 0 ends at 6');
  });

  it('keeps the last record of every key when it is compacted, and its offsets', async () => {
    const { topic, clock } = world({ firstOffset: 8 });
    for (const [key, value] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      [null, '4'],
      ['b', '5'],
      [null, '6'],
    ] as const)
      topic.produce({ key, value });
    topic.compact(0);
    const member = new Member(topic);
    await clock.advance(10);
    const reader = member.read(0, 8, { maxRecords: 2 });
    expect(await clock.run(page(reader))).toEqual({ values: ['3', '4'], readTo: undefined });
    expect(await clock.run(page(reader))).toEqual({ values: ['5', '6'], readTo: undefined });
    expect(topic.peek(0).records.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['10', '11', '12', '13']);
    await member.membership.leave();
  });

  it('says how far a page reaches behind its last record, also with an empty page', async () => {
    const { topic, clock } = world();
    topic.produce({ value: 'a' });
    topic.skipOffsets(0, 2);
    const member = new Member(topic);
    await clock.advance(10);
    const reader = member.read(0, 0);
    expect(await clock.run(page(reader))).toEqual({ values: ['a'], readTo: '2' });
    expect(await clock.run(page(reader))).toEqual({ values: [], readTo: undefined });
    topic.skipOffsets(0, 1);
    expect(await clock.run(page(reader))).toEqual({ values: [], readTo: '3' });
    await member.membership.leave();
  });

  it('ends a transaction once', () => {
    const { topic } = world();
    const transaction = topic.transaction();
    transaction.produce({ value: 'a' });
    transaction.commit();
    expect(topic.peek(0).logEnd).toBe('2');
    expect(refusal(() => transaction.abort())).toContain('the transaction was committed');
    expect(refusal(() => transaction.produce({ value: 'b' }))).toContain('the transaction was committed');
  });

  it('refuses starts that have to be resolved first, and pages of no size', async () => {
    const { topic, clock } = world();
    const member = new Member(topic);
    await clock.advance(10);
    const latest = member.read(0, 0, { position: { kind: 'start', start: { kind: 'latest', since: 0 } } });
    await expect(clock.run(latest.next())).rejects.toMatchObject({ kind: 'invalid' });
    await expect(clock.run(member.read(0, 0, { maxRecords: 0 }).next())).rejects.toMatchObject({ kind: 'invalid' });
    await member.membership.leave();
  });
});
