import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { logLevel } from 'kafkajs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type KafkaOptions, type KafkaRecord, kafka } from '../../adapters/source/kafka/index.ts';
import type { TopicSource } from '../../src/index.ts';
import { sharedKafka } from '../support/backends/inject.ts';
import { at, isSpread, Member, until } from '../support/kafka-member.ts';
import { SourceSockets } from '../support/kafka-sockets.ts';
import { KafkaTopics } from '../support/kafka-topics.ts';

/** The least that a broker takes unless it is told otherwise. */
const SESSION_MS = 6_000;
/** How long nobody asks for a page: three sessions, in the long form a minute. */
const SILENCE_MS = process.env['MILLRACE_KAFKA_LONG'] === '1' ? 60_000 : 3 * SESSION_MS;
const broker = await sharedKafka();
const topics = new KafkaTopics(broker.bootstrap);
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => topics.close());

function open(topic: string, options: Partial<KafkaOptions> = {}): TopicSource<unknown, KafkaRecord> {
  const source = kafka({ brokers: [broker.bootstrap], topic, sessionTimeoutMs: SESSION_MS, metadataMaxAgeMs: 500, ...options });
  ends.push(() => source.close());
  return source;
}

function join(source: TopicSource<unknown, KafkaRecord>, groupId: string): Member {
  const member = new Member(source, groupId);
  ends.push(() => member.leave());
  return member;
}

/** The group as the broker has it. */
async function described(groupId: string): Promise<{ state: string; members: string[] }> {
  const { groups } = await topics.admin.describeGroups([groupId]);
  const [group] = groups;
  return { state: group?.state ?? '', members: (group?.members ?? []).map(({ memberId }) => memberId).sort() };
}

describe('a membership', () => {
  it('needs nobody to ask for pages', async () => {
    const topic = await topics.create(2);
    await topics.produce(topic, [{ partition: 0, value: 'a' }]);
    const groupId = `g-${randomUUID()}`;
    const member = join(open(topic), groupId);
    await until(() => member.assigned.length === 2, 'all partitions');
    const before = await described(groupId);
    await sleep(SILENCE_MS);
    expect(member.heard).toEqual(['assigned 0,1']);
    expect(await described(groupId)).toEqual(before);
    expect(before.state).toBe('Stable');
    expect(await member.values(0, at(0), ({ length }) => length === 1)).toEqual(['a']);
    expect(await member.commit(0, 1)).toBe('committed');
  });

  it('is lost at once when the process did not come to beat for longer than the session, and comes back under other epochs', async () => {
    const topic = await topics.create(1);
    const member = join(open(topic), `g-${randomUUID()}`);
    await until(() => member.assigned.length === 1, 'the partition');
    const old = member.epochOf(0);
    // Stops the event loop without burning the processor that the broker needs.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SESSION_MS + 500);
    await until(() => member.heard.length >= 4, 'a new membership');
    expect(member.heard).toEqual(['assigned 0', 'assigned ', 'trouble SessionTimeout', 'assigned 0']);
    expect(member.epochOf(0)).not.toBe(old);
    expect(await member.commit(0, 0, 'late', old)).toBe('refused');
    expect((await topics.committed(`none-${topic}`, topic)).size).toBe(0);
    expect(await member.commit(0, 0, 'new')).toBe('committed');
  });

  it('leaves no socket and no timer, in the middle of a read, of a rebalance, of a first join, or without a broker', async () => {
    const topic = await topics.create(2);
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const sockets = new SourceSockets();
    const source = open(topic);
    const groupId = `g-${randomUUID()}`;
    const one = join(source, groupId);
    await until(() => one.assigned.length === 2, 'all partitions');
    const reading = one.values(0, at(0), () => false);
    one.whileRevoking = () => new Promise(() => undefined);
    const other = join(source, groupId);
    await until(() => one.heard.includes('revoking 0,1'), 'a rebalance');
    const nowhere = kafka({ brokers: ['127.0.0.1:1'], topic });
    const lost = join(nowhere, groupId);
    await until(() => lost.troubles.length > 0, 'trouble');
    await Promise.all([one.leave(), other.leave(), lost.leave(), nowhere.close(), source.close()]);
    await reading;
    expect(sockets.opened).toBeGreaterThan(3);
    expect(sockets.open).toBe(0);
    sockets.end();
    await until(() => timers() <= before, 'timers are gone');
    await until(async () => ['Empty', 'Dead'].includes((await described(groupId)).state), 'the group is empty');
  });
});

describe('a rebalance', () => {
  it('waits for two members that hold, and takes a third that comes meanwhile; nobody ever has what another has', async () => {
    const topic = await topics.create(6);
    const groupId = `g-${randomUUID()}`;
    const sources = [open(topic), open(topic), open(topic)] as const;
    const members: Member[] = [join(sources[0], groupId)];
    const overlaps: string[] = [];
    const watch = setInterval(() => {
      const holding = members.filter(({ heard }) => !(heard.at(-1) ?? '').startsWith('trouble'));
      const all = holding.flatMap((member) => member.partitions);
      // Between the first member's news and the last one's only partitions that nobody works on are in two lists.
      const isMoving = holding.some(({ heard }) => (heard.at(-1) ?? 'revoking').startsWith('revoking'));
      if (!isMoving && new Set(all).size !== all.length) overlaps.push(holding.map(({ partitions }) => partitions.join()).join(' | '));
    }, 5);
    ends.push(() => {
      clearInterval(watch);
      return Promise.resolve();
    });
    await until(() => isSpread(6, members), 'one has all');
    const first = new Map(members[0]?.assigned.map(({ partition, epoch }) => [partition, epoch]));
    for (const member of members) member.whileRevoking = () => sleep(800);
    const second = join(sources[1], groupId);
    second.whileRevoking = () => sleep(400);
    members.push(second);
    await until(() => isSpread(6, members), 'two have all');
    const kept = members[0]?.assigned ?? [];
    expect(kept).toHaveLength(3);
    for (const { partition, epoch } of kept) expect(epoch).toBe(first.get(partition));
    members.push(join(sources[2], groupId));
    await until(() => isSpread(6, members), 'three have all');
    expect(members.map(({ assigned }) => assigned.length)).toEqual([2, 2, 2]);
    for (const { partition, epoch } of members[0]?.assigned ?? []) expect(epoch).toBe(first.get(partition));
    const leaver = members.splice(1, 1)[0];
    await leaver?.leave();
    await until(() => isSpread(6, members), 'the two that are left have all');
    for (const { partition, epoch } of members[0]?.assigned ?? []) {
      if (kept.some((one) => one.partition === partition && one.epoch === epoch)) expect(epoch).toBe(first.get(partition));
    }
    expect(members.flatMap(({ troubles }) => troubles)).toEqual([]);
    expect(overlaps).toEqual([]);
  });

  it('goes on when whoever holds never comes to rest, and gives it no partition under its old epoch that was moved', async () => {
    const topic = await topics.create(2);
    const groupId = `g-${randomUUID()}`;
    const source = open(topic);
    const one = join(source, groupId);
    await until(() => one.assigned.length === 2, 'all partitions');
    const had = new Map(one.assigned.map(({ partition, epoch }) => [partition, epoch]));
    let isAborted = false;
    one.whileRevoking = (deadline) => {
      deadline.addEventListener('abort', () => {
        isAborted = true;
      });
      return new Promise(() => undefined);
    };
    const other = join(source, groupId);
    const began = performance.now();
    await until(() => isSpread(2, [one, other]), 'both have one');
    expect(isAborted).toBe(true);
    // The broker itself would go on after two sessions, without whoever holds.
    expect(performance.now() - began).toBeLessThan(1.9 * SESSION_MS);
    const [moved = -1] = other.partitions;
    expect(await one.commit(moved, 0, 'late', had.get(moved))).toBe('refused');
    expect(one.epochOf(one.partitions[0] ?? -1)).toBe(had.get(one.partitions[0] ?? -1));
  });

  it('shares a group with members of kafkajs, whoever of them leads', async () => {
    const topic = await topics.create(4);
    for (const leader of ['ours', 'theirs'] as const) {
      const groupId = `g-${randomUUID()}`;
      const theirs = topics.kafka.consumer({ groupId, sessionTimeout: SESSION_MS, heartbeatInterval: 500, maxWaitTimeInMs: 100 });
      theirs.logger().setLogLevel(logLevel.NOTHING);
      let given: readonly number[] = [];
      theirs.on(theirs.events.GROUP_JOIN, ({ payload }) => {
        given = payload.memberAssignment[topic] ?? [];
      });
      const start = async (): Promise<void> => {
        await theirs.subscribe({ topic, fromBeginning: true });
        await theirs.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
        await until(() => given.length > 0, 'theirs has some');
      };
      ends.push(() => theirs.disconnect());
      if (leader === 'theirs') await start();
      const ours = join(open(topic), groupId);
      await until(() => ours.assigned.length > 0, 'ours has some');
      if (leader === 'ours') await start();
      await until(() => ours.assigned.length === 2 && given.length === 2, 'both have two');
      expect([...ours.partitions, ...given].sort()).toEqual([0, 1, 2, 3]);
      expect(await ours.commit(ours.partitions[0] ?? -1, 0)).toBe('committed');
    }
  });
});
