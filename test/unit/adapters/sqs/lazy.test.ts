import { createRequire } from 'node:module';
import { afterEach, expect, it } from 'vitest';
import { sqs } from '../../../../adapters/source/sqs/index.ts';
import { SqsStub } from '../../../support/sqs-stub.ts';

/** The SDK's packages are CommonJS, so what is loaded of them stands in Node's cache. */
const loaded = (): string[] =>
  Object.keys(createRequire(import.meta.url).cache).filter((file) => /node_modules[\\/](@aws-sdk|@smithy)[\\/]/.test(file));

let stub: SqsStub | undefined;

afterEach(async () => {
  await stub?.close();
});

it('loads nothing of the AWS SDK until a queue is asked for the first time', async () => {
  stub = await SqsStub.start();
  stub.createQueue('orders');
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const queue = sqs({ queue: stub.arnOf('orders'), endpoint: stub.endpoint, credentials });
  expect(loaded()).toEqual([]);

  await queue.describe();
  expect(loaded()).not.toEqual([]);
  await queue.close();
});
