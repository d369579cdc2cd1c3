import { describe, expect, it, vi } from 'vitest';
import { parseQueueReference } from '../../../../adapters/shared/sqs-queue-reference.ts';
import { type ResolvedSqsOptions, resolveSqsOptions, type SqsOptions } from '../../../../adapters/source/sqs/options.ts';
import type { ConfigProblem } from '../../../../src/index.ts';
import { problemsOf } from '../../../support/problems-of.ts';
import { withoutAwsRegion } from '../../../support/without-aws-region.ts';

withoutAwsRegion();

const refusals = (options: unknown): readonly ConfigProblem[] => problemsOf(() => resolveSqsOptions(options as SqsOptions));

const regionOf = (options: SqsOptions): string | undefined => resolveSqsOptions(options).settings.region;
const arn = 'arn:aws:sqs:eu-central-1:123456789012:orders';

describe('a queue is named', () => {
  it.each<[string, string, string | undefined]>([
    ['an ARN', arn, 'eu-central-1'],
    ['an ARN of another partition', 'arn:aws-cn:sqs:cn-north-1:123456789012:orders', 'cn-north-1'],
    ['a URL', 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders', 'eu-west-1'],
    ['a URL in China', 'https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders', 'cn-north-1'],
    ['a FIPS URL', 'https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/orders', 'us-gov-west-1'],
    ['a dual-stack URL', 'https://sqs.us-west-2.api.aws/123456789012/orders', 'us-west-2'],
    ['an old URL', 'https://us-west-2.queue.amazonaws.com/123456789012/orders', 'us-west-2'],
    ['the oldest kind of URL', 'https://queue.amazonaws.com/123456789012/orders', 'us-east-1'],
    ['the URL of a VPC endpoint', 'https://vpce-0a1-b2.sqs.ap-south-1.vpce.amazonaws.com/123456789012/orders', 'ap-south-1'],
    ["LocalStack's URL with a domain", 'http://sqs.eu-north-1.localhost.localstack.cloud:4566/000000000000/orders', 'eu-north-1'],
    ["LocalStack's URL with a path", 'http://127.0.0.1:4566/queue/eu-north-1/000000000000/orders', 'eu-north-1'],
    ['a URL on a host of its own', 'http://127.0.0.1:9324/000000000000/orders', undefined],
    ['its name', 'orders', undefined],
  ])('by %s', (_title, queue, region) => {
    const reference = parseQueueReference(queue);
    expect(reference).toMatchObject({ name: 'orders' });
    expect(typeof reference === 'object' && 'region' in reference ? reference.region : undefined).toBe(region);
  });

  it.each([
    ['', 'an empty text'],
    [undefined, 'not nothing'],
    [7, 'not 7'],
    ['two words', 'no queue name'],
    ['x'.repeat(81), 'at most 80'],
    ['orders.fifo.fifo', 'no queue name'],
    ['arn:aws:sns:eu-central-1:123456789012:orders', 'an ARN of sns'],
    ['arn:aws:sqs:eu-central-1:12345:orders', 'no ARN of the form'],
    ['arn:aws:sqs::123456789012:orders', 'lacks the region'],
    ['arn:aws:sqs:eu-central-1:123456789012:a:b', 'no queue name'],
    ['https://sqs.eu-west-1.amazonaws.com/', "does not end in a queue's name"],
    ['https://user:SECRET@host/123456789012/orders', 'must not hold a user name'],
    ['https://host/123456789012/orders?X-Amz-Signature=SECRET', 'must not hold a query'],
    ['http://', 'must be a URL'],
  ])('and not by %j', (queue, why) => {
    const [problem, ...others] = refusals({ queue, region: 'us-east-1' });
    expect(problem).toMatchObject({ field: 'queue', message: expect.stringContaining(why) as string });
    expect(problem?.message).not.toContain('SECRET');
    expect(others).toEqual([]);
  });
});

describe('the region', () => {
  it("is the ARN's before the option's", () => {
    expect(regionOf({ queue: arn, region: 'us-east-1' })).toBe('eu-central-1');
  });

  it("is the URL's before the option's", () => {
    expect(regionOf({ queue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders', region: 'us-east-1' })).toBe('eu-west-1');
  });

  it("is the option's where the queue names none", () => {
    expect(regionOf({ queue: 'orders', region: 'us-east-1' })).toBe('us-east-1');
  });

  it("is left to the SDK's chain where there is one", () => {
    vi.stubEnv('AWS_REGION', 'us-west-1');
    expect(regionOf({ queue: 'orders' })).toBeUndefined();
  });

  it('is asked for when it is nowhere', () => {
    const [problem] = refusals({ queue: 'orders' });
    expect(problem?.field).toBe('region');
    expect(problem?.message).toContain('AWS_REGION');
  });
});

describe('what is wrong with the other options is said by name', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ region: 'EU West' }, 'region'],
    [{ region: 5 }, 'region'],
    [{ endpoint: 'localhost:4566' }, 'endpoint'],
    [{ endpoint: 'ftp://host' }, 'endpoint'],
    [{ endpoint: 'http://user:SECRET@host' }, 'endpoint'],
    [{ endpoint: 5 }, 'endpoint'],
    [{ credentials: 'SECRET' }, 'credentials'],
    [{ credentials: { accessKeyId: 'key' } }, 'credentials'],
    [{ credentials: { accessKeyId: 'key', secretAccessKey: '' } }, 'credentials'],
    [{ credentials: { accessKeyId: 'key', secretAccessKey: 'SECRET', sessionToken: 5 } }, 'credentials'],
    [{ connectTimeoutMs: 0 }, 'connectTimeoutMs'],
    [{ requestTimeoutMs: '10s' }, 'requestTimeoutMs'],
    [{ requestTimeoutMs: 2 ** 31 }, 'requestTimeoutMs'],
    [{ regoin: 'us-east-1' }, 'regoin'],
    [{ client: {} }, 'client'],
    [{ client: { send: () => undefined }, endpoint: 'http://host' }, 'endpoint'],
  ])('%j', (options, field) => {
    const problems = refusals({ queue: arn, ...options });
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems.map((problem) => problem.message).join()).not.toContain('SECRET');
  });

  it('all of it at once', () => {
    const fields = refusals({ queue: '', region: '', endpoint: '' }).map((problem) => problem.field);
    expect(fields).toEqual(['queue', 'region', 'endpoint']);
  });
});

it.each([undefined, null, arn])('refuses %j in the place of options', (options) => {
  expect(refusals(options).map((problem) => problem.field)).toEqual(['options']);
});

it('keeps what was configured as the label', () => {
  const resolved: ResolvedSqsOptions = resolveSqsOptions({ queue: arn });
  expect(resolved.label).toBe(arn);
});
