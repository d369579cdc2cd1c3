import { describe, expect, it } from 'vitest';
import { embeddedTopicDestination } from '../../../adapters/destination/kafka/index.ts';
import { EmbeddedTopic } from '../../../adapters/source/embedded-topic/index.ts';
import { TopicWorld } from '../../support/topic-world.ts';

/** Later than any date can be: as if a producer had counted in other units than milliseconds. */
const NO_DATE = 9_000_000_000_000_000;

describe('a record whose timestamp is no date', () => {
  it.each(['json', 'record'] as const)('is given up like any other, and what comes after it goes on (%s)', async (format) => {
    const world = new TopicWorld();
    world.topic.produce({ key: 'k', value: '0', timestamp: NO_DATE });
    world.topic.produce({ key: 'k', value: '1' });
    const failed = new EmbeddedTopic({ name: 'failed', clock: world.clock, random: world.random });
    const destination = embeddedTopicDestination({ topic: 'failed', produce: (record) => failed.produce(record) }, format);
    const member = world.member(
      { batchSize: 1, maximumRetryAttempts: 0, destinationConfig: { onFailure: { destination } } },
      ([record]) => {
        if (record?.text === '0') throw new Error('poison');
      },
    );
    await world.idle(member);
    await world.stop(member);
    expect(world.seen.map(({ text }) => text)).toEqual(['0', '1']);
    expect(failed.peek(0).records).toHaveLength(1);
  });
});
