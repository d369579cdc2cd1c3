/** The promises about reading one partition. */
import { expect } from 'vitest';
import {
  APART_MS,
  after,
  before,
  expectGrowing,
  expectSourceError,
  named,
  type Page,
  type TopicCase,
  type TopicReader,
  TRIM_HORIZON,
} from './topic-source-driver.ts';

/** Clocks of back ends differ from ours. */
const CLOCK_TOLERANCE_MS = 60_000;
const MANY = 120;
/** How long an abort may take at most to end a read, ms. */
const ABORT_MS = 5000;
/** An empty page comes at least every second; brokers and machines may be busy, ms. */
const IDLE_PAGE_MS = 2000;

async function somePage(reader: TopicReader): Promise<Page> {
  const page = await reader.page();
  if (page === undefined) throw new Error('the read ended without a page');
  return page;
}

/** The last offset that pages cover. */
function coveredBy(pages: readonly Page[]): number {
  return Math.max(...pages.map(({ readTo, records }) => Number(readTo ?? records.at(-1)?.sequenceNumber ?? -1)));
}

/** Pages until one is at the log's end and all that must come has. */
async function toTip(reader: TopicReader, count: number): Promise<Page[]> {
  const pages: Page[] = [];
  for (let round = 0; round < 200; round += 1) {
    const page = await somePage(reader);
    pages.push(page);
    const sum = pages.reduce((all, { records }) => all + records.length, 0);
    if (sum >= count && page.millisBehindLatest === 0 && page.records.length === 0) return pages;
  }
  throw new Error('no page was at the end of the log');
}

const records: readonly TopicCase[] = [
  {
    promise: 'gives records in the order in which they were produced, with every field',
    prove: async (driver) => {
      const { topic } = driver;
      const since = topic.now();
      const put = [
        { partition: 0, key: 'a "quoted" \\ key 🚰', value: 'v1', headers: [], timestamp: since },
        { partition: 0, key: null, value: 'v2', headers: [], timestamp: since + 1 },
        { partition: 0, key: 'tombstone', value: null, headers: [], timestamp: since + 2 },
        { partition: 0, key: '', value: '', headers: [], timestamp: since + 3 },
        {
          partition: 0,
          key: 'tombstone',
          value: 'v3',
          headers: [
            { name: 'one', value: Buffer.from([0, 127, 128, 255]) },
            { name: 'two', value: Buffer.from('ü') },
          ],
          timestamp: since + 4,
        },
      ];
      await driver.run(topic.produce(put));
      const member = await driver.owner();
      const got = await member.collect(0, put.length, before(0));
      expect(got.map((record) => topic.decode(record))).toEqual(put);
      expectGrowing(got);
      expect(got[1]?.orderKey).toBeUndefined();
      expect(got[3]?.orderKey).toBe('');
      expect(got[2]?.orderKey).toBe(got[4]?.orderKey);
      expect(got[0]?.orderKey).not.toBe(got[2]?.orderKey);
      for (const record of got) {
        expect(Math.abs(record.arrivedAt - since)).toBeLessThan(CLOCK_TOLERANCE_MS);
        expect(Number.isInteger(record.sizeBound) && record.sizeBound > 0).toBe(true);
      }
    },
  },
  {
    promise: 'numbers many records so that they compare as integers in the order of reading',
    prove: async (driver) => {
      const offsets = await driver.produce(0, ...named('v', MANY));
      const member = await driver.owner();
      const got = await member.collect(0, MANY, before(0), { maxRecords: 7 });
      expect(driver.values(got)).toEqual(named('v', MANY));
      expect(got.map(({ sequenceNumber }) => sequenceNumber)).toEqual(offsets);
      expectGrowing(got);
    },
  },
  {
    promise: 'gives at most as many records a page as are asked for',
    prove: async (driver) => {
      await driver.produce(0, ...named('v', 7));
      const member = await driver.owner();
      const pages = await member.read(0, before(0), { maxRecords: 3 }).pages(7);
      for (const page of pages) expect(page.records.length).toBeLessThanOrEqual(3);
    },
  },
  {
    promise: 'begins at any offset, and behind any record, with exactly the rest',
    prove: async (driver) => {
      const offsets = await driver.produce(0, ...named('v', 4));
      const member = await driver.owner();
      const all = await member.collect(0, 4, before(0));
      for (const [index, record] of all.entries()) {
        const rest = named('v', 4).slice(index);
        expect(driver.values(await member.collect(0, rest.length, before(offsets[index] ?? '')))).toEqual(rest);
        if (rest.length > 1) expect(driver.values(await member.collect(0, rest.length - 1, after(record)))).toEqual(rest.slice(1));
      }
    },
  },
  {
    promise: 'keeps partitions apart',
    setup: { partitions: 2 },
    prove: async (driver) => {
      await driver.produce(0, ...named('left', 3));
      await driver.produce(1, ...named('right', 3));
      const member = await driver.owner();
      const left = member.read(0, before(0), { maxRecords: 1 });
      const right = member.read(1, before(0), { maxRecords: 2 });
      const first = await left.collect(1);
      expect(driver.values(await right.collect(3))).toEqual(named('right', 3));
      expect(driver.values([...first, ...(await left.collect(2))])).toEqual(named('left', 3));
    },
  },
  {
    promise: 'begins at the trim horizon with the oldest record that is kept',
    needs: ['deleteRecords'],
    prove: async (driver) => {
      const [, , third = ''] = await driver.produce(0, 'a', 'b', 'c');
      await driver.did(driver.topic.deleteRecords?.(0, third));
      const member = await driver.owner();
      expect(driver.values(await member.collect(0, 1, TRIM_HORIZON))).toEqual(['c']);
    },
  },
];

const tip: readonly TopicCase[] = [
  {
    promise: 'gives an empty page at least every second at the end, and goes on when something comes',
    prove: async (driver) => {
      const member = await driver.owner();
      const reader = member.read(0, before(0));
      await somePage(reader);
      for (let round = 0; round < 3; round += 1) {
        const asked = driver.topic.now();
        expect(await somePage(reader)).toMatchObject({ records: [], millisBehindLatest: 0, ended: false });
        expect(driver.topic.now() - asked).toBeLessThan(IDLE_PAGE_MS);
      }
      await driver.produce(0, 'a');
      expect(driver.values(await reader.collect(1))).toEqual(['a']);
      await driver.produce(0, 'b');
      expect(driver.values(await reader.collect(1))).toEqual(['b']);
    },
  },
  {
    promise: 'tells that it is behind while more can be read',
    prove: async (driver) => {
      await driver.produce(0, 'a', 'b');
      const member = await driver.owner();
      const pages = await member.read(0, before(0), { maxRecords: 1 }).pages(1);
      expect(pages.at(-1)?.millisBehindLatest).not.toBe(0);
    },
  },
  {
    promise: 'fetches when it is asked, costs no membership when it is not, and loses nothing meanwhile',
    prove: async (driver) => {
      const { topic } = driver;
      await driver.produce(0, ...named('v', 4));
      const member = await driver.owner();
      const reader = member.read(0, before(0), { maxRecords: 1 });
      const got = await reader.collect(1);
      const epoch = member.epochOf(0);
      await topic.pause(topic.sessionTimeoutMs * 1.5);
      await driver.produce(0, 'v5');
      expect(member.heard).toEqual(['assigned']);
      expect(member.epochOf(0)).toBe(epoch);
      got.push(...(await reader.collect(4)));
      expect(driver.values(got)).toEqual(named('v', 5));
      expect(await member.commit(0, 5)).toBe('committed');
    },
  },
];

const gaps: readonly TopicCase[] = [
  {
    promise: 'passes over offsets that no record has, and tells how far a page reaches',
    needs: ['gaps'],
    prove: async (driver) => {
      const { topic } = driver;
      await driver.produce(0, 'a');
      await driver.did(topic.transaction?.([{ partition: 0, key: 'key', value: 'b' }], 'commit'));
      await driver.produce(0, 'c');
      await driver.did(topic.transaction?.([{ partition: 0, key: 'key', value: 'd' }], 'commit'));
      const member = await driver.owner();
      const { logEnd } = await member.offsets(0);
      const pages = await toTip(member.read(0, before(0)), 4);
      const got = pages.flatMap((page) => page.records);
      expect(driver.values(got)).toEqual(['a', 'b', 'c', 'd']);
      expect(coveredBy(pages)).toBe(Number(logEnd) - 1);
      expect(Number(logEnd)).toBeGreaterThan(got.length);
    },
  },
  {
    promise: 'begins at an offset that no record has with the next record',
    needs: ['gaps'],
    prove: async (driver) => {
      const { topic } = driver;
      await driver.did(topic.transaction?.([{ partition: 0, key: 'key', value: 'a' }], 'commit'));
      await driver.produce(0, 'b');
      const member = await driver.owner();
      expect(driver.values(await member.collect(0, 1, before(1)))).toEqual(['b']);
    },
  },
  {
    promise: 'leaves out what a transaction took back, when it is to read committed records only',
    needs: ['gaps', 'isolation'],
    setup: { isCommittedOnly: true },
    prove: async (driver) => {
      const { topic } = driver;
      await driver.did(topic.transaction?.([{ partition: 0, key: 'key', value: 'a' }], 'abort'));
      await driver.produce(0, 'b');
      await driver.did(topic.transaction?.([{ partition: 0, key: 'key', value: 'c' }], 'commit'));
      await driver.did(topic.transaction?.([{ partition: 0, key: 'key', value: 'd' }], 'abort'));
      const member = await driver.owner();
      const { logEnd } = await member.offsets(0);
      const pages = await toTip(member.read(0, before(0)), 2);
      expect(driver.values(pages.flatMap((page) => page.records))).toEqual(['b', 'c']);
      expect(coveredBy(pages)).toBe(Number(logEnd) - 1);
    },
  },
  {
    promise: 'waits before a transaction that is open, when it is to read committed records only',
    needs: ['openTransaction', 'isolation'],
    setup: { isCommittedOnly: true },
    prove: async (driver) => {
      const { topic } = driver;
      await driver.produce(0, 'a');
      const commit = await driver.did(topic.openTransaction?.([{ partition: 0, key: 'key', value: 'b' }]));
      await driver.produce(0, 'c');
      const member = await driver.owner();
      const reader = member.read(0, before(0));
      expect(driver.values(await reader.collect(1))).toEqual(['a']);
      expect(await somePage(reader)).toMatchObject({ records: [] });
      await driver.run(commit());
      expect(driver.values(await reader.collect(2))).toEqual(['b', 'c']);
    },
  },
];

const ends: readonly TopicCase[] = [
  {
    promise: 'ends quietly when it is aborted before the first page',
    prove: async (driver) => {
      await driver.produce(0, 'a');
      const member = await driver.owner();
      const reader = member.read(0, before(0));
      reader.abort();
      expect(await reader.page()).toBeUndefined();
      expect(await reader.page()).toBeUndefined();
    },
  },
  {
    promise: 'ends quietly and soon when it is aborted while it waits',
    prove: async (driver) => {
      const { topic } = driver;
      const member = await driver.owner();
      const reader = member.read(0, before(0));
      await somePage(reader);
      const waiting = reader.open();
      const began = topic.now();
      reader.abort();
      // A page that was on its way may still come; after it the read has ended.
      const page = await driver.run(waiting);
      if (page !== undefined) expect(await reader.page()).toBeUndefined();
      expect(topic.now() - began).toBeLessThan(ABORT_MS);
    },
  },
  {
    promise: 'ends when the loop over it is left',
    prove: async (driver) => {
      await driver.produce(0, 'a', 'b');
      const member = await driver.owner();
      const reader = member.read(0, before(0), { maxRecords: 1 });
      await reader.collect(1);
      await reader.leave();
      expect(await reader.page()).toBeUndefined();
    },
  },
  {
    promise: 'goes on with another read when one was ended in the middle',
    prove: async (driver) => {
      await driver.produce(0, ...named('v', 6));
      const member = await driver.owner();
      const one = member.read(0, before(0), { maxRecords: 2 });
      const first = await one.collect(2);
      await one.end();
      await driver.topic.pause(APART_MS);
      expect(driver.values(await member.collect(0, 4, after(first.at(-1)), { maxRecords: 1 }))).toEqual(named('v', 6).slice(2));
      expect(driver.values(await member.collect(0, 6, before(0)))).toEqual(named('v', 6));
    },
  },
  {
    promise: 'says not-found when the topic was deleted, to reads and to members',
    needs: ['remove'],
    prove: async (driver) => {
      await driver.produce(0, 'a');
      const member = await driver.owner();
      await driver.did(driver.topic.remove?.());
      await driver.until(() => member.troubles.some(({ error }) => error.kind === 'not-found'), 'the member hears that the topic is gone');
      await expectSourceError(driver.run(driver.source.describe()), 'not-found');
      await expectSourceError(driver.run(member.membership.offsets()), 'not-found');
    },
  },
];

export const readingCases: readonly TopicCase[] = [...records, ...tip, ...gaps, ...ends];
