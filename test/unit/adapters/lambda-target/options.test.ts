import { LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { type LambdaTargetOptions, lambda } from '../../../../adapters/target/lambda/index.ts';
import { silentLogger } from '../../../../src/index.ts';
import { problemLines } from '../../../support/problems-of.ts';
import { withoutAwsRegion } from '../../../support/without-aws-region.ts';

const region = 'eu-central-1';

withoutAwsRegion();

describe('options of a Lambda target', () => {
  test.each<LambdaTargetOptions>([
    { region },
    { region, functionName: 'orders' },
    { region, functionName: 'orders:live' },
    { functionName: 'arn:aws:lambda:eu-west-1:123456789012:function:orders' },
    {
      region,
      functionName: 'orders',
      qualifier: '$LATEST',
      endpoint: 'http://127.0.0.1:4566',
      requestTimeoutMs: 1_000,
      logger: silentLogger,
    },
    { client: new LambdaClient({ region }) },
  ])('are taken (%#)', async (options) => {
    await expect(lambda(options).close()).resolves.toBeUndefined();
  });

  test.each<[string, object, string]>([
    ['a name that is none', { region, functionName: 'or ders' }, 'functionName: is no name or ARN of a function; write NAME,'],
    ['a name that is no text', { region, functionName: 5 }, 'functionName: must be a name or ARN, not 5'],
    [
      'two qualifiers',
      { region, functionName: 'orders:live', qualifier: '7' },
      'qualifier: has no effect beside functionName, which names live',
    ],
    ['a qualifier that is none', { region, qualifier: 'a b' }, 'qualifier: must be a version, an alias or $LATEST, not "a b"'],
    ['an endpoint that is no URL', { region, endpoint: 'localhost' }, 'endpoint: must '],
    ['a logger that is none', { region, logger: {} }, "logger: must be a logger such as pino's"],
    ['a client that is none', { client: {} }, 'client: must be a LambdaClient of @aws-sdk/client-lambda'],
    ['a field that does not exist', { region, timeout: 3 }, 'timeout: is no option of a Lambda target; there are functionName, qualifier,'],
  ])('are refused with field and fix: %s', (_title, options, message) => {
    expect(problemLines(() => lambda(options))).toEqual([expect.stringContaining(message)]);
  });

  test('without a region anywhere are refused', () => {
    expect(problemLines(() => lambda({ functionName: 'orders' }))).toEqual([expect.stringContaining('region: is nowhere to be found')]);
  });
});
