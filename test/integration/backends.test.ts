import { join } from 'node:path';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandOutput } from '../support/backends/command.ts';
import type { OwnBackend } from '../support/backends/index.ts';
import { emulatorClientOptions, startLocalStack } from '../support/backends/index.ts';
import { describeWithBackend, describeWithOwnLocalStack } from '../support/backends/inject.ts';
import type { TcpProxy } from '../support/proxy.ts';
import { startProxy } from '../support/proxy.ts';

/** One message there and back; resolves to what the queue still holds. */
async function roundTrip(sqs: SQSClient, name: string): Promise<string | undefined> {
  const fifo = name.endsWith('.fifo');
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: fifo ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : {} }),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'there', ...(fifo ? { MessageGroupId: 'group' } : {}) }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
  const message = Messages?.[0];
  expect(message?.Body).toBe('there');
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }));
  return names.map((attribute) => Attributes?.[attribute]).join(' ');
}

describeWithBackend('localstack', 'LocalStack of the run', ({ endpoint }) => {
  const sqs = new SQSClient(emulatorClientOptions(endpoint));
  afterAll(() => sqs.destroy());

  test.each(['support-standard', 'support-ordered.fifo'])('serves %s: create, send, receive, delete', async (name) => {
    expect(await roundTrip(sqs, name)).toBe('0 0');
  });
});

describeWithOwnLocalStack('a LocalStack of the test', () => {
  let own: OwnBackend;
  let proxy: TcpProxy;
  let sqs: SQSClient;

  beforeAll(async () => {
    own = await startLocalStack();
    proxy = await startProxy(own.endpoint);
    sqs = new SQSClient({ ...emulatorClientOptions(proxy.endpoint), maxAttempts: 1 });
  });

  afterAll(async () => {
    sqs.destroy();
    await proxy.close();
    await own.stop();
  });

  test('keeps its Kinesis in its process group, where a freeze and a stop reach it', async () => {
    const listed = (await commandOutput('ps', ['-A', '-o', 'pgid=,args='])) ?? '';
    const ours = listed.split('\n').filter((line) => Number.parseInt(line, 10) === own.pid);
    expect(ours.filter((line) => line.includes(join('kinesis-mock', 'start.cjs')))).toHaveLength(1);
  });

  test('is cut off and reached again through the proxy', async () => {
    expect(await roundTrip(sqs, 'cut')).toBe('0 0');
    await proxy.cut();
    await expect(sqs.send(new ListQueuesCommand({}))).rejects.toHaveProperty('code', expect.stringMatching(/^ECONN(RESET|REFUSED)$/));
    await proxy.heal();
    expect(await roundTrip(sqs, 'cut')).toBe('0 0');
  });

  test('answers nothing while frozen and what was asked after thawing', async () => {
    await own.freeze();
    let answered = false;
    const list = sqs.send(new ListQueuesCommand({})).then(() => {
      answered = true;
    });
    await expect(fetch(own.endpoint, { signal: AbortSignal.timeout(1_000) })).rejects.toThrow();
    expect(answered).toBe(false);
    await own.thaw();
    await list;
    expect(answered).toBe(true);
  });

  test('forgets its queues at a restart and serves on the same port', async () => {
    await own.restart();
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({}));
    expect(QueueUrls ?? []).toEqual([]);
    expect(await roundTrip(sqs, 'after')).toBe('0 0');
  });
});
