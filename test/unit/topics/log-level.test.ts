import { describe, expect, it } from 'vitest';
import { TopicWorld } from '../../support/topic-world.ts';

describe('how much of a mapping of a topic is logged', () => {
  it("is said by AWS's LoggingConfig, which Kafka has", () => {
    const world = new TopicWorld();
    expect(() => world.member({ loggingConfig: { systemLogLevel: 'DEBUG' } })).not.toThrow();
    expect(() => world.member({ loggingConfig: { systemLogLevel: 'TRACE' as 'DEBUG' } })).toThrow(/DEBUG, INFO or WARN/);
  });
});
