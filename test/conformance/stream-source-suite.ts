/**
 * What every StreamSource promises, as tests. A new adapter calls {@link streamSourceSuite} with a factory and its features.
 *
 * - stream-source-driver.ts   how the cases talk to a stream
 * - stream-source-reading.ts  the cases about reading a shard
 * - stream-source-changes.ts  the cases about reshards, lost records and expired iterators
 * - stream-source-events.ts   the cases about descriptions and events
 */
import { afterEach, describe, expect, it } from 'vitest';
import { changeCases } from './stream-source-changes.ts';
import {
  expectSourceError,
  StreamDriver,
  type StreamFeatures,
  StreamReader,
  type StreamSetup,
  type StreamUnderTest,
  TRIM_HORIZON,
} from './stream-source-driver.ts';
import { eventCases } from './stream-source-events.ts';
import { readingCases } from './stream-source-reading.ts';

export type { StreamFeatures, StreamSetup, StreamUnderTest, SuiteRecord } from './stream-source-driver.ts';

/** Makes the streams of the cases. */
export interface StreamWorld {
  /** A new stream. */
  open(setup: StreamSetup): Promise<StreamUnderTest>;
  /** A source on a stream that does not exist; needed when the feature `missingStream` is declared. */
  missing?(): Promise<StreamUnderTest>;
}

export function streamSourceSuite(name: string, world: StreamWorld, features: StreamFeatures): void {
  const cases = [...eventCases, ...readingCases, ...changeCases];
  const waivers = features.waivers ?? {};

  describe(`${name} keeps the promises of a stream source`, () => {
    const opened: { readonly driver: StreamDriver; readonly stream: StreamUnderTest }[] = [];

    async function open(opening: Promise<StreamUnderTest>): Promise<StreamDriver> {
      const stream = await opening;
      const driver = new StreamDriver(stream);
      opened.push({ driver, stream });
      return driver;
    }

    afterEach(async () => {
      for (const { driver, stream } of opened.splice(0)) {
        await driver.end();
        await stream.cleanup();
      }
    });

    for (const { promise, needs = [], setup, prove } of cases) {
      const lacking = needs.filter((feature) => !features[feature]);
      const reason = waivers[promise] ?? (lacking.length === 0 ? undefined : `the adapter does not declare ${lacking.join(', ')}`);
      it.skipIf(reason !== undefined)(reason === undefined ? promise : `${promise} (waived: ${reason})`, async () => {
        await prove(await open(world.open({ shards: 1, ...setup })), features);
      });
    }

    it.skipIf(!features.missingStream)('says not-found of a stream that does not exist', async () => {
      if (world.missing === undefined) throw new Error('an adapter that declares missingStream must offer missing()');
      const { stream } = await open(world.missing());
      await expectSourceError(stream.run(stream.source.describe()), 'not-found');
      await expectSourceError(stream.run(stream.source.listShards()), 'not-found');
      const reader = new StreamReader(stream, { shardId: 'shardId-000000000000', position: TRIM_HORIZON, maxRecords: 1 });
      await expectSourceError(reader.page(), 'not-found');
    });

    it('has a name of its own for every promise, and waives only promises that there are', () => {
      const promises = cases.map(({ promise }) => promise);
      expect(new Set(promises).size).toBe(promises.length);
      expect(promises).toEqual(expect.arrayContaining(Object.keys(waivers)));
    });
  });
}
