import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, test } from 'vitest';
import { describeWithBackend } from '../support/backends/inject.ts';
import { emulatorClientOptions } from '../support/backends/sqs-client.ts';
import { DaemonTests, eventually, readiness, untilReady } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const ENV = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const PRINT = { 'f.mjs': "export async function handler(event) { for (const { body } of event.Records) console.log('got ' + body); }\n" };

function config(endpoint: string, queue: string): string {
  return `
stopTimeoutSeconds: 2
aws: { endpoint: '${endpoint}', region: us-east-1 }
store: { type: sqlite, path: ./state.db }
functions: { f: { Handler: ./f.mjs } }
mappings: [{ Name: jobs, EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:${queue}', FunctionName: f }]
`;
}

describeWithBackend('localstack', 'the daemon on SQS', ({ endpoint }) => {
  const queueName = (): string => `daemon-${String(process.pid)}-${String(Math.floor(performance.now()))}`;

  async function withClient(use: (client: SQSClient) => Promise<void>): Promise<void> {
    const client = new SQSClient(emulatorClientOptions(endpoint));
    try {
      await use(client);
    } finally {
      client.destroy();
    }
  }

  test('a queue that does not exist yet is waited for with the reason on readyz, then its messages arrive, and a signal drains', async () => {
    const queue = queueName();
    const daemon = tests.run(config(endpoint, queue), PRINT, { env: ENV });
    const url = await daemon.url();
    const waiting = await eventually('the reason', async () => {
      const answer = await readiness(url);
      return answer.text.includes('not-found') ? answer : undefined;
    });
    expect(waiting.status).toBe(503);
    expect(waiting.text).toMatch(/"mapping":"jobs".*the source cannot be used \(not-found: /);
    await withClient(async (client) => {
      const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: queue }));
      await untilReady(url);
      for (const body of ['one', 'two', 'three']) await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    });
    for (const body of ['one', 'two', 'three']) await daemon.says(new RegExp(`got ${body}`));
    await eventually('three deleted', async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return /^DeletedEventCount\{[^}]*Mapping="jobs"[^}]*\} 3$/m.test(metrics) ? true : undefined;
    });
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(daemon.stdout + daemon.stderr).not.toMatch(/"test"|AWS_SECRET/);
  });
});
