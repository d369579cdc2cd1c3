import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, test } from 'vitest';
import { describeWithBackend } from '../support/backends/inject.ts';
import { emulatorClientOptions } from '../support/backends/sqs-client.ts';
import { KinesisStreams } from '../support/kinesis-streams.ts';
import { type DaemonProcess, DaemonTests, eventually, untilReady } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const ENV = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const FUNCTION = {
  'f.mjs': `export async function handler(event) {
    const texts = event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
    if (texts.includes('poison')) throw new Error('poison');
    for (const text of texts) console.log('got ' + text);
  }\n`,
};

function config(endpoint: string, name: string): string {
  return `
stopTimeoutSeconds: 5
aws: { endpoint: '${endpoint}', region: us-east-1 }
store: { type: sqlite, path: ./state.db }
functions: { f: { Handler: ./f.mjs } }
mappings:
  - Name: clicks
    EventSourceArn: arn:aws:kinesis:us-east-1:000000000000:stream/${name}
    FunctionName: f
    StartingPosition: TRIM_HORIZON
    ParallelizationFactor: 2
    BisectBatchOnFunctionError: true
    MaximumRetryAttempts: 0
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:${name}' } }
`;
}

describeWithBackend('localstack', 'the daemon on Kinesis', ({ endpoint }) => {
  async function withServices(use: (streams: KinesisStreams, sqs: SQSClient) => Promise<void>): Promise<void> {
    const streams = new KinesisStreams(endpoint);
    const sqs = new SQSClient(emulatorClientOptions(endpoint));
    try {
      await use(streams, sqs);
    } finally {
      streams.close();
      sqs.destroy();
    }
  }

  async function stop(daemon: DaemonProcess): Promise<void> {
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
  }

  test('records arrive, exactly the poison reaches the queue of the file, and a restart goes on where it ended', async () => {
    const name = `daemon-${String(process.pid)}-${String(Math.floor(performance.now()))}`;
    await withServices(async (streams, sqs) => {
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
      const arn = await streams.create(name, 2);
      const put = (...values: string[]): Promise<void> =>
        streams.put(
          name,
          values.map((value, index) => ({ key: `k${String(index % 3)}`, value })),
        );
      await put('one', 'two', 'poison', 'three', 'four', 'five');
      const folder = tests.folder({ ...FUNCTION, 'millrace.yaml': config(endpoint, name) });
      const start = (): DaemonProcess =>
        tests.start({ args: ['start', '--config', `${folder}/millrace.yaml`, '--listen', '127.0.0.1:0'], env: ENV });

      const first = start();
      const url = await first.url();
      await untilReady(url);
      for (const text of ['one', 'two', 'three', 'four', 'five']) await first.says(new RegExp(`got ${text}`));
      const messages = await eventually('the invocation record', async () => {
        const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }));
        return Messages;
      });
      expect(messages.map(({ Body }) => JSON.parse(Body ?? '') as unknown)).toMatchObject([
        {
          requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
          KinesisBatchInfo: { batchSize: 1, streamArn: arn },
        },
      ]);
      await stop(first);

      await put('six');
      const second = start();
      await second.says(/got six/);
      await stop(second);
      expect(second.stdout).not.toMatch(/got (one|two|three|four|five)/);
      expect(first.stdout + first.stderr + second.stdout + second.stderr).not.toMatch(/"test"|AWS_SECRET/);
      await streams.remove(name);
    });
  });
});
