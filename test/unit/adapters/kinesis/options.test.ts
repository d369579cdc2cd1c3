import { afterEach, describe, expect, it, vi } from 'vitest';
import { type KinesisOptions, kinesis } from '../../../../adapters/source/kinesis/index.ts';
import { problemLines } from '../../../support/problems-of.ts';

const ARN = 'arn:aws:kinesis:eu-central-1:123456789012:stream/orders';

afterEach(() => {
  vi.unstubAllEnvs();
});

const problems = (options: unknown): string[] => problemLines(() => kinesis(options as KinesisOptions));

describe('kinesis() takes', () => {
  it.each([
    [{ stream: ARN }],
    [{ stream: 'arn:aws-cn:kinesis:cn-north-1:123456789012:stream/a.b_c-1' }],
    [{ stream: 'orders', region: 'eu-central-1' }],
    [{ stream: ARN, pollMs: 10, readLimits: 'none', roleArn: 'arn:aws:iam::123456789012:role/service-role/orders' }],
    [{ stream: ARN, pollMs: 60_000, readLimits: 'aws', connectTimeoutMs: 1, requestTimeoutMs: 1 }],
  ])('%j', (options) => {
    expect(problems(options)).toEqual([]);
    expect(kinesis(options as KinesisOptions)).toMatchObject({
      kind: 'stream',
      label: options.stream,
      startingPositions: ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'],
    });
  });
});

describe('kinesis() refuses, saying why,', () => {
  it.each([
    ['no object', undefined, /^options: must be an object/],
    ['no stream', {}, /^stream: must be the stream's ARN or name, not nothing/],
    ['an empty stream', { stream: '' }, /not an empty text/],
    ['a name with a slash', { stream: 'a/b', region: 'eu-central-1' }, /^stream: "a\/b" is no ARN and no stream name/],
    ['a broken ARN', { stream: 'arn:aws:kinesis:orders' }, /is no ARN of the form arn:aws:kinesis:REGION:ACCOUNT:stream\/NAME/],
    ["a queue's ARN", { stream: 'arn:aws:sqs:eu-central-1:123456789012:orders' }, /is an ARN of sqs/],
    ['an ARN without a region', { stream: 'arn:aws:kinesis::123456789012:stream/orders' }, /lacks the region or the account/],
    ['a consumer', { stream: `${ARN}/consumer/me:1` }, /enhanced fan-out is not read yet/],
    ['another resource', { stream: 'arn:aws:kinesis:eu-central-1:123456789012:orders' }, /which is no stream\/NAME/],
    ['a role that is none', { stream: ARN, roleArn: 'arn:aws:iam::123456789012:user/me' }, /^roleArn: must be a role's ARN/],
    ['polls too close together', { stream: ARN, pollMs: 9 }, /^pollMs: must be a whole number of milliseconds from 10 to 60000, not 9/],
    ['polls too far apart', { stream: ARN, pollMs: 60_001 }, /^pollMs/],
    ['other limits', { stream: ARN, readLimits: 'some' }, /^readLimits: must be 'aws' or 'none'/],
    ['an option that there is not', { stream: ARN, queue: 'q' }, /^queue: is no option of a Kinesis stream; there are stream, roleArn/],
    ['an endpoint that is no URL', { stream: ARN, endpoint: 'localhost:4566' }, /^endpoint: must begin with http/],
    [
      'settings beside a client',
      { stream: ARN, client: { send: () => undefined }, endpoint: 'http://127.0.0.1:1' },
      /^endpoint: has no effect/,
    ],
    ['a client that is none', { stream: ARN, client: {} }, /^client: must be a KinesisClient of @aws-sdk\/client-kinesis/],
  ])('%s', (_title, options, message) => {
    expect(problems(options)).toEqual([expect.stringMatching(message)]);
  });

  it('a name when no region can be found', () => {
    for (const name of ['AWS_REGION', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nowhere');
    vi.stubEnv('AWS_REGION', '');
    expect(problems({ stream: 'orders' })).toEqual([expect.stringMatching(/^region: is nowhere to be found: name the stream by its ARN/)]);
  });

  it('everything that is wrong at once, and shows no keys', () => {
    const found = problems({ stream: '', pollMs: 0, credentials: { accessKeyId: 'AKIDSECRET' } });
    expect(found).toHaveLength(3);
    expect(found.join()).not.toContain('SECRET');
  });
});
