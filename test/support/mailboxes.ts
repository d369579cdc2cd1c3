/** Queues, topics and buckets of an emulator as on-failure destinations, and what they really hold. */
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
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { s3Destination } from '../../adapters/destination/s3/index.ts';
import { snsDestination } from '../../adapters/destination/sns/index.ts';
import { sqsDestination } from '../../adapters/destination/sqs/index.ts';
import type { FailureDestination } from '../../src/index.ts';
import { SqsWorld } from './sqs-world.ts';

/** One thing that was received. */
export interface Letter {
  /** S3 only. */
  readonly key?: string;
  /** Byte for byte. */
  readonly text: string;
}

/** A target that does not exist until it is created. */
export interface Mailbox {
  readonly destination: FailureDestination;
  create(): Promise<void>;
  /** Waits for so many; all that is there then. */
  letters(count: number): Promise<readonly Letter[]>;
  remove(): Promise<void>;
}

const region = 'us-east-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const PATIENCE_MS = 60_000;
const POLL_MS = 50;

async function collect(count: number, look: () => Promise<readonly Letter[]>): Promise<readonly Letter[]> {
  const found: Letter[] = [];
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    found.push(...(await look()));
    if (found.length >= count || performance.now() > deadline) return found;
    await sleep(POLL_MS);
  }
}

/** The emulator's clients, for all mailboxes of a test file. */
export class Mailboxes {
  readonly #endpoint: string;
  readonly #queues: SqsWorld;
  readonly #sns: SNSClient;
  readonly #s3: S3Client;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
    this.#queues = new SqsWorld(endpoint);
    this.#sns = new SNSClient({ endpoint, region, credentials });
    this.#s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  }

  close(): void {
    this.#queues.close();
    this.#sns.destroy();
    this.#s3.destroy();
  }

  sqs(): Mailbox {
    const queue = this.#queues.unmade();
    return {
      destination: sqsDestination({ queue: queue.arn, endpoint: this.#endpoint, credentials }),
      create: () => queue.create(),
      letters: (count) => collect(count, async () => (await queue.take()).map(({ Body = '' }) => ({ text: Body }))),
      remove: () => queue.remove(),
    };
  }

  /** What a topic carries shows at a queue that subscribes to it. */
  sns(): Mailbox {
    const name = `letters-${randomUUID()}`;
    const topic = `arn:aws:sns:${region}:000000000000:${name}`;
    const queue = this.#queues.unmade();
    const messageOf = (body: string): string => (JSON.parse(body) as { readonly Message: string }).Message;
    return {
      destination: snsDestination({ topic, endpoint: this.#endpoint, credentials }),
      create: async () => {
        await queue.create();
        await this.#sns.send(new CreateTopicCommand({ Name: name }));
        await this.#sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: queue.arn }));
      },
      letters: (count) => collect(count, async () => (await queue.take()).map(({ Body = '' }) => ({ text: messageOf(Body) }))),
      remove: async () => {
        await this.#sns.send(new DeleteTopicCommand({ TopicArn: topic }));
        await queue.remove();
      },
    };
  }

  s3(): Mailbox {
    const bucket = `letters-${randomUUID()}`;
    const keys = async (): Promise<string[]> => {
      const { Contents = [] } = await this.#s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    };
    const take = async (): Promise<Letter[]> => {
      const letters: Letter[] = [];
      for (const key of await keys()) {
        const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        letters.push({ key, text: (await Body?.transformToString()) ?? '' });
        await this.#s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      }
      return letters;
    };
    return {
      destination: s3Destination({ bucket: `arn:aws:s3:::${bucket}`, endpoint: this.#endpoint, region, credentials }),
      create: async () => {
        await this.#s3.send(new CreateBucketCommand({ Bucket: bucket }));
      },
      letters: (count) => collect(count, take),
      remove: async () => {
        await take();
        await this.#s3.send(new DeleteBucketCommand({ Bucket: bucket }));
      },
    };
  }
}
