/** The promises about what a group commits, and about positions that are not in the log. */
import { expect } from 'vitest';
import { COMMIT_METADATA_MAX, SourceError, sequenceNumber } from '../../src/index.ts';
import { before, expectSourceError, named, type TopicCase, type TopicDriver } from './topic-source-driver.ts';

const METADATA = 'row 1 {"v":1} ~!@#$%^&*()_+|';

/** A group that another client has left at an offset, and a member that takes it over. */
async function foreign(driver: TopicDriver, offset: string): Promise<{ readonly kept: { offset: string; metadata: string } }> {
  const kept = { offset, metadata: 'left by another client' };
  await driver.run(driver.topic.setCommitted(0, kept));
  return { kept };
}

const commits: readonly TopicCase[] = [
  {
    promise: 'knows of every partition where its log begins and ends, and nothing committed in a new group',
    setup: { partitions: 2 },
    prove: async (driver) => {
      await driver.produce(1, 'a', 'b', 'c');
      const member = await driver.owner();
      const offsets = await driver.run(member.membership.offsets());
      expect([...offsets].sort((a, b) => a.partition - b.partition)).toEqual([
        { partition: 0, committed: undefined, logStart: '0', logEnd: '0' },
        { partition: 1, committed: undefined, logStart: '0', logEnd: '3' },
      ]);
    },
  },
  {
    promise: 'finds the first offset at or after an instant, and the end of the log when there is none',
    prove: async (driver) => {
      const at = driver.topic.now() - 60_000;
      const put = named('v', 4).map((value, index) => ({ partition: 0, key: null, value, timestamp: at + 1000 * index }));
      await driver.run(driver.topic.produce(put));
      const member = await driver.owner();
      const offsetAt = (timestamp: number): Promise<string> => driver.run(member.membership.offsetAt(0, timestamp));
      expect(await offsetAt(at - 1)).toBe('0');
      expect(await offsetAt(at)).toBe('0');
      expect(await offsetAt(at + 1)).toBe('1');
      expect(await offsetAt(at + 3000)).toBe('3');
      expect(await offsetAt(at + 3001)).toBe('4');
    },
  },
  {
    promise: 'keeps a commit with its metadata, to the last one, and for who comes later',
    prove: async (driver) => {
      await driver.produce(0, 'a', 'b', 'c');
      const member = await driver.owner();
      expect(await member.commit(0, 1, METADATA)).toBe('committed');
      expect(await driver.run(driver.topic.committed(0))).toEqual({ offset: '1', metadata: METADATA });
      expect(await member.commit(0, 3, '')).toBe('committed');
      expect(await member.commit(0, 2, 'lower again')).toBe('committed');
      await member.end();
      const next = await driver.owner();
      expect((await next.offsets(0)).committed).toEqual({ offset: '2', metadata: 'lower again' });
    },
  },
  {
    promise: 'commits several partitions in one call, with a result for each in their order',
    setup: { partitions: 3 },
    prove: async (driver) => {
      const member = await driver.owner();
      const one = (partition: number, epoch: number, metadata = METADATA) => ({ partition, epoch, offset: sequenceNumber('0'), metadata });
      const asked = [one(2, member.epochOf(2)), one(0, member.epochOf(0) + 1000), one(1, member.epochOf(1))];
      expect(await driver.run(member.membership.commit(asked))).toEqual(['committed', 'refused', 'committed']);
      expect(await driver.run(driver.topic.committed(0))).toBeUndefined();
      expect(await driver.run(driver.topic.committed(1))).toEqual({ offset: '0', metadata: METADATA });
      expect(await driver.run(driver.topic.committed(2))).toEqual({ offset: '0', metadata: METADATA });
      expect(await driver.run(member.membership.commit([]))).toEqual([]);
    },
  },
  {
    promise: 'takes 4,096 characters of metadata, and says invalid of more, for that partition alone',
    setup: { partitions: 2 },
    prove: async (driver) => {
      const member = await driver.owner();
      const full = 'x'.repeat(COMMIT_METADATA_MAX);
      const offset = sequenceNumber('0');
      const results = await driver.run(
        member.membership.commit([
          { partition: 0, epoch: member.epochOf(0), offset, metadata: `${full}x` },
          { partition: 1, epoch: member.epochOf(1), offset, metadata: full },
        ]),
      );
      expect(results[0]).toBeInstanceOf(SourceError);
      expect(results[0]).toMatchObject({ kind: 'invalid' });
      expect(results[1]).toBe('committed');
      expect(await driver.run(driver.topic.committed(0))).toBeUndefined();
      expect((await member.offsets(1)).committed).toEqual({ offset: '0', metadata: full });
    },
  },
  {
    promise: 'refuses a commit under an epoch that the partition does not have, and changes nothing',
    prove: async (driver) => {
      await driver.produce(0, 'a', 'b');
      const member = await driver.owner();
      expect(await member.commit(0, 1, METADATA)).toBe('committed');
      expect(await member.commit(0, 2, 'wrong', member.epochOf(0) + 1)).toBe('refused');
      expect(await member.commit(0, 2, 'wrong', member.epochOf(0) - 1)).toBe('refused');
      expect(await driver.run(driver.topic.committed(0))).toEqual({ offset: '1', metadata: METADATA });
    },
  },
];

const outOfRange: readonly TopicCase[] = [
  {
    promise: 'begins at the end of the log, and says trimmed beyond it, touching nothing of the group',
    prove: async (driver) => {
      await driver.produce(0, 'a', 'b');
      const { kept } = await foreign(driver, '7');
      const member = await driver.owner();
      expect(await member.offsets(0)).toEqual({ partition: 0, committed: kept, logStart: '0', logEnd: '2' });
      const beyond = member.read(0, before(7));
      await expectSourceError(beyond.page(), 'trimmed');
      expect(await beyond.page()).toBeUndefined();
      const reader = member.read(0, before(2));
      expect(await reader.page()).toMatchObject({ records: [] });
      await driver.produce(0, 'c');
      expect(driver.values(await reader.collect(1))).toEqual(['c']);
      await reader.end();
      expect(await driver.run(driver.topic.committed(0))).toEqual(kept);
      await member.end();
      expect(await driver.run(driver.topic.committed(0))).toEqual(kept);
    },
  },
  {
    promise: 'says trimmed below the start of the log, touching nothing of the group',
    needs: ['deleteRecords'],
    prove: async (driver) => {
      const offsets = await driver.produce(0, ...named('v', 4));
      const { kept } = await foreign(driver, offsets[1] ?? '');
      await driver.did(driver.topic.deleteRecords?.(0, offsets[2] ?? ''));
      const member = await driver.owner();
      expect(await member.offsets(0)).toEqual({ partition: 0, committed: kept, logStart: '2', logEnd: '4' });
      const reader = member.read(0, before(1));
      await expectSourceError(reader.page(), 'trimmed');
      expect(await reader.page()).toBeUndefined();
      await member.end();
      expect(await driver.run(driver.topic.committed(0))).toEqual(kept);
    },
  },
  {
    promise: 'begins behind a record that is gone when nothing behind it is',
    needs: ['deleteRecords'],
    prove: async (driver) => {
      const offsets = await driver.produce(0, ...named('v', 4));
      await driver.did(driver.topic.deleteRecords?.(0, offsets[2] ?? ''));
      const member = await driver.owner();
      const position = { kind: 'after', sequenceNumber: sequenceNumber(offsets[1] ?? '') } as const;
      expect(driver.values(await member.collect(0, 2, position))).toEqual(['v3', 'v4']);
    },
  },
];

export const offsetCases: readonly TopicCase[] = [...commits, ...outOfRange];
