import { describe, expect, it, vi } from 'vitest';
import { type DynamoDBStreamsOptions, resolveStreamOptions } from '../../../../adapters/source/dynamodb-streams/options.ts';
import type { ConfigProblem } from '../../../../src/index.ts';
import { STUB_STREAM_ARN as ARN } from '../../../support/dynamodb-streams-stub.ts';
import { problemsOf } from '../../../support/problems-of.ts';
import { withoutAwsRegion } from '../../../support/without-aws-region.ts';

const LOCAL = 'arn:aws:dynamodb:ddblocal:000000000000:table/orders/stream/2026-11-21T09:36:48.630';
withoutAwsRegion();

const refusals = (options: unknown): readonly ConfigProblem[] => problemsOf(() => resolveStreamOptions(options as DynamoDBStreamsOptions));

it('takes region and label from the ARN, and polls four times a second', () => {
  expect(resolveStreamOptions({ stream: ARN, region: 'us-east-1' })).toMatchObject({
    arn: ARN,
    streamLabel: '2026-11-21T09:36:48.630',
    settings: { region: 'eu-central-1' },
    pollMs: 250,
    creationPrecisionMs: 1000,
  });
});

describe('the region of DynamoDB Local', () => {
  it("is the option's, because its ARNs name none", () => {
    expect(resolveStreamOptions({ stream: LOCAL, region: 'us-east-1' })).toMatchObject({
      settings: { region: 'us-east-1' },
      creationPrecisionMs: 60_000,
    });
  });

  it('is asked for when it is nowhere', () => {
    const [problem] = refusals({ stream: LOCAL });
    expect(problem).toMatchObject({ field: 'region', message: expect.stringContaining('AWS_REGION') as string });
  });

  it("is left to the SDK's chain where there is one", () => {
    vi.stubEnv('AWS_REGION', 'us-west-1');
    expect(resolveStreamOptions({ stream: LOCAL }).settings.region).toBeUndefined();
  });
});

it.each([
  [undefined, 'not nothing'],
  ['', "must be the stream's ARN"],
  ['orders', 'no ARN of the form'],
  ['arn:aws:kinesis:eu-central-1:123456789012:stream/orders', 'an ARN of kinesis'],
  ['arn:aws:dynamodb:eu-central-1:123456789012:table/orders', 'LatestStreamArn'],
  ['arn:aws:dynamodb::123456789012:table/orders/stream/2026-11-21T09:36:48.630', 'lacks the region'],
  ['arn:aws:dynamodb:eu-central-1:123456789012:table/or ders/stream/2026-11-21T09:36:48.630', 'no ARN of a stream'],
])('refuses %j as a stream', (stream, why) => {
  expect(refusals({ stream })).toEqual([{ field: 'stream', message: expect.stringContaining(why) as string }]);
});

it.each<[Record<string, unknown>, string]>([
  [{ pollMs: 9 }, 'pollMs'],
  [{ pollMs: 60_001 }, 'pollMs'],
  [{ pollMs: 1.5 }, 'pollMs'],
  [{ pollMs: '250' }, 'pollMs'],
  [{ pollMS: 250 }, 'pollMS'],
  [{ endpoint: 'localhost:8000' }, 'endpoint'],
  [{ credentials: 'SECRET' }, 'credentials'],
  [{ client: {} }, 'client'],
  [{ client: { send: () => undefined }, region: 'us-east-1' }, 'region'],
])('says what is wrong with %j by name', (options, field) => {
  const problems = refusals({ stream: ARN, ...options });
  expect(problems.map((problem) => problem.field)).toEqual([field]);
  expect(problems.map((problem) => problem.message).join()).not.toContain('SECRET');
});

it.each([undefined, null, ARN])('refuses %j in the place of options', (options) => {
  expect(refusals(options).map((problem) => problem.field)).toEqual(['options']);
});
