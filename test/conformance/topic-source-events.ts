/** The promises about what a topic says of itself, and about events. */
import { expect } from 'vitest';
import type { StreamRecord } from '../../src/index.ts';
import { before, type TopicCase, type TopicDriver } from './topic-source-driver.ts';

const VALUES = ['plain', '{"a": [1, 2]}', 'tabs\tand\nlines "quoted" \\ </x> &amp;', 'Grüße 🚰 漢字 \u2028', 'x'.repeat(20_000), null];
const KEYS = ['plain', null, 'Schlüssel 🗝', ''];
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u;

/** Records of all keys and values. */
async function diverse(driver: TopicDriver): Promise<readonly StreamRecord[]> {
  const since = driver.topic.now();
  const put = VALUES.map((value, index) => ({
    partition: 0,
    key: KEYS[index % KEYS.length] ?? null,
    value,
    headers: index % 2 === 0 ? [] : [{ name: 'name "quoted"', value: Buffer.from([0, 10, 200, 255]) }],
    timestamp: since + index,
  }));
  await driver.run(driver.topic.produce(put));
  const member = await driver.owner();
  const records = await member.collect(0, put.length, before(0));
  expect(records.map((record) => driver.topic.decode(record))).toEqual(put);
  return records;
}

const descriptions: readonly TopicCase[] = [
  {
    promise: 'tells its name, its partitions and where reading may begin',
    setup: { partitions: 3 },
    prove: async (driver) => {
      expect(await driver.run(driver.source.describe())).toEqual({ partitions: 3 });
      expect(driver.source.kind).toBe('topic');
      expect(driver.source.label).toContain(driver.source.topic);
      expect([...driver.source.startingPositions].sort()).toEqual(['AT_TIMESTAMP', 'LATEST', 'TRIM_HORIZON']);
      expect(driver.source.filtering?.kind).toBe('kafka');
    },
  },
  {
    promise: 'can be closed twice',
    prove: async (driver) => {
      const member = await driver.owner();
      await member.end();
      await driver.run(Promise.all([driver.source.close(), driver.source.close()]));
      await expect(driver.run(driver.source.close())).resolves.toBeUndefined();
    },
  },
];

const events: readonly TopicCase[] = [
  {
    promise: 'makes the event of Lambda, its keys in their order, bytes unchanged',
    prove: async (driver) => {
      const records = await diverse(driver);
      const expected = driver.topic.expectedEvent(0, records);
      expect(JSON.stringify(driver.source.toEvent(0, records))).toBe(JSON.stringify(expected));
    },
  },
  {
    promise: 'makes an event anew each time, so that a function may change what it gets',
    prove: async (driver) => {
      const records = await diverse(driver);
      const first = driver.source.toEvent(0, records) as { records: Record<string, Record<string, unknown>[]> };
      const text = JSON.stringify(first);
      for (const shown of Object.values(first.records)) {
        for (const record of shown) for (const name of Object.keys(record)) record[name] = 'changed';
        shown.pop();
      }
      expect(JSON.stringify(driver.source.toEvent(0, records))).toBe(text);
    },
  },
  {
    promise: 'knows the exact bytes of a record in the event, and a bound that is never less',
    prove: async (driver) => {
      const frame = Buffer.byteLength(JSON.stringify(driver.source.toEvent(0, [])));
      for (const record of await diverse(driver)) {
        const exact = driver.source.eventBytes(0, record);
        expect(exact).toBe(Buffer.byteLength(JSON.stringify(driver.source.toEvent(0, [record]))) - frame + 1);
        expect(record.sizeBound).toBeGreaterThanOrEqual(exact);
      }
    },
  },
  {
    promise: 'names a batch that is given up by its ends',
    prove: async (driver) => {
      const records = await diverse(driver);
      const { name, value } = driver.source.batchInfo(0, records.slice(1, 4));
      expect(name).toMatch(/^\w+BatchInfo$/u);
      const text = JSON.stringify(value);
      expect(text).toContain(`"batchSize":3`);
      expect(text).toContain(`${driver.source.topic}-0`);
      expect(text).toContain(`"${String(records[1]?.sequenceNumber)}"`);
      expect(text).toContain(`"${String(records[3]?.sequenceNumber)}"`);
      expect(text.match(/"\d{4}-[^"]*"/gu)?.every((instant) => ISO.test(instant.slice(1, -1)))).toBe(true);
    },
  },
];

export const eventCases: readonly TopicCase[] = [...descriptions, ...events];
