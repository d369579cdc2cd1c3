/** The promises about what a stream says of itself, and about events. */
import { expect } from 'vitest';
import type { StreamRecord } from '../../src/index.ts';
import type { StreamCase, StreamDriver } from './stream-source-driver.ts';

const VALUES = ['plain', '{"a": [1, 2]}', 'tabs\tand\nlines "quoted" \\ </x> &amp;', 'Grüße 🚰 漢字 \u2028', 'x'.repeat(20_000)];
const KEYS = ['plain', 'a "quoted" \\ key', 'Schlüssel 🗝', 'tab\tand\nline'];
const ARRIVAL = { ms: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u, s: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u };
const RECORDS_FRAME = '{"Records":[]}';

/** Records of all keys and values. */
async function diverse(driver: StreamDriver): Promise<{ readonly shardId: string; readonly records: readonly StreamRecord[] }> {
  const shardId = await driver.shardId();
  const put = VALUES.map((value, index) => ({ key: KEYS[index % KEYS.length] ?? '', value }));
  await driver.stream.put(put);
  const records = await driver.collect(put.length);
  expect(records.map((record) => driver.stream.decode(record))).toEqual(put);
  return { shardId, records };
}

const descriptions: readonly StreamCase[] = [
  {
    promise: 'tells its ARN, how long it keeps records, and the same incarnation every time',
    prove: async (driver) => {
      const first = await driver.run(driver.source.describe());
      await driver.put('a');
      expect(await driver.run(driver.source.describe())).toEqual(first);
      expect(first.arn).toMatch(/^arn:aws:\w+:[a-z0-9-]+:\d{12}:.+/u);
      expect(first.incarnation).not.toBe('');
      expect(first.retentionMs).toBeGreaterThanOrEqual(1000);
      expect(driver.source).toMatchObject({ kind: 'stream', label: expect.stringMatching(/./u) as string });
    },
  },
  {
    promise: 'lists a new shard as open and without parents',
    prove: async (driver) => {
      expect(await driver.shards()).toEqual([{ shardId: expect.stringMatching(/./u) as string, parents: [], isClosed: false }]);
    },
  },
  {
    promise: 'can be closed twice',
    prove: async (driver) => {
      await driver.put('a');
      await driver.read(1);
      await driver.run(Promise.all([driver.source.close(), driver.source.close()]));
      await expect(driver.run(driver.source.close())).resolves.toBeUndefined();
    },
  },
];

const events: readonly StreamCase[] = [
  {
    promise: 'makes the event of Lambda, its keys in their order, data unchanged',
    prove: async (driver) => {
      const { shardId, records } = await diverse(driver);
      const expected = { Records: records.map((record) => driver.stream.expectedInEvent(shardId, record)) };
      expect(JSON.stringify(driver.source.toEvent(shardId, records))).toBe(JSON.stringify(expected));
    },
  },
  {
    promise: 'makes an event anew each time, so that a function may change what it gets',
    prove: async (driver) => {
      const { shardId, records } = await diverse(driver);
      const first = driver.source.toEvent(shardId, records) as { Records: Record<string, unknown>[] };
      const text = JSON.stringify(first);
      for (const record of first.Records) for (const name of Object.keys(record)) record[name] = 'changed';
      expect(JSON.stringify(driver.source.toEvent(shardId, records))).toBe(text);
    },
  },
  {
    promise: 'knows the exact bytes of a record in the event, and a bound that is never less',
    prove: async (driver) => {
      const { shardId, records } = await diverse(driver);
      for (const record of records) {
        const exact = driver.source.eventBytes(shardId, record);
        expect(exact).toBe(Buffer.byteLength(JSON.stringify(driver.source.toEvent(shardId, [record]))) - RECORDS_FRAME.length + 1);
        expect(record.sizeBound).toBeGreaterThanOrEqual(exact);
      }
    },
  },
  {
    promise: 'names a batch that is given up by its ends, with the keys in the order of Lambda',
    prove: async (driver, { batchInfoName, arrivalPrecision }) => {
      const { shardId, records } = await diverse(driver);
      const { arn } = await driver.run(driver.source.describe());
      const { name, value } = driver.source.batchInfo(shardId, records.slice(1, 4));
      expect(name).toBe(batchInfoName);
      const { approximateArrivalOfFirstRecord: first, approximateArrivalOfLastRecord: last } = value;
      for (const arrival of [first, last]) expect(arrival).toMatch(ARRIVAL[arrivalPrecision]);
      const coarseness = arrivalPrecision === 's' ? 1000 : 1;
      const floored = [records[1], records[3]].map((record) => Math.floor((record?.arrivedAt ?? 0) / coarseness) * coarseness);
      expect([first, last].map((arrival) => (typeof arrival === 'string' ? Date.parse(arrival) : arrival))).toEqual(floored);
      expect(JSON.stringify(value)).toBe(
        JSON.stringify({
          shardId,
          startSequenceNumber: records[1]?.sequenceNumber,
          endSequenceNumber: records[3]?.sequenceNumber,
          approximateArrivalOfFirstRecord: first,
          approximateArrivalOfLastRecord: last,
          batchSize: 3,
          streamArn: arn,
        }),
      );
    },
  },
];

export const eventCases: readonly StreamCase[] = [...descriptions, ...events];
