import { describe, expect, it } from 'vitest';
import { memoryDestination } from '../../../../adapters/destination/memory/index.ts';
import { resolveS3Destination, type S3DestinationOptions } from '../../../../adapters/destination/s3/options.ts';
import { resolveSnsDestination, type SnsDestinationOptions } from '../../../../adapters/destination/sns/options.ts';
import { resolveSqsDestination, type SqsDestinationOptions } from '../../../../adapters/destination/sqs/options.ts';
import type { ConfigProblem } from '../../../../src/index.ts';
import { problemsOf } from '../../../support/problems-of.ts';
import { withoutAwsRegion } from '../../../support/without-aws-region.ts';

withoutAwsRegion();

const problem = (field: string, why: string): ConfigProblem => ({ field, message: expect.stringContaining(why) as string });

describe('a queue as a destination', () => {
  const resolve = (options: object): unknown => resolveSqsDestination(options as SqsDestinationOptions);

  it.each([
    ['arn:aws:sqs:eu-central-1:123456789012:discarded', 'eu-central-1'],
    ['https://sqs.eu-west-1.amazonaws.com/123456789012/discarded', 'eu-west-1'],
    ['http://127.0.0.1:4566/000000000000/discarded', 'us-east-1'],
    ['discarded', 'us-east-1'],
  ])('is %s', (queue, region) => {
    expect(resolve({ queue, region: 'us-east-1' })).toMatchObject({ label: queue, settings: { region } });
  });

  it.each([
    ['arn:aws:sqs:eu-central-1:123456789012:discarded.fifo', 'FIFO'],
    ['https://sqs.eu-west-1.amazonaws.com/123456789012/discarded.fifo', 'FIFO'],
    ['discarded.fifo', 'FIFO'],
    ['arn:aws:sns:eu-central-1:123456789012:discarded', 'an ARN of sns'],
    ['', 'an empty text'],
    [undefined, 'not nothing'],
  ])('is not %j', (queue, why) => {
    expect(problemsOf(() => resolve({ queue, region: 'us-east-1' }))).toEqual([problem('queue', why)]);
  });

  it('needs a region where its name tells none', () => {
    expect(problemsOf(() => resolve({ queue: 'discarded' }))).toEqual([problem('region', 'AWS_REGION')]);
  });
});

describe('a topic as a destination', () => {
  const resolve = (options: object): unknown => resolveSnsDestination(options as SnsDestinationOptions);
  const topic = 'arn:aws:sns:eu-central-1:123456789012:discarded';

  it('is an ARN, which names the region', () => {
    expect(resolve({ topic, region: 'us-east-1' })).toMatchObject({ topicArn: topic, settings: { region: 'eu-central-1' } });
  });

  it.each([
    [`${topic}.fifo`, 'FIFO'],
    ['discarded', 'no ARN'],
    ['arn:aws:sqs:eu-central-1:123456789012:discarded', 'an ARN of sqs'],
    [`${topic}:5f1b6f3e-6c1c-4f6b-9d3c-3f4d5f6a7b8c`, 'no topic name'],
    ['arn:aws:sns::123456789012:discarded', 'lacks the region'],
    [7, 'not 7'],
  ])('is not %j', (wrong, why) => {
    expect(problemsOf(() => resolve({ topic: wrong }))).toEqual([problem('topic', why)]);
  });
});

describe('a bucket as a destination', () => {
  const resolve = (options: object): unknown => resolveS3Destination(options as S3DestinationOptions);

  it.each(['arn:aws:s3:::discarded', 'discarded'])('is %s', (bucket) => {
    expect(resolve({ bucket, region: 'eu-central-1' })).toMatchObject({ label: bucket, bucket: 'discarded', pathStyle: false });
  });

  it.each([
    ['Discarded', 'no bucket name'],
    ['arn:aws:s3:::discarded/key', 'no ARN of a bucket'],
    ['arn:aws:sqs:eu-central-1:123456789012:discarded', 'an ARN of sqs'],
    [undefined, 'not nothing'],
  ])('is not %j', (bucket, why) => {
    expect(problemsOf(() => resolve({ bucket, region: 'eu-central-1' }))).toEqual([problem('bucket', why)]);
  });

  it('stands in the path where an endpoint is set, unless told otherwise', () => {
    const endpoint = 'http://localhost:4566';
    expect(resolve({ bucket: 'discarded', region: 'us-east-1', endpoint })).toMatchObject({ pathStyle: true });
    expect(resolve({ bucket: 'discarded', region: 'us-east-1', endpoint, pathStyle: false })).toMatchObject({ pathStyle: false });
  });

  it.each<[object, string]>([
    [{ pathStyle: 'yes' }, 'pathStyle'],
    [{ pathStyle: true, client: { send: () => undefined } }, 'pathStyle'],
    [{ acl: 'private' }, 'acl'],
    [{ credentials: 'SECRET' }, 'credentials'],
  ])('is told what is wrong with %j by name', (options, field) => {
    const region = 'client' in options ? {} : { region: 'us-east-1' };
    const problems = problemsOf(() => resolve({ bucket: 'discarded', ...region, ...options }));
    expect(problems.map((each) => each.field)).toEqual([field]);
    expect(problems.map((each) => each.message).join()).not.toContain('SECRET');
  });

  it('needs a region', () => {
    expect(problemsOf(() => resolve({ bucket: 'discarded' }))).toEqual([problem('region', 'AWS_REGION')]);
  });
});

it.each([0, 1.5, Number.NaN])('refuses a memory of %d discards', (maximumDiscards) => {
  expect(problemsOf(() => memoryDestination({ maximumDiscards }))).toEqual([problem('maximumDiscards', '1 or more')]);
});
