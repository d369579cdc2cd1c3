/**
 * The adapters by name, each loaded when a configuration names it: a process that reads only SQS loads only SQS.
 */
import {
  type FailureDestination,
  type FunctionTarget,
  type Logger,
  type PermissionProbe,
  type QueueSource,
  type SecretResolver,
  type StateStore,
  type StreamSource,
  systemClock,
  systemEventLoop,
  systemRandom,
  type Tracer,
} from '../src/index.ts';
import type { MappingClient, MappingClientOptions } from './api/lambda/index.ts';
import { embeddedFailures, kafkaFailures, kafkaTopic } from './catalog-kafka.ts';
import type { S3DestinationOptions } from './destination/s3/index.ts';
import type { SnsDestinationOptions } from './destination/sns/index.ts';
import type { SqsDestinationOptions } from './destination/sqs/index.ts';
import type { LogLevel } from './logger/pino/index.ts';
import type { PrometheusMeter } from './meter/prometheus/index.ts';
import type { AwsResource } from './permission/aws/index.ts';
import type { SecretsManagerOptions } from './secret/secrets-manager/index.ts';
import type { SignatureVerifier } from './signature/sigv4/index.ts';
import type { DynamoDBStreamsOptions } from './source/dynamodb-streams/index.ts';
import type { EmbeddedQueue, EmbeddedQueueOptions, Redrive } from './source/embedded-queue/index.ts';
import type { EmbeddedStream, EmbeddedStreamOptions } from './source/embedded-stream/index.ts';
import type { EmbeddedTopic, EmbeddedTopicOptions } from './source/embedded-topic/index.ts';
import type { KinesisOptions } from './source/kinesis/index.ts';
import type { SqsOptions } from './source/sqs/index.ts';
import type { FunctionHandler } from './target/function/index.ts';
import type { LambdaDirectory, LambdaTargetOptions } from './target/lambda/index.ts';
import type { ProcessTargetOptions } from './target/process/index.ts';

/** An embedded queue of a configuration; its redrive policy names a queue that stands earlier in the list. */
interface QueuePlan extends Omit<EmbeddedQueueOptions, 'redrive'> {
  readonly redrive?: (Omit<Redrive, 'queue'> & { readonly queue: string }) | undefined;
}

async function logger(options: { readonly level: LogLevel; readonly pretty: boolean }): Promise<Logger> {
  const { pinoLogger } = await import('./logger/pino/index.ts');
  return pinoLogger(options);
}

async function meter(): Promise<PrometheusMeter> {
  const { prometheusMeter } = await import('./meter/prometheus/index.ts');
  return prometheusMeter({ processMetrics: true });
}

/** Where OpenTelemetry's API keeps what is registered with it, whichever copy of it is asked. */
const OPEN_TELEMETRY = Symbol.for('opentelemetry.js.api.1');

/** Only where somebody has registered something with OpenTelemetry's API, such as by `node --import ./tracing.mjs`. */
async function tracer(): Promise<Tracer | undefined> {
  if (!Object.hasOwn(globalThis, OPEN_TELEMETRY)) return undefined;
  const { openTelemetryTracer } = await import('./tracer/opentelemetry/index.ts');
  return openTelemetryTracer();
}

/** The tries of what an adapter needs on a resource of AWS. */
async function permissions(resource: AwsResource): Promise<readonly PermissionProbe[]> {
  const { awsProbes } = await import('./permission/aws/index.ts');
  return awsProbes(resource);
}

async function requestVerifier(): Promise<SignatureVerifier> {
  const { signatureVerifier } = await import('./signature/sigv4/index.ts');
  return signatureVerifier();
}

async function mappings(options: MappingClientOptions): Promise<MappingClient> {
  const { mappingClient } = await import('./api/lambda/index.ts');
  return mappingClient(options);
}

async function memory(): Promise<StateStore> {
  const { memoryStore } = await import('./store/memory/index.ts');
  return memoryStore();
}

async function sqlite(options: { readonly path: string }): Promise<StateStore> {
  const { sqliteStore } = await import('./store/sqlite/index.ts');
  return sqliteStore(options);
}

async function embeddedQueues(plans: readonly QueuePlan[]): Promise<ReadonlyMap<string, EmbeddedQueue>> {
  const { embeddedQueue } = await import('./source/embedded-queue/index.ts');
  const queues = new Map<string, EmbeddedQueue>();
  for (const { redrive, ...plan } of plans) {
    const target = redrive === undefined ? undefined : queues.get(redrive.queue);
    if (redrive !== undefined && target === undefined) throw new Error(`queue ${redrive.queue} must stand before ${plan.name}`);
    queues.set(plan.name, embeddedQueue({ ...plan, redrive: redrive && target && { ...redrive, queue: target } }));
  }
  return queues;
}

async function embeddedStreams(plans: readonly EmbeddedStreamOptions[]): Promise<ReadonlyMap<string, EmbeddedStream>> {
  const { embeddedStream } = await import('./source/embedded-stream/index.ts');
  return new Map(plans.map((plan) => [plan.name, embeddedStream(plan)]));
}

async function embeddedTopics(plans: readonly EmbeddedTopicOptions[]): Promise<ReadonlyMap<string, EmbeddedTopic>> {
  const { embeddedTopic } = await import('./source/embedded-topic/index.ts');
  return new Map(plans.map((plan) => [plan.name, embeddedTopic(plan)]));
}

async function sqs(options: SqsOptions): Promise<QueueSource> {
  const source = await import('./source/sqs/index.ts');
  return source.sqs(options);
}

async function kinesis(options: KinesisOptions): Promise<StreamSource> {
  const source = await import('./source/kinesis/index.ts');
  return source.kinesis(options);
}

async function dynamodbStreams(options: DynamoDBStreamsOptions): Promise<StreamSource> {
  const source = await import('./source/dynamodb-streams/index.ts');
  return source.dynamodbStreams(options);
}

async function toSqs(options: SqsDestinationOptions): Promise<FailureDestination> {
  const { sqsDestination } = await import('./destination/sqs/index.ts');
  return sqsDestination(options);
}

async function toSns(options: SnsDestinationOptions): Promise<FailureDestination> {
  const { snsDestination } = await import('./destination/sns/index.ts');
  return snsDestination(options);
}

async function toS3(options: S3DestinationOptions): Promise<FailureDestination> {
  const { s3Destination } = await import('./destination/s3/index.ts');
  return s3Destination(options);
}

async function inProcess(fn: FunctionHandler<unknown>): Promise<FunctionTarget> {
  const { handler } = await import('./target/function/index.ts');
  return handler(fn);
}

async function http(options: { readonly url: string }): Promise<FunctionTarget> {
  const target = await import('./target/http/index.ts');
  return target.http(options);
}

async function lambda(): Promise<(options: LambdaTargetOptions) => FunctionTarget> {
  const target = await import('./target/lambda/index.ts');
  return target.lambda;
}

async function functionsOfLambda(place: { readonly endpoint?: string; readonly region?: string }): Promise<LambdaDirectory> {
  const target = await import('./target/lambda/index.ts');
  return target.lambdaDirectory(place);
}

async function process(options: ProcessTargetOptions): Promise<FunctionTarget> {
  const { processTarget } = await import('./target/process/index.ts');
  return processTarget(options);
}

/** Reads a secret with the adapter for what its URI says it is. `aws`: how AWS Secrets Manager is reached. */
function secrets(aws: SecretsManagerOptions = {}): SecretResolver {
  return {
    async resolve(uri) {
      if (uri.startsWith('env:')) return (await import('./secret/environment/index.ts')).environmentSecrets().resolve(uri);
      if (uri.startsWith('file:')) return (await import('./secret/file/index.ts')).fileSecrets().resolve(uri);
      return (await import('./secret/secrets-manager/index.ts')).secretsManagerSecrets(aws).resolve(uri);
    },
  };
}

/** What the daemon finds adapters by. */
export const catalog = {
  clock: systemClock,
  random: systemRandom,
  eventLoop: systemEventLoop,
  logger,
  meter,
  tracer,
  permissions,
  requestVerifier,
  stores: { memory, sqlite },
  sources: { embeddedQueues, embeddedStreams, embeddedTopics, sqs, kinesis, dynamodbStreams, kafka: kafkaTopic },
  destinations: { sqs: toSqs, sns: toSns, s3: toS3, kafka: kafkaFailures, embeddedTopic: embeddedFailures },
  secrets,
  targets: { function: inProcess, http, lambda, process },
  functions: { lambda: functionsOfLambda },
  api: { mappings },
};
