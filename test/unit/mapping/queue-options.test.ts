import { describe, expect, it } from 'vitest';
import { ConfigError, type QueueMappingOptions } from '../../../src/contract/index.ts';
import { pascal, resolveQueueOptions } from '../../../src/mapping/index.ts';

/** The problems that `input` has, as `field: message`. */
function problems(input: object, fifo = false, checked?: Parameters<typeof resolveQueueOptions>[2]): string[] {
  try {
    resolveQueueOptions(input, { fifo, filterKind: 'sqs' }, checked);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
  return [];
}

describe('the options of a queue mapping', () => {
  it("have AWS's defaults", () => {
    expect(resolveQueueOptions({}, { fifo: false, filterKind: 'sqs' })).toEqual<QueueMappingOptions>({
      batchSize: 10,
      maximumBatchingWindowInSeconds: 0,
      functionResponseTypes: [],
      filter: undefined,
      maximumConcurrency: undefined,
      enabled: true,
      heartbeat: true,
      groupQuarantine: false,
      retryBackoff: undefined,
      abandonAfterSeconds: undefined,
    });
  });

  it('may be all given, at the ends of their ranges', () => {
    const most = {
      batchSize: 10_000,
      maximumBatchingWindowInSeconds: 300,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: 1000 },
      enabled: false,
      heartbeat: false,
      retryBackoff: { baseSeconds: 0, maxSeconds: 43_200 },
      abandonAfterSeconds: 43_200,
    };
    expect(problems(most)).toEqual([]);
    expect(
      problems({ batchSize: 1, maximumBatchingWindowInSeconds: 0, scalingConfig: { maximumConcurrency: 2 }, abandonAfterSeconds: 0 }),
    ).toEqual([]);
    expect(problems({ batchSize: 10, groupQuarantine: true }, true)).toEqual([]);
    expect(problems({ scalingConfig: {}, functionResponseTypes: [] })).toEqual([]);
  });

  const batchSize = 'batchSize: must be a whole number from 1 to 10000 (records; default 10; FIFO queues at most 10), but is';
  const window = 'maximumBatchingWindowInSeconds: must be a whole number from 0 to 300 (seconds; default 0), but is';
  const concurrency =
    'scalingConfig.maximumConcurrency: must be a whole number from 2 to 1000 (batches in flight; leave it out for no limit), but is';
  const abandon =
    'abandonAfterSeconds: must be a whole number from 0 to 43200 (seconds after the time-out; leave it out for never), but is';
  const seconds = 'must be a whole number of seconds from 0 to 43200, but is';

  it.each<[object, string]>([
    [{ batchSize: 0 }, `${batchSize} the number 0`],
    [{ batchSize: 10_001 }, `${batchSize} the number 10001`],
    [{ batchSize: 1.5 }, `${batchSize} the number 1.5`],
    [{ batchSize: '10' }, `${batchSize} the text "10"`],
    [{ batchSize: null }, `${batchSize} null`],
    [{ batchSize: Number.NaN }, `${batchSize} the number NaN`],
    [{ batchSize: [10] }, `${batchSize} a list of 1`],
    [{ batchSize: {} }, `${batchSize} an object`],
    [{ batchSize: 'x'.repeat(100) }, `${batchSize} a text of 100 characters`],
    [{ maximumBatchingWindowInSeconds: 301 }, `${window} the number 301`],
    [{ maximumBatchingWindowInSeconds: -1 }, `${window} the number -1`],
    [{ maximumBatchingWindowInSeconds: 0.5 }, `${window} the number 0.5`],
    [{ scalingConfig: { maximumConcurrency: 1 } }, `${concurrency} the number 1`],
    [{ scalingConfig: { maximumConcurrency: 1001 } }, `${concurrency} the number 1001`],
    [
      { scalingConfig: 5 },
      'scalingConfig: must be an object with MaximumConcurrency, such as { MaximumConcurrency: 10 }, but is the number 5',
    ],
    [{ functionResponseTypes: ['Other'] }, 'functionResponseTypes[0]: must be ReportBatchItemFailures, but is the text "Other"'],
    [
      { functionResponseTypes: ['ReportBatchItemFailures', 'ReportBatchItemFailures'] },
      'functionResponseTypes: must be a list of at most one entry, ReportBatchItemFailures, but is a list of 2',
    ],
    [
      { functionResponseTypes: 'ReportBatchItemFailures' },
      'functionResponseTypes: must be a list of at most one entry, ReportBatchItemFailures, but is the text "ReportBatchItemFailures"',
    ],
    [{ enabled: 'yes' }, 'enabled: must be true or false (default true), but is the text "yes"'],
    [{ heartbeat: 1 }, 'heartbeat: must be true or false (default true), but is the number 1'],
    [{ groupQuarantine: 'no' }, 'groupQuarantine: must be true or false (default false), but is the text "no"'],
    [{ abandonAfterSeconds: -1 }, `${abandon} the number -1`],
    [{ retryBackoff: 30 }, 'retryBackoff: must be an object with baseSeconds and maxSeconds, but is the number 30'],
    [{ retryBackoff: { baseSeconds: 1 } }, `retryBackoff.maxSeconds: ${seconds} missing`],
    [{ retryBackoff: { baseSeconds: -1, maxSeconds: 1 } }, `retryBackoff.baseSeconds: ${seconds} the number -1`],
    [{ retryBackoff: { baseSeconds: 1, maxSeconds: 43_201 } }, `retryBackoff.maxSeconds: ${seconds} the number 43201`],
  ])('%j are refused with field, range and value', (input, problem) => {
    expect(problems(input)).toEqual([problem]);
  });

  it.each<[object, boolean, string]>([
    [
      { batchSize: 11 },
      false,
      'batchSize: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ],
    [{ maximumBatchingWindowInSeconds: 1 }, true, 'maximumBatchingWindowInSeconds: Batching window is not supported for FIFO queues'],
    [{ batchSize: 11 }, true, 'batchSize: is 11, but a batch of a FIFO queue takes at most 10 records; set 1 to 10'],
    [{ groupQuarantine: true }, false, 'groupQuarantine: is for FIFO queues only; leave it out'],
    [
      { retryBackoff: { baseSeconds: 5, maxSeconds: 4 } },
      false,
      'retryBackoff: has a maxSeconds below its baseSeconds; set maxSeconds to at least baseSeconds',
    ],
    [
      { startingPosition: 'LATEST' },
      false,
      'startingPosition: Unsupported StartingPosition parameter for given event source mapping type.',
    ],
    [{ destinationConfig: {} }, false, 'destinationConfig: Unsupported DestinationConfig parameter for given event source mapping type.'],
  ])('%j (FIFO: %j) break a rule between fields or of the source', (input, fifo, problem) => {
    expect(problems(input, fifo)).toEqual([problem]);
  });

  it.each([
    ['batchsize', 'did you mean batchSize?'],
    ['maximumBatchWindowInSeconds', 'did you mean maximumBatchingWindowInSeconds?'],
    ['maximumConcurrency', 'the fields here are batchSize, maximumBatchingWindowInSeconds'],
    ['metricsConfig', 'does not have yet; leave it out'],
  ])('%s are unknown or not there yet, and the message helps', (name, hint) => {
    expect(problems({ [name]: 1 })).toEqual([expect.stringMatching(new RegExp(`^${name}: `))]);
    expect(problems({ [name]: 1 })[0]).toContain(hint);
  });

  it('with a mistyped field inside an object get the names of that object', () => {
    expect(problems({ scalingConfig: { maximumConcurency: 5 } })).toEqual([
      'scalingConfig.maximumConcurency: is not a field that is known here; did you mean maximumConcurrency?',
    ]);
  });

  it('are refused with all that is wrong at once', () => {
    expect(problems({ batchSize: 0, enabled: 1, heartbeet: true })).toHaveLength(3);
    expect(problems({ batchSize: 11, maximumBatchingWindowInSeconds: 1, groupQuarantine: true }, true)).toHaveLength(2);
  });

  it("are spelt in the user's own way in every message", () => {
    const checked = { at: 'Mappings[1]', spell: pascal };
    const spelt = (input: object): string[] => problems(input, false, checked).map((problem) => problem.split(':')[0] ?? '');
    expect(spelt({ batchSize: 0 })).toEqual(['Mappings[1].BatchSize']);
    expect(spelt({ batchSize: 11 })).toEqual(['Mappings[1].BatchSize']);
    expect(spelt({ topics: [] })).toEqual(['Mappings[1].Topics']);
    expect(spelt({ scalingConfig: { maximumConcurrency: 1 } })).toEqual(['Mappings[1].ScalingConfig.MaximumConcurrency']);
    expect(problems({ batchsize: 1 }, false, checked)).toEqual([
      'Mappings[1].Batchsize: is not a field that is known here; did you mean BatchSize?',
    ]);
  });
});
