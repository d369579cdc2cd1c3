import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { memoryDestination } from '../../../../adapters/destination/memory/index.ts';
import { s3Destination } from '../../../../adapters/destination/s3/index.ts';
import { snsDestination } from '../../../../adapters/destination/sns/index.ts';
import { sqsDestination } from '../../../../adapters/destination/sqs/index.ts';
import { dynamodbStreams } from '../../../../adapters/source/dynamodb-streams/index.ts';
import { STUB_STREAM_ARN } from '../../../support/dynamodb-streams-stub.ts';

/** The SDK's packages are CommonJS, so what is loaded of them stands in Node's cache. */
const loaded = (): string[] =>
  Object.keys(createRequire(import.meta.url).cache).flatMap(
    (file) => /node_modules[\\/]@aws-sdk[\\/](client-[\w-]+)/.exec(file)?.[1] ?? [],
  );

it('loads of the AWS SDK what is used, when it is used', async () => {
  const endpoint = 'http://127.0.0.1:9';
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const settings = { endpoint, credentials };
  const made = [
    memoryDestination(),
    sqsDestination({ queue: 'arn:aws:sqs:eu-central-1:123456789012:discarded', ...settings }),
    s3Destination({ bucket: 'discarded', region: 'eu-central-1', ...settings }),
    dynamodbStreams({ stream: STUB_STREAM_ARN, ...settings }),
  ];
  const sns = snsDestination({ topic: 'arn:aws:sns:eu-central-1:123456789012:discarded', ...settings });
  expect(loaded()).toEqual([]);

  await expect(sns.check()).rejects.toMatchObject({ kind: 'unavailable' });
  expect(new Set(loaded())).toEqual(new Set(['client-sns']));
  await Promise.all([sns, ...made].map((each) => each.close()));
});
