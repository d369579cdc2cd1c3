/** The promises about reading one shard. */
import { expect } from 'vitest';
import {
  APART_MS,
  after,
  expectGrowing,
  expectSourceError,
  named,
  type Page,
  SHARD_END,
  type StreamCase,
  type StreamReader,
  startAt,
  TRIM_HORIZON,
} from './stream-source-driver.ts';

/** Clocks of back ends differ from ours, and some tell seconds only. */
const CLOCK_TOLERANCE_MS = 60_000;
const MANY = 40;

async function firstPage(reader: StreamReader): Promise<Page> {
  const page = await reader.page();
  if (page === undefined) throw new Error('the read ended without a page');
  return page;
}

const records: readonly StreamCase[] = [
  {
    promise: 'gives records in the order in which they were put, with every field',
    prove: async (driver) => {
      const { stream } = driver;
      const put = named('v', 12).map((value, index) => ({ key: `key ${String(index % 3)} "ü" 🚰`, value }));
      const since = stream.now();
      await stream.put(put);
      const got = await driver.collect(put.length);
      expect(got.map((record) => stream.decode(record))).toEqual(put);
      expectGrowing(got);
      const keys = new Map(got.map((record) => [stream.decode(record).key, record.orderKey]));
      expect(new Set(keys.values()).size).toBe(3);
      for (const record of got) {
        expect(record.orderKey).toBe(keys.get(stream.decode(record).key));
        expect(Math.abs(record.arrivedAt - since)).toBeLessThan(CLOCK_TOLERANCE_MS);
        expect(Number.isInteger(record.sizeBound) && record.sizeBound > 0).toBe(true);
      }
    },
  },
  {
    promise: 'numbers many records so that they compare as integers in the order of reading',
    prove: async (driver) => {
      await driver.put(...named('v', MANY));
      const got = await driver.collect(MANY, TRIM_HORIZON, { maxRecords: 7 });
      expect(driver.values(got)).toEqual(named('v', MANY));
      expectGrowing(got);
    },
  },
  {
    promise: 'gives at most as many records a page as are asked for',
    prove: async (driver) => {
      await driver.put(...named('v', 7));
      const reader = await driver.reader(TRIM_HORIZON, { maxRecords: 3 });
      const sizes: number[] = [];
      for (let sum = 0; sum < 7; sum += sizes.at(-1) ?? 0) sizes.push((await firstPage(reader)).records.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(7);
    },
  },
  {
    promise: 'goes on behind a number with exactly the rest, at every number',
    prove: async (driver) => {
      await driver.put(...named('v', 4));
      const all = await driver.collect(4);
      for (const [index, record] of all.entries()) {
        await driver.put(`later${String(index)}`);
        const rest = [...named('v', 4).slice(index + 1), ...Array.from({ length: index + 1 }, (_, n) => `later${String(n)}`)];
        expect(await driver.read(rest.length, after(record))).toEqual(rest);
      }
    },
  },
  {
    promise: 'gives two reads of one shard all of it each',
    prove: async (driver) => {
      await driver.put(...named('v', 6));
      const one = await driver.reader(TRIM_HORIZON, { maxRecords: 2 });
      const other = await driver.reader(TRIM_HORIZON, { maxRecords: 1 });
      const first = await one.collect(2);
      const others = await other.collect(3);
      expect(driver.values([...first, ...(await one.collect(4))])).toEqual(named('v', 6));
      expect(driver.values([...others, ...(await other.collect(3))])).toEqual(named('v', 6));
    },
  },
];

const starts: readonly StreamCase[] = [
  {
    promise: 'offers AT_TIMESTAMP or refuses it, as declared',
    prove: async (driver, { atTimestamp }) => {
      const offered = [...driver.source.startingPositions].sort();
      expect(offered).toEqual(atTimestamp ? ['AT_TIMESTAMP', 'LATEST', 'TRIM_HORIZON'] : ['LATEST', 'TRIM_HORIZON']);
      if (atTimestamp) return;
      const reader = await driver.reader(startAt({ kind: 'at-timestamp', timestamp: driver.stream.now() - 1000 }));
      await expectSourceError(reader.page(), 'invalid');
    },
  },
  {
    promise: 'begins at TRIM_HORIZON with the oldest record',
    prove: async (driver) => {
      await driver.put('a', 'b');
      expect(await driver.read(2, TRIM_HORIZON)).toEqual(['a', 'b']);
    },
  },
  {
    promise: 'begins at AT_TIMESTAMP with the first record at or after the instant',
    needs: ['atTimestamp'],
    prove: async (driver) => {
      const { stream } = driver;
      await driver.put('a');
      await stream.pause(APART_MS);
      const timestamp = stream.now();
      await stream.pause(APART_MS);
      await driver.put('b', 'c');
      const got = await driver.collect(2, startAt({ kind: 'at-timestamp', timestamp }));
      expect(driver.values(got)).toEqual(['b', 'c']);
      const long = await driver.read(3, startAt({ kind: 'at-timestamp', timestamp: timestamp - 3_600_000 }));
      expect(long).toEqual(['a', 'b', 'c']);
    },
  },
  {
    promise: 'gives LATEST what came after its instant, also when the read begins much later',
    prove: async (driver) => {
      const { stream } = driver;
      await driver.put('a');
      await stream.pause(APART_MS);
      const since = stream.now();
      await stream.pause(APART_MS);
      await driver.put('b');
      const reader = await driver.reader(startAt({ kind: 'latest', since }));
      expect(driver.values(await reader.collect(1))).toEqual(['b']);
      await driver.put('c');
      expect(driver.values(await reader.collect(1))).toEqual(['c']);
    },
  },
  {
    promise: 'gives LATEST on an empty shard the first record that comes',
    prove: async (driver) => {
      const reader = await driver.reader(startAt({ kind: 'latest', since: driver.stream.now() }));
      expect((await firstPage(reader)).records).toEqual([]);
      await driver.put('a');
      expect(driver.values(await reader.collect(1))).toEqual(['a']);
    },
  },
];

const tip: readonly StreamCase[] = [
  {
    promise: 'gives empty pages at the tip and goes on when something comes',
    prove: async (driver) => {
      const reader = await driver.reader();
      for (let page = 0; page < 3; page += 1) expect(await reader.page()).toMatchObject({ kind: 'page', records: [], ended: false });
      await driver.put('a');
      expect(driver.values(await reader.collect(1))).toEqual(['a']);
      await driver.put('b');
      expect(driver.values(await reader.collect(1))).toEqual(['b']);
    },
  },
  {
    promise: 'tells how far it has read, also with empty pages',
    needs: ['tellsTime'],
    prove: async (driver) => {
      const { stream } = driver;
      const reader = await driver.reader();
      const first = await firstPage(reader);
      expect(Math.abs((first.readThrough ?? 0) - stream.now())).toBeLessThan(CLOCK_TOLERANCE_MS);
      expect(first.millisBehindLatest).toBe(0);
      await stream.pause(APART_MS);
      const second = await firstPage(reader);
      expect(second.readThrough).toBeGreaterThan(first.readThrough ?? Number.POSITIVE_INFINITY);
    },
  },
  {
    promise: 'never says that it has read through to a record that it has not given',
    needs: ['tellsTime'],
    prove: async (driver) => {
      await driver.put('a');
      await driver.stream.pause(APART_MS);
      await driver.put('b');
      const [, b] = await driver.collect(2);
      const reader = await driver.reader(TRIM_HORIZON, { maxRecords: 1 });
      let page = await firstPage(reader);
      while (page.records.length === 0) page = await firstPage(reader);
      expect(driver.values(page.records)).toEqual(['a']);
      expect(page.readThrough).toBeLessThanOrEqual(b?.arrivedAt ?? 0);
      expect(page.millisBehindLatest).toBeGreaterThan(0);
    },
  },
  {
    promise: 'fetches a page when it is asked for and not before',
    prove: async (driver) => {
      const reader = await driver.reader();
      await reader.page();
      await driver.stream.pause(APART_MS);
      await driver.put('a', 'b', 'c');
      expect(driver.values((await firstPage(reader)).records)).toEqual(['a', 'b', 'c']);
    },
  },
];

const ends: readonly StreamCase[] = [
  {
    promise: 'ends quietly when it is aborted before the first page, and leaves nothing',
    prove: async (driver) => {
      await driver.put('a');
      const reader = await driver.reader();
      reader.abort();
      expect(await reader.page()).toBeUndefined();
      expect(await reader.page()).toBeUndefined();
      expect(driver.stream.leftovers()).toEqual([]);
    },
  },
  {
    promise: 'ends quietly and soon when it is aborted while it waits, and leaves nothing',
    prove: async (driver) => {
      const { stream } = driver;
      const reader = await driver.reader();
      await reader.page();
      const waiting = reader.open();
      const began = stream.now();
      reader.abort();
      // A page that was on its way may still come; after it the read has ended.
      const page = await driver.run(waiting);
      if (page !== undefined) expect(await reader.page()).toBeUndefined();
      expect(stream.now() - began).toBeLessThan(5000);
      expect(stream.leftovers()).toEqual([]);
    },
  },
  {
    promise: 'ends when the loop over it is left, and leaves nothing',
    prove: async (driver) => {
      await driver.put('a');
      const reader = await driver.reader();
      await reader.collect(1);
      await reader.leave();
      expect(await reader.page()).toBeUndefined();
      expect(driver.stream.leftovers()).toEqual([]);
    },
  },
  {
    promise: 'goes on with another read when one was aborted',
    prove: async (driver) => {
      await driver.put('a', 'b');
      const one = await driver.reader(TRIM_HORIZON, { maxRecords: 1 });
      const [a] = await one.collect(1);
      const other = await driver.reader(after(a));
      await one.end();
      expect(driver.values(await other.collect(1))).toEqual(['b']);
    },
  },
  {
    promise: 'ends at once when it is begun at the end of a closed shard',
    needs: ['reshard'],
    prove: async (driver) => {
      const shardId = await driver.shardId();
      await driver.put('a');
      await driver.did(driver.stream.split?.(shardId));
      const reader = await driver.reader(SHARD_END, { shardId });
      expect(await reader.page()).toMatchObject({ records: [], ended: true });
      expect(await reader.page()).toBeUndefined();
    },
  },
];

export const readingCases: readonly StreamCase[] = [...records, ...starts, ...tip, ...ends];
