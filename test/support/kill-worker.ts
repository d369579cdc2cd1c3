/**
 * A process of its own that embeds the library: one stream or topic, one SQLite store, one function behind HTTP; `kill-worker.ts
 * JSON`. Started, and killed, by {@link file://./kill-workers.ts}.
 */
import { request } from 'node:http';
import { kafkaDestination } from '../../adapters/destination/kafka/index.ts';
import { sqsDestination } from '../../adapters/destination/sqs/index.ts';
import { Engine, type FailureDestination, type FunctionTarget, type StreamSource } from '../../adapters/index.ts';
import { dynamodbStreams } from '../../adapters/source/dynamodb-streams/index.ts';
import { kafka } from '../../adapters/source/kafka/index.ts';
import { kinesis } from '../../adapters/source/kinesis/index.ts';
import { sqliteStore } from '../../adapters/store/sqlite/index.ts';
import { handler } from '../../adapters/target/function/index.ts';
import { http } from '../../adapters/target/http/index.ts';

/** What a worker is told. */
export interface KillWorkerOrders {
  readonly source: 'kinesis' | 'dynamodb' | 'kafka';
  /** Of Kafka `host:port`. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  /** A stream's ARN or a topic's name. */
  readonly stream: string;
  /** Of Kafka, which keeps its state in the group: of no use. */
  readonly store: string;
  readonly group?: { readonly consumerGroupId: string; readonly sessionTimeoutMs: number };
  /** Where the function is. */
  readonly url: string;
  /** The function runs in this process and ends it when it sees this text in an event, base64 or not; else it calls `url`. */
  readonly poison?: string;
  /** An SQS queue for what is given up, and where it is; of Kafka a topic of the same brokers. */
  readonly destination?: { readonly queue: string; readonly endpoint: string };
  readonly mapping: {
    readonly parallelizationFactor: number;
    readonly batchSize: number;
    readonly maximumRetryAttempts?: number;
    readonly bisectBatchOnFunctionError?: boolean;
  };
}

const orders = JSON.parse(process.argv[2] ?? '') as KillWorkerOrders;
const REGION = 'us-east-1';
const headers = { 'x-life': String(process.pid) };

function source(): StreamSource {
  const { endpoint, accessKeyId, stream } = orders;
  const settings = { stream, endpoint, region: REGION, credentials: { accessKeyId, secretAccessKey: 'secret' }, pollMs: 50 };
  return orders.source === 'kinesis' ? kinesis({ ...settings, readLimits: 'none' }) : dynamodbStreams(settings);
}

function target(): FunctionTarget {
  const { url, poison } = orders;
  if (poison === undefined) return http({ url, headers });
  const texts = [poison, Buffer.from(poison).toString('base64')].map((text) => JSON.stringify(text));
  return handler((event: unknown) => {
    const body = JSON.stringify(event);
    if (texts.some((text) => body.includes(text))) process.kill(process.pid, 'SIGKILL');
    return post(url, body);
  });
}

function post(url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } }, (response) => {
      response.resume().once('end', resolve);
    });
    call.once('error', reject).end(body);
  });
}

const store = sqliteStore({ path: orders.store });
const engine = new Engine({ store, stopTimeoutMs: 5000 });

function destination(): FailureDestination | undefined {
  if (orders.destination === undefined) return undefined;
  const { queue, endpoint } = orders.destination;
  if (orders.source === 'kafka') return kafkaDestination({ topic: queue, brokers: [endpoint] });
  return sqsDestination({ queue, endpoint, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
}

const onFailure = destination();
const mapping = {
  name: 'm',
  target: target(),
  timeout: 10,
  startingPosition: 'TRIM_HORIZON' as const,
  ...orders.mapping,
  ...(onFailure && { destinationConfig: { onFailure: { destination: onFailure } } }),
};
if (orders.source === 'kafka') {
  const { consumerGroupId = 'g', sessionTimeoutMs = 6_000 } = orders.group ?? {};
  const topic = kafka({ brokers: [orders.endpoint], topic: orders.stream, sessionTimeoutMs });
  engine.map({ ...mapping, consumerGroupId, source: topic });
} else engine.map({ ...mapping, source: source() });
await engine.start();

process.once('SIGTERM', () => {
  void engine
    .stop()
    .then(() => store.close())
    .then(() => process.exit(0));
});
process.stdout.write('ready\n');
