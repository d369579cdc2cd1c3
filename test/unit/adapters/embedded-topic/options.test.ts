import { describe, expect, it } from 'vitest';
import { type EmbeddedTopicOptions, embeddedTopic } from '../../../../adapters/source/embedded-topic/index.ts';
import { ConfigError } from '../../../../src/index.ts';

/** The problems with these options, one a line. */
function problems(options: unknown): string {
  try {
    embeddedTopic(options as EmbeddedTopicOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('the options of an embedded topic', () => {
  it('may be left out but for the name', () => {
    expect(problems({ name: 'orders' })).toBe('');
    expect(problems({ name: 'a', partitions: 1000, firstOffset: 2 ** 52, isolation: 'read_committed' })).toBe('');
  });

  it('are refused all at once, each with its range', () => {
    const text = problems({
      name: '..',
      partitions: 0,
      retentionMs: 1,
      pollMs: 1001,
      sessionTimeoutMs: 5,
      isolation: 'committed',
      timestampType: 'NOW',
      bootstrapServers: 'a b',
    });
    const fields = text.split('\n').map((line) => line.slice(0, line.indexOf(':')));
    expect(fields).toEqual([
      'name',
      'isolation',
      'timestampType',
      'bootstrapServers',
      'partitions',
      'retentionMs',
      'pollMs',
      'sessionTimeoutMs',
    ]);
    expect(text).toContain('partitions: must be a whole number from 1 to 1000');
  });

  it('are refused when there is no such option, with what was meant', () => {
    expect(problems({ name: 'orders', partition: 3 })).toBe('partition: is not an option of an embedded topic; did you mean partitions?');
    expect(problems({ name: 'orders', xyzzy: 3 })).toContain('there are name,');
    expect(problems('orders')).toContain("must be an object such as { name: 'orders' }");
  });
});
