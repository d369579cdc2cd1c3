import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, expect, it } from 'vitest';
import { s3Destination } from '../../adapters/destination/s3/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { startProxy } from '../support/proxy.ts';
import { type DestinationUnderTest, destinationSuite, discard, numbered } from './destination-suite.ts';

const region = 'us-east-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
/** The longest that an object is waited for, ms. */
const PATIENCE_MS = 60_000;

describeWithBackend('localstack', 'on LocalStack', ({ endpoint }) => {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  afterAll(() => client.destroy());

  async function keys(bucket: string): Promise<string[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = '' }) => Key);
  }

  async function texts(bucket: string): Promise<string[]> {
    const bodies: string[] = [];
    for (const Key of await keys(bucket)) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      bodies.push((await Body?.transformToString()) ?? '');
    }
    return bodies;
  }

  async function open(): Promise<DestinationUnderTest & { readonly bucket: string }> {
    const bucket = `discarded-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const network = await startProxy(endpoint);
    const destination = s3Destination({ bucket: `arn:aws:s3:::${bucket}`, endpoint: network.endpoint, region, credentials });
    return {
      bucket,
      destination,
      received: async (count) => {
        const deadline = performance.now() + PATIENCE_MS;
        while ((await keys(bucket)).length < count && performance.now() < deadline) await sleep(50);
        return texts(bucket);
      },
      now: () => texts(bucket),
      network,
      cleanup: async () => {
        await destination.close();
        await network.close();
        // A send that was aborted may still be carried out by the service.
        for (const until = performance.now() + PATIENCE_MS; ; ) {
          for (const Key of await keys(bucket)) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
          try {
            await client.send(new DeleteBucketCommand({ Bucket: bucket }));
            return;
          } catch (error) {
            if (!(error instanceof Error) || error.name !== 'BucketNotEmpty' || performance.now() > until) throw error;
          }
        }
      },
    };
  }

  destinationSuite(
    'S3',
    { open, missing: () => s3Destination({ bucket: `nowhere-${randomUUID()}`, endpoint, region, credentials }) },
    // The key is made of the discard, so the second object replaces the first.
    { missing: true, fifo: false, network: true, readableAtOnce: true, payload: true, twice: 1 },
  );

  it('names the object by mapping, shard, instant in UTC and discard, and says that it is JSON', async () => {
    const { destination, bucket, cleanup } = await open();
    const id = '0c7b9f0e-7d8f-4c39-9a51-8c6c3f0f5d11';
    await destination.send(discard(numbered(0), { id }), new AbortController().signal);
    const key = `aws/lambda/83b6b5e4-34d1-4f6a-9e0c-3f6bb0c5a1d2/shardId-000000000000/2026/11/21/2026-11-21T09.48.01-${id}`;
    expect(await keys(bucket)).toEqual([key]);
    const { ContentType, Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    expect(ContentType).toBe('application/json');
    const { payload } = JSON.parse((await Body?.transformToString()) ?? '') as { payload: string };
    expect(JSON.parse(payload)).toEqual({ Records: [{ data: 'Grüße "🚰" \\ \u2028' }] });
    await cleanup();
  });
});
