import { describe, expect, it } from 'vitest';
import { TopicWorld } from '../../support/topic-world.ts';

describe('the consumer group of a mapping of a topic', () => {
  it('refuses a mapping whose name is too long for a group, when it is made', () => {
    const world = new TopicWorld();
    expect(() => world.member({ name: 'n'.repeat(201) })).toThrow(/consumerGroupId: is needed where the name of the mapping/);
    expect(() => world.member({ name: 'n'.repeat(201), consumerGroupId: 'g' })).not.toThrow();
  });
});
