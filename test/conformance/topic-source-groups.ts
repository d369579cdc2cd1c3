/** The promises about members of a group: who owns what, and what happens when that changes. */
import { expect } from 'vitest';
import { after, before, named, type SuiteMember, type TopicCase, type TopicDriver } from './topic-source-driver.ts';

/** The deadline of a rebalance comes between these parts of the session timeout. */
const DEADLINE_PARTS = [0.4, 1] as const;

/** The same epochs, by partition. */
function epochs(member: SuiteMember): Map<number, number> {
  return new Map(member.assigned.map(({ partition, epoch }) => [partition, epoch]));
}

/** A first member that owned everything, and a second that has its part now. */
async function two(driver: TopicDriver): Promise<{ one: SuiteMember; other: SuiteMember; had: Map<number, number> }> {
  const one = await driver.owner();
  const had = epochs(one);
  const other = driver.join();
  await driver.spread(one, other);
  return { one, other, had };
}

const spreading: readonly TopicCase[] = [
  {
    promise: 'gives a member alone all partitions, and not before join has returned',
    setup: { partitions: 3 },
    prove: async (driver) => {
      const member = driver.join();
      expect(member.heard).toEqual([]);
      await driver.until(() => member.assigned.length === 3, 'the member has all');
      expect(member.heard).toEqual(['assigned']);
      expect([...member.partitions].sort()).toEqual([0, 1, 2]);
    },
  },
  {
    promise: 'spreads partitions over members; what stays keeps its epoch',
    setup: { partitions: 4 },
    prove: async (driver) => {
      const { one, other, had } = await two(driver);
      expect(one.assigned).toHaveLength(2);
      expect(other.assigned).toHaveLength(2);
      for (const [partition, epoch] of epochs(one)) expect(epoch).toBe(had.get(partition));
      expect(one.heard).toEqual(['assigned', 'revoking', 'assigned']);
      expect([one.mostCalls, other.mostCalls]).toEqual([1, 1]);
    },
  },
  {
    promise: 'gives what was somebody else’s another epoch when it comes back, and takes no old one',
    setup: { partitions: 2 },
    prove: async (driver) => {
      const { one, other, had } = await two(driver);
      const [moved = -1] = other.partitions;
      const [stayed = -1] = one.partitions;
      await other.end();
      await driver.spread(one);
      expect(one.epochOf(moved)).not.toBe(had.get(moved));
      expect(one.epochOf(stayed)).toBe(had.get(stayed));
      expect(await one.commit(moved, 0, 'old', had.get(moved))).toBe('refused');
      expect(await driver.run(driver.topic.committed(moved))).toBeUndefined();
      expect(await one.commit(moved, 0, 'new')).toBe('committed');
      expect(await one.commit(stayed, 0, 'kept', had.get(stayed))).toBe('committed');
    },
  },
  {
    promise: 'keeps groups apart',
    prove: async (driver) => {
      const one = await driver.owner();
      const other = driver.join(`${driver.topic.groupId}-other`);
      await driver.until(() => other.assigned.length === 1, 'the other group has the partition too');
      expect(one.heard).toEqual(['assigned']);
      expect(await one.commit(0, 0, 'one')).toBe('committed');
      expect((await other.offsets(0)).committed).toBeUndefined();
    },
  },
  {
    promise: 'gives partitions that are added to somebody',
    needs: ['addPartitions'],
    prove: async (driver) => {
      const member = await driver.owner();
      const epoch = member.epochOf(0);
      await driver.did(driver.topic.addPartitions?.(2));
      await driver.until(() => member.assigned.length === 3, 'the member has the new partitions');
      expect(member.epochOf(0)).toBe(epoch);
      await driver.produce(2, 'a');
      expect(driver.values(await member.collect(2, 1, before(0)))).toEqual(['a']);
      expect(await driver.run(driver.source.describe())).toEqual({ partitions: 3 });
    },
  },
];

const holding: readonly TopicCase[] = [
  {
    promise: 'holds a rebalance until what runs is done, and takes commits meanwhile',
    setup: { partitions: 2 },
    prove: async (driver) => {
      const one = await driver.owner();
      const had = epochs(one);
      let release = (): void => undefined;
      const results: unknown[] = [];
      one.whileRevoking = async (partitions) => {
        expect([...partitions].sort()).toEqual([0, 1]);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        for (const partition of [0, 1]) results.push(await one.membership.commit([commitOf(partition, had)]));
      };
      const other = driver.join();
      await driver.until(() => one.isRevoking, 'the first member hears of the rebalance');
      await driver.topic.pause(driver.topic.sessionTimeoutMs * 0.2);
      expect(other.assigned).toEqual([]);
      expect(one.deadlines.at(-1)?.aborted).toBe(false);
      release();
      await driver.spread(one, other);
      expect(results).toEqual([['committed'], ['committed']]);
      for (const partition of other.partitions) {
        expect((await other.offsets(partition)).committed).toEqual({ offset: '0', metadata: 'at the last moment' });
      }
    },
  },
  {
    promise: 'lets a rebalance wait no longer than the deadline that it gives',
    setup: { partitions: 2 },
    prove: async (driver) => {
      const { topic } = driver;
      const one = await driver.owner();
      let began = 0;
      let lasted = 0;
      one.whileRevoking = async (_, deadline) => {
        began = topic.now();
        await new Promise<void>((resolve) => {
          deadline.addEventListener('abort', () => {
            resolve();
          });
        });
        lasted = topic.now() - began;
      };
      const other = driver.join();
      await driver.spread(one, other);
      const [least, most] = DEADLINE_PARTS;
      expect(lasted).toBeGreaterThanOrEqual(topic.sessionTimeoutMs * least);
      expect(lasted).toBeLessThanOrEqual(topic.sessionTimeoutMs * most);
      expect(one.heard).toEqual(['assigned', 'revoking', 'assigned']);
      expect(one.troubles).toEqual([]);
    },
  },
  {
    promise: 'refuses a commit for what is somebody else’s now, and ends its read',
    setup: { partitions: 2 },
    prove: async (driver) => {
      for (const partition of [0, 1]) await driver.produce(partition, ...named('v', 3));
      const one = await driver.owner();
      const had = epochs(one);
      const readers = new Map([0, 1].map((partition) => [partition, one.read(partition, before(0), { maxRecords: 1 })]));
      for (const reader of readers.values()) await reader.collect(1);
      const other = driver.join();
      await driver.spread(one, other);
      const [moved = -1] = other.partitions;
      expect(await other.commit(moved, 2, 'mine')).toBe('committed');
      expect(await one.commit(moved, 1, 'late', had.get(moved))).toBe('refused');
      expect(await driver.run(driver.topic.committed(moved))).toEqual({ offset: '2', metadata: 'mine' });
      await readers.get(moved)?.toEnd();
      expect(driver.values(await other.collect(moved, 1, before(2)))).toEqual(['v3']);
    },
  },
  {
    promise: 'goes on with what stays, from any position, under the same epoch',
    setup: { partitions: 2 },
    prove: async (driver) => {
      for (const partition of [0, 1]) await driver.produce(partition, ...named('v', 4));
      const one = await driver.owner();
      const had = epochs(one);
      const first = await one.collect(0, 2, before(0), { maxRecords: 1 });
      const second = await one.collect(1, 2, before(0), { maxRecords: 1 });
      const other = driver.join();
      await driver.spread(one, other);
      const [stayed = -1] = one.partitions;
      const got = stayed === 0 ? first : second;
      const epoch = had.get(stayed) ?? -1;
      expect(driver.values(await one.collect(stayed, 2, after(got.at(-1)), { epoch }))).toEqual(['v3', 'v4']);
      expect(driver.values(await one.collect(stayed, 4, before(0), { epoch }))).toEqual(named('v', 4));
      expect(await one.commit(stayed, 4, '', epoch)).toBe('committed');
    },
  },
];

function commitOf(partition: number, had: ReadonlyMap<number, number>) {
  const { sequenceNumber } = before(0) as Extract<ReturnType<typeof before>, { kind: 'before' }>;
  return { partition, epoch: had.get(partition) ?? -1, offset: sequenceNumber, metadata: 'at the last moment' };
}

const losing: readonly TopicCase[] = [
  {
    promise: 'gives the partitions of a member that leaves to the others at once, and tells it nothing more',
    setup: { partitions: 2 },
    prove: async (driver) => {
      const { topic } = driver;
      const { one, other } = await two(driver);
      const heard = other.heard.length;
      const began = topic.now();
      await driver.run(Promise.all([other.membership.leave(), other.membership.leave()]));
      await driver.spread(one);
      expect(topic.now() - began).toBeLessThan(topic.sessionTimeoutMs);
      await driver.run(other.membership.leave());
      expect(other.heard).toHaveLength(heard);
    },
  },
  {
    promise: 'leaves nothing behind, also when it leaves before it was a member',
    prove: async (driver) => {
      const member = await driver.owner();
      const reader = member.read(0, before(0));
      await reader.page();
      await member.end();
      const early = driver.join();
      await driver.run(early.membership.leave());
      expect(early.heard).toEqual([]);
      expect(driver.topic.leftovers()).toEqual([]);
    },
  },
  {
    promise: 'gives the partitions of a member that is gone to the others when its session is over',
    needs: ['kill'],
    setup: { partitions: 2 },
    prove: async (driver) => {
      const { one, other } = await two(driver);
      const had = epochs(one);
      const [moved = -1] = other.partitions;
      expect(await other.commit(moved, 0, 'last words')).toBe('committed');
      await driver.did(driver.topic.kill?.(other.membership));
      await driver.until(() => one.assigned.length === 2, 'the one that is left has all');
      for (const [partition, epoch] of had) expect(one.epochOf(partition)).toBe(epoch);
      expect((await one.offsets(moved)).committed).toEqual({ offset: '0', metadata: 'last words' });
    },
  },
  {
    promise: 'tells a member that was put out so, refuses what it had, and joins again under other epochs',
    needs: ['expire'],
    prove: async (driver) => {
      const { topic } = driver;
      const member = await driver.owner();
      const old = member.epochOf(0);
      expect(await member.commit(0, 0, 'before')).toBe('committed');
      await driver.did(topic.expire?.(member.membership));
      await driver.until(() => member.troubles.length > 0, 'the member hears of it');
      expect(member.troubles[0]?.error.kind).toBe('unavailable');
      expect(await driver.run(member.membership.commit([{ ...commitOf(0, new Map([[0, old]])), metadata: 'after' }]))).toEqual(['refused']);
      await driver.until(() => member.assigned.length === 1, 'it is a member again');
      expect(member.epochOf(0)).not.toBe(old);
      expect(await member.commit(0, 0, 'after', old)).toBe('refused');
      expect(await driver.run(topic.committed(0))).toEqual({ offset: '0', metadata: 'before' });
      expect(member.mostCalls).toBe(1);
    },
  },
];

export const groupCases: readonly TopicCase[] = [...spreading, ...holding, ...losing];
