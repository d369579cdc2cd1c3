/** The promises about streams that change: shards that are split and merged, records that go, iterators that expire. */
import { expect } from 'vitest';
import {
  after,
  expectGrowing,
  expectSourceError,
  named,
  type StreamCase,
  type StreamDriver,
  startAt,
  TRIM_HORIZON,
} from './stream-source-driver.ts';

const KEYS = named('key', 16);

/** Two values of every key. */
async function putAllKeys(driver: StreamDriver, name: string): Promise<void> {
  await driver.stream.put([1, 2].flatMap((turn) => KEYS.map((key) => ({ key, value: `${key} ${name}${String(turn)}` }))));
}

function expectAllKeysInOrder(values: readonly string[], name: string): void {
  for (const key of KEYS) {
    expect(values.filter((value) => value.startsWith(`${key} `))).toEqual([`${key} ${name}1`, `${key} ${name}2`]);
  }
  expect(values).toHaveLength(2 * KEYS.length);
}

/** The ids of open shards, and of closed ones. */
async function shardIds(driver: StreamDriver): Promise<{ readonly open: string[]; readonly closed: string[] }> {
  const shards = await driver.shards();
  const ids = (isClosed: boolean): string[] => shards.filter((shard) => shard.isClosed === isClosed).map(({ shardId }) => shardId);
  return { open: ids(false), closed: ids(true) };
}

/** What is in open shards, `count` records together. */
async function inShards(driver: StreamDriver, ids: readonly string[], count: number): Promise<string[]> {
  const readers = await Promise.all(ids.map((shardId) => driver.reader(TRIM_HORIZON, { shardId })));
  const values: string[] = [];
  for (let round = 0; values.length < count && round < 30; round += 1) {
    for (const reader of readers) values.push(...driver.values((await reader.page())?.records ?? []));
  }
  return values;
}

const reshards: readonly StreamCase[] = [
  {
    promise: 'splits a shard into two children that name it, and ends it behind its last record',
    needs: ['reshard'],
    prove: async (driver) => {
      const parent = await driver.shardId();
      await putAllKeys(driver, 'before');
      await driver.did(driver.stream.split?.(parent));
      await putAllKeys(driver, 'after');
      const { open, closed } = await shardIds(driver);
      expect(closed).toEqual([parent]);
      expect(open).toHaveLength(2);
      for (const { shardId, parents } of await driver.shards()) expect(parents).toEqual(shardId === parent ? [] : [parent]);
      const before = await driver.toEnd(parent);
      expectGrowing(before);
      expectAllKeysInOrder(driver.values(before), 'before');
      expectAllKeysInOrder(await inShards(driver, open, 2 * KEYS.length), 'after');
      const resumed = await driver.reader(after(before.at(-1)), { shardId: parent });
      expect(await resumed.toEnd()).toEqual([]);
      expect(await resumed.page()).toBeUndefined();
    },
  },
  {
    promise: 'merges two shards into a child that names both',
    needs: ['reshard'],
    setup: { shards: 2 },
    prove: async (driver) => {
      const { open: parents } = await shardIds(driver);
      const [one = '', other = ''] = parents;
      await putAllKeys(driver, 'before');
      await driver.did(driver.stream.merge?.(one, other));
      await putAllKeys(driver, 'after');
      const { open, closed } = await shardIds(driver);
      expect(closed.sort()).toEqual([...parents].sort());
      const child = (await driver.shards()).find(({ shardId }) => shardId === open[0]);
      expect([...(child?.parents ?? [])].sort()).toEqual([...parents].sort());
      const before = [...(await driver.toEnd(one)), ...(await driver.toEnd(other))];
      expectAllKeysInOrder(driver.values(before), 'before');
      expectAllKeysInOrder(await inShards(driver, open, 2 * KEYS.length), 'after');
    },
  },
  {
    promise: 'tells a read that waits at the tip when its shard is closed',
    needs: ['reshard'],
    prove: async (driver) => {
      const parent = await driver.shardId();
      await driver.put('a');
      const reader = await driver.reader(TRIM_HORIZON, { shardId: parent });
      await reader.collect(1);
      await reader.page();
      await driver.did(driver.stream.split?.(parent));
      expect(await reader.toEnd()).toEqual([]);
      expect(await reader.page()).toBeUndefined();
    },
  },
  {
    promise: 'keeps the records of a key in one of the open shards',
    needs: ['reshard'],
    setup: { shards: 2 },
    prove: async (driver) => {
      await putAllKeys(driver, 'v');
      const { open } = await shardIds(driver);
      const values = await inShards(driver, open, 2 * KEYS.length);
      expectAllKeysInOrder(values, 'v');
    },
  },
];

const losses: readonly StreamCase[] = [
  {
    promise: 'begins at TRIM_HORIZON with the oldest record that is kept',
    needs: ['trim'],
    prove: async (driver) => {
      await driver.put('a', 'b');
      await driver.did(driver.stream.trim?.());
      await driver.put('c');
      expect(await driver.read(1)).toEqual(['c']);
    },
  },
  {
    promise: 'says trimmed of a position behind which records are gone, and jumps nowhere',
    needs: ['trim'],
    prove: async (driver) => {
      await driver.put('a', 'b');
      const [a] = await driver.collect(2);
      await driver.did(driver.stream.trim?.());
      await driver.put('c');
      const reader = await driver.reader(after(a));
      await expectSourceError(reader.page(), 'trimmed');
      expect(await reader.page()).toBeUndefined();
    },
  },
  {
    promise: 'says trimmed to a read whose next records went before it asked',
    needs: ['trim'],
    prove: async (driver) => {
      await driver.put('a', 'b', 'c');
      const reader = await driver.reader(TRIM_HORIZON, { maxRecords: 1 });
      expect(driver.values(await reader.collect(1))).toEqual(['a']);
      await driver.did(driver.stream.trim?.());
      await driver.put('d');
      await expectSourceError(reader.page(), 'trimmed');
    },
  },
  {
    promise: 'goes on behind a record that is gone when nothing behind it is',
    needs: ['trim'],
    prove: async (driver) => {
      await driver.put('a', 'b');
      const [, b] = await driver.collect(2);
      await driver.did(driver.stream.trim?.());
      await driver.put('c');
      expect(await driver.read(1, after(b))).toEqual(['c']);
    },
  },
  {
    promise: 'says gone of a shard that is not there',
    prove: async (driver) => {
      const reader = await driver.reader(TRIM_HORIZON, { shardId: 'shardId-00000000000000000999-00000000' });
      await expectSourceError(reader.page(), 'gone');
      expect(await reader.page()).toBeUndefined();
    },
  },
  {
    promise: 'says not-found when the stream was deleted',
    needs: ['remove'],
    prove: async (driver) => {
      await driver.put('a');
      const reader = await driver.reader();
      await reader.collect(1);
      await driver.did(driver.stream.remove?.());
      await expectSourceError(reader.page(), 'not-found');
      await expectSourceError(driver.run(driver.source.describe()), 'not-found');
      await expectSourceError(driver.shards(), 'not-found');
    },
  },
  {
    promise: 'is another incarnation when it was created again',
    needs: ['recreate'],
    prove: async (driver) => {
      await driver.put('a');
      const [a] = await driver.collect(1);
      const before = await driver.run(driver.source.describe());
      await driver.stream.pause(1100);
      await driver.did(driver.stream.recreate?.());
      const again = await driver.run(driver.source.describe());
      expect(again.arn).toBe(before.arn);
      expect(again.incarnation).not.toBe(before.incarnation);
      await driver.put('b');
      const [b] = await driver.collect(1);
      expect(driver.values(b === undefined ? [] : [b])).toEqual(['b']);
      expect(b?.sequenceNumber).not.toBe(a?.sequenceNumber);
    },
  },
];

const iterators: readonly StreamCase[] = [
  {
    promise: 'goes on behind the last record when its iterator has expired',
    needs: ['expire'],
    prove: async (driver) => {
      await driver.put(...named('v', 5));
      const reader = await driver.reader(TRIM_HORIZON, { maxRecords: 2 });
      const got = await reader.collect(2);
      await driver.did(driver.stream.expire?.());
      got.push(...(await reader.collect(3)));
      await driver.did(driver.stream.expire?.());
      await driver.put('v6');
      await driver.did(driver.stream.expire?.());
      got.push(...(await reader.collect(1)));
      expect(driver.values(got)).toEqual(named('v', 6));
    },
  },
  {
    promise: 'loses nothing of LATEST when the iterator expires before the first record',
    needs: ['expire'],
    prove: async (driver) => {
      const reader = await driver.reader(startAt({ kind: 'latest', since: driver.stream.now() }));
      await reader.page();
      await driver.put('a');
      await driver.did(driver.stream.expire?.());
      expect(driver.values(await reader.collect(1))).toEqual(['a']);
    },
  },
  {
    promise: 'loses nothing of AT_TIMESTAMP when the iterator expires before the first record',
    needs: ['expire', 'atTimestamp'],
    prove: async (driver) => {
      const reader = await driver.reader(startAt({ kind: 'at-timestamp', timestamp: driver.stream.now() }));
      await reader.page();
      await driver.put('a');
      await driver.did(driver.stream.expire?.());
      expect(driver.values(await reader.collect(1))).toEqual(['a']);
    },
  },
];

export const changeCases: readonly StreamCase[] = [...reshards, ...losses, ...iterators];
