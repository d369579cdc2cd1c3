import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigResourceTypes, Partitioners } from 'kafkajs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { kafka } from '../../adapters/source/kafka/index.ts';
import type { StreamStep } from '../../src/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { setCommitted } from '../support/kafka-groups.ts';
import { at, Member, until } from '../support/kafka-member.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

const SESSION_MS = 6_000;
const broker = await sharedKafka();
const topics = new KafkaTopics(broker.bootstrap);
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => topics.close());

async function owner(
  topic: string,
  {
    groupId = `g-${randomUUID()}`,
    isolation = 'read_uncommitted',
  }: { groupId?: string; isolation?: 'read_uncommitted' | 'read_committed' } = {},
): Promise<Member> {
  const source = kafka({ brokers: [broker.bootstrap], topic, sessionTimeoutMs: SESSION_MS, isolation });
  const member = new Member(source, groupId);
  ends.push(() => source.close());
  await until(() => member.assigned.length > 0, 'the partitions');
  return member;
}

/** Pages from the beginning until the log's end. */
async function pagesToEnd(member: Member): Promise<Extract<StreamStep, { kind: 'page' }>[]> {
  const pages: Extract<StreamStep, { kind: 'page' }>[] = [];
  const request = { partition: 0, epoch: member.epochOf(0), position: at(0), maxRecords: 100, signal: member.stop.signal };
  for await (const step of member.membership.read(request)) {
    if (step.kind !== 'page') continue;
    pages.push(step);
    if (step.millisBehindLatest === 0) break;
  }
  return pages;
}

/** How far pages reach. */
function reach(pages: readonly Extract<StreamStep, { kind: 'page' }>[]): number {
  return Math.max(
    -1,
    ...pages.flatMap(({ records, readTo }) => [...records.map(({ sequenceNumber }) => Number(sequenceNumber)), Number(readTo ?? -1)]),
  );
}

async function idempotent(topic: string, values: readonly string[]): Promise<void> {
  const producer = topics.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  await producer.connect();
  for (const value of values) await producer.send({ topic, messages: [{ key: 'same', value }] });
  await producer.disconnect();
}

describe('gaps in a log', () => {
  it('are passed over where compaction took records away, also where a whole segment is one empty batch', async () => {
    const topic = await topics.create(1, undefined, { 'segment.ms': '300', 'segment.bytes': '1048576' });
    // The last batch of each idempotent producer stays as an empty one, because the broker keeps its numbers there.
    for (let round = 0; round < 4; round += 1) {
      await idempotent(
        topic,
        ['a', 'b', 'c'].map((value) => value.repeat(200_000)),
      );
      await sleep(400);
    }
    await topics.produce(topic, [{ partition: 0, key: 'same', value: 'last' }]);
    // All at once: segments as small as they are afterwards would become one.
    const config = { 'cleanup.policy': 'compact', 'segment.ms': '300', 'segment.bytes': '1048576', 'min.cleanable.dirty.ratio': '0.01' };
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await topics.admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }] });
    const member = await owner(topic);
    let pages = await pagesToEnd(member);
    const read = (): (string | undefined)[] => pages.flatMap(({ records }) => records.map(({ sequenceNumber }) => sequenceNumber));
    expect(reach(pages)).toBe(12);
    await until(async () => {
      pages = await pagesToEnd(member);
      return read().length === 2;
    }, 'the log is compacted');
    // The segment that is written to is never compacted.
    expect(read()).toEqual(['11', '12']);
    expect(pages.filter(({ records }) => records.length === 0).map(({ readTo }) => readTo)).toEqual(['2', '5', '8']);
    expect(reach(pages)).toBe(12);
    expect((await topics.bounds(topic))[0]).toEqual({ partition: 0, low: '0', high: '13' });
  });

  it('are passed over where transactions ended or were taken back, to the end, with pages of one record', async () => {
    const topic = await topics.create(1);
    await topics.produceTransaction(topic, [{ value: 'a' }, { value: 'b' }], 'commit');
    await topics.produceTransaction(topic, [{ value: 'x' }, { value: 'y' }], 'abort');
    await topics.produce(topic, [{ value: 'c' }]);
    await topics.produceTransaction(topic, [{ value: 'z' }], 'abort');
    // Each transaction ends with a marker, which is written a little later than its end is confirmed.
    const end = 8;
    await until(async () => (await topics.bounds(topic))[0]?.high === String(end + 1), 'the last marker');
    const committed = await owner(topic, { isolation: 'read_committed' });
    const pages = await pagesToEnd(committed);
    expect(pages.flatMap(({ records }) => records)).toHaveLength(3);
    expect(reach(pages)).toBe(end);
    expect(await committed.values(0, at(0), ({ length }) => length === 3)).toEqual(['a', 'b', 'c']);
    // From the middle of what was taken back, and of a batch.
    expect(await committed.values(0, at(4), ({ length }) => length === 1)).toEqual(['c']);
    expect(await committed.values(0, at(1), ({ length }) => length === 2)).toEqual(['b', 'c']);
    const all = await owner(topic);
    expect(reach(await pagesToEnd(all))).toBe(end);
    expect(await all.values(0, at(0), ({ length }) => length === 6)).toEqual(['a', 'b', 'x', 'y', 'c', 'z']);
  });

  it('are none where a batch is larger than what is fetched at once', async () => {
    const topic = await topics.create(1, undefined, { 'max.message.bytes': '8000000' });
    const large = 'x'.repeat(3_000_000);
    await topics.produce(topic, [{ value: 'before' }]);
    await topics.produce(topic, [{ value: large }]);
    await topics.produce(topic, [{ value: 'behind' }]);
    const member = await owner(topic);
    const values = await member.values(0, at(0), ({ length }) => length === 3);
    expect(values.map(({ length }) => length)).toEqual([6, 3_000_000, 6]);
  });
});

describe('an offset that is not in the log', () => {
  it.each([
    ['beyond the end', '7', 'OFFSET_OUT_OF_RANGE', /offset 7 is not in the log, which ends at 4/u],
    ['below the start', '1', 'OFFSET_OUT_OF_RANGE', /offset 1 is no longer in the log, which begins at 2/u],
  ])('ends the read %s, and leaves offset and metadata of the group alone', async (_where, offset, code, text) => {
    const topic = await topics.create(1);
    const groupId = `g-${randomUUID()}`;
    await topics.produce(
      topic,
      ['a', 'b', 'c', 'd'].map((value) => ({ value })),
    );
    await topics.deleteRecords(topic, 0, '2');
    await setCommitted(topics.kafka, groupId, topic, { partition: 0, offset, metadata: 'row of another' });
    const member = await owner(topic, { groupId });
    await expect(member.values(0, at(offset), () => false)).rejects.toMatchObject({
      kind: 'trimmed',
      code,
      message: expect.stringMatching(text) as string,
    });
    expect(member.heard).toEqual(['assigned 0']);
    await member.leave();
    expect((await topics.committed(groupId, topic)).get(0)).toEqual({ offset, metadata: 'row of another' });
  });

  it('is noticed while reading goes on, when the log loses what was next', async () => {
    const topic = await topics.create(1);
    await topics.produce(
      topic,
      ['a', 'b', 'c', 'd'].map((value) => ({ value })),
    );
    const member = await owner(topic);
    await topics.deleteRecords(topic, 0, '3');
    await expect(member.values(0, at(2), () => false)).rejects.toMatchObject({ kind: 'trimmed' });
    expect(await member.values(0, at(3), ({ length }) => length === 1)).toEqual(['d']);
  });
});

describe('a topic', () => {
  it('that is deleted ends reads with not-found, and its members hear so and come back when it is made again', async () => {
    const mine = new KafkaTopics(broker.bootstrap);
    ends.push(() => mine.close());
    const topic = await mine.create(1);
    const member = await owner(topic);
    const reading = member
      .values(0, at(0), () => false)
      .then(
        () => 'ended',
        (error: unknown) => error,
      );
    await mine.remove(topic);
    // Whichever notices first: the read, or the member, which ends it.
    expect(['ended', expect.objectContaining({ kind: 'not-found' })]).toContainEqual(await reading);
    await until(() => member.troubles.some(({ error }) => error.kind === 'not-found'), 'the member hears of it');
    expect(member.assigned).toEqual([]);
    const again = new KafkaTopics(broker.bootstrap);
    ends.push(() => again.close());
    await again.create(2, topic);
    await until(() => member.assigned.length === 2, 'the new topic');
    expect(member.epochOf(0)).toBeGreaterThan(1);
  });
});
