/**
 * What every TopicSource promises, as tests. A new adapter calls {@link topicSourceSuite} with a factory and its features.
 *
 * - topic-source-driver.ts   how the cases talk to a topic
 * - topic-source-reading.ts  the cases about reading a partition
 * - topic-source-groups.ts   the cases about members, rebalances and epochs
 * - topic-source-offsets.ts  the cases about commits, and about positions that are not in the log
 * - topic-source-events.ts   the cases about descriptions and events
 */
import { afterEach, describe, expect, it } from 'vitest';
import { expectSourceError, TopicDriver, type TopicFeatures, type TopicSetup, type TopicUnderTest } from './topic-source-driver.ts';
import { eventCases } from './topic-source-events.ts';
import { groupCases } from './topic-source-groups.ts';
import { offsetCases } from './topic-source-offsets.ts';
import { readingCases } from './topic-source-reading.ts';

export type { SuiteTopicRecord, TopicFeatures, TopicSetup, TopicUnderTest } from './topic-source-driver.ts';

/** Makes the topics of the cases. */
export interface TopicWorld {
  /** A new topic. */
  open(setup: TopicSetup): Promise<TopicUnderTest>;
  /** A source on a topic that does not exist; needed when the feature `missingTopic` is declared. */
  missing?(): Promise<TopicUnderTest>;
}

export function topicSourceSuite(name: string, world: TopicWorld, features: TopicFeatures): void {
  const cases = [...eventCases, ...readingCases, ...offsetCases, ...groupCases];
  const waivers = features.waivers ?? {};

  describe(`${name} keeps the promises of a topic source`, () => {
    const opened: { readonly driver: TopicDriver; readonly topic: TopicUnderTest }[] = [];

    async function open(opening: Promise<TopicUnderTest>): Promise<TopicDriver> {
      const topic = await opening;
      const driver = new TopicDriver(topic);
      opened.push({ driver, topic });
      return driver;
    }

    afterEach(async () => {
      for (const { driver, topic } of opened.splice(0)) {
        await driver.end();
        await topic.cleanup();
      }
    });

    for (const { promise, needs = [], setup, prove } of cases) {
      const lacking = needs.filter((feature) => !features[feature]);
      const reason = waivers[promise] ?? (lacking.length === 0 ? undefined : `the adapter does not declare ${lacking.join(', ')}`);
      it.skipIf(reason !== undefined)(reason === undefined ? promise : `${promise} (waived: ${reason})`, async () => {
        await prove(await open(world.open({ partitions: 1, isCommittedOnly: false, ...setup })));
      });
    }

    it.skipIf(!features.missingTopic)(
      'says not-found of a topic that does not exist, and tells a member so until it is there',
      async () => {
        if (world.missing === undefined) throw new Error('an adapter that declares missingTopic must offer missing()');
        const driver = await open(world.missing());
        await expectSourceError(driver.run(driver.source.describe()), 'not-found');
        const member = driver.join();
        await driver.until(() => member.troubles.length > 0, 'a member hears of the trouble');
        expect(member.troubles[0]?.error.kind).toBe('not-found');
        expect(member.heard).not.toContain('assigned');
      },
    );

    it('has a name of its own for every promise, and waives only promises that there are', () => {
      const promises = cases.map(({ promise }) => promise);
      expect(new Set(promises).size).toBe(promises.length);
      expect(promises).toEqual(expect.arrayContaining(Object.keys(waivers)));
    });
  });
}
