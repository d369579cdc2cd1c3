import { describe, expect, it } from 'vitest';
import { EmbeddedQueue, type EmbeddedQueueOptions, embeddedQueue } from '../../../../adapters/source/embedded-queue/index.ts';
import { problemLines } from '../../../support/problems-of.ts';

/** What is refused of a caller without types, who is the one whom the checks are for. */
const problems = (options: unknown): string[] => problemLines(() => new EmbeddedQueue(options as EmbeddedQueueOptions));

describe('the options of an embedded queue', () => {
  it('need no more than a name', () => {
    const queue = embeddedQueue({ name: 'orders' });
    expect(queue).toMatchObject({ kind: 'queue', label: 'orders', fifo: false, arn: 'arn:aws:sqs:us-east-1:000000000000:orders' });
  });

  it('make a FIFO queue by its name, in the region and account given', async () => {
    const queue = embeddedQueue({ name: 'orders.fifo', region: 'eu-central-1', account: '123456789012' });
    expect(queue.fifo).toBe(true);
    expect((await queue.describe()).arn).toBe('arn:aws:sqs:eu-central-1:123456789012:orders.fifo');
  });

  it.each([
    [{}, 'name: must be 1 to 80 letters'],
    [{ name: 'with space' }, "and is 'with space'"],
    [{ name: 'x'.repeat(81) }, 'and is text of 81 characters'],
    [{ name: 7 }, 'and is 7'],
    [{ name: 'a', visibilityTimeoutSeconds: 43_201 }, 'visibilityTimeoutSeconds: must be a whole number from 0 to 43200, and is 43201'],
    [{ name: 'a', visibilityTimeoutSeconds: '30' }, "visibilityTimeoutSeconds: must be a whole number from 0 to 43200, and is '30'"],
    [{ name: 'a', delaySeconds: 1.5 }, 'delaySeconds: must be a whole number from 0 to 900, and is 1.5'],
    [{ name: 'a', retentionSeconds: 59 }, 'retentionSeconds: must be a whole number from 60'],
    [{ name: 'a', maximumMessages: 0 }, 'maximumMessages: must be a whole number from 1'],
    [{ name: 'a', maximumBytes: Number.NaN }, 'maximumBytes: must be a whole number from 1'],
    [{ name: 'a', maximumMessageBytes: [] }, 'and is an array'],
    [{ name: 'a', region: 'Nowhere!' }, 'region: must be a region such as us-east-1'],
    [{ name: 'a', account: '12' }, 'account: must be twelve digits'],
    [{ name: 'a', contentBasedDeduplication: true }, 'contentBasedDeduplication: belongs to FIFO queues'],
    [{ name: 'a.fifo', contentBasedDeduplication: 'yes' }, 'contentBasedDeduplication: must be true or false'],
    [
      { name: 'a', visibilityTimeout: 30 },
      'visibilityTimeout: is not an option of an embedded queue; did you mean visibilityTimeoutSeconds?',
    ],
    [{ name: 'a', redrivePolicy: {} }, 'did you mean redrive?'],
    [{ name: 'a', redrive: { queue: {}, maxReceiveCount: 3 } }, 'redrive.queue: must be another embedded queue'],
    [
      { name: 'a', redrive: { queue: embeddedQueue({ name: 'b' }), maxReceiveCount: 0 } },
      'redrive.maxReceiveCount: must be a whole number from 1 to 1000',
    ],
    [{ name: 'a.fifo', redrive: { queue: embeddedQueue({ name: 'b' }), maxReceiveCount: 3 } }, 'redrive.queue: must be of the same type'],
    [{ name: 'a', redrive: 'b' }, 'redrive.queue: must be another embedded queue'],
  ])('are refused with field, rule and value: %j', (options, expected) => {
    expect(problems(options).join('\n')).toContain(expected);
  });

  it('are refused all at once', () => {
    expect(problems({ name: '', delaySeconds: -1, colour: 'red' })).toHaveLength(3);
  });
});
