import type { PermissionAnswer, PermissionProbe, SourceError } from '../../../src/index.ts';
import { codeMap, toSourceError } from '../../shared/aws-errors.ts';
import type { AwsSettings } from '../../shared/aws-settings.ts';
import { AWS_ACTIONS, type AwsAction, type AwsUse } from './actions.ts';
import { type Call, TRIES } from './tries.ts';

/** A resource and what an adapter does with it. */
export interface AwsResource {
  readonly use: AwsUse;
  /** As it is configured: the ARN of a queue, stream, topic, function or secret; the URL of a queue; the name of a bucket. */
  readonly resource: string;
  readonly settings?: Pick<AwsSettings, 'region' | 'endpoint' | 'credentials'>;
}

/** Sends one operation to a service; what tests hand in instead of the SDK. */
export type AwsSend = (
  use: AwsUse,
  operation: string,
  input: Readonly<Record<string, unknown>>,
) => Promise<Readonly<Record<string, unknown>>>;

const NO_CODES = codeMap({});

/** The tries of all actions that the adapter of `use` needs on a resource. The SDK is loaded when the first is made. */
export function awsProbes({ use, resource, settings = {} }: AwsResource, send: AwsSend = sender(settings)): readonly PermissionProbe[] {
  const call: Call = (operation, input) => send(use, operation, input);
  const name = resource.startsWith('arn:aws:s3:::') ? resource.slice('arn:aws:s3:::'.length) : resource;
  return AWS_ACTIONS[use].map((action) => ({ action, resource, probe: () => answerOf(action, call, name) }));
}

async function answerOf(action: AwsAction, call: Call, name: string): Promise<PermissionAnswer> {
  const { call: make, expected } = TRIES[action];
  // A step on the way to what is tried may be denied as well, and then says nothing of this action.
  const [, own = ''] = action.split(':');
  let last = '';
  try {
    await make((operation, input) => {
      last = operation;
      return call(operation, input);
    }, name);
    return { kind: 'allowed' };
  } catch (thrown) {
    const error = toSourceError(thrown, last, NO_CODES);
    if (expected.includes(error.code) || expected.includes(nameOf(thrown))) return { kind: 'allowed' };
    if (error.kind === 'denied' && isOwnCall(own, last)) return { kind: 'denied', message: error.message };
    return { kind: 'unknown', message: explain(error, own, last) };
  }
}

/** `InvokeFunction` is called Invoke, `ListBucket` HeadBucket, and batches are what their entries are. */
const CALLS: Readonly<Record<string, string>> = { InvokeFunction: 'Invoke', ListBucket: 'HeadBucket' };

function isOwnCall(action: string, operation: string): boolean {
  return operation === (CALLS[action] ?? action) || operation === `${action}Batch`;
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : '';
}

function explain({ message }: SourceError, action: string, operation: string): string {
  return isOwnCall(action, operation) ? message : `${message} (which comes before it)`;
}

interface Client {
  send(command: unknown): Promise<Readonly<Record<string, unknown>>>;
  destroy(): void;
}
/** A class of an SDK, by its name. */
type Made<Of> = new (input: object) => Of;

/** Loads the SDK of a service when it is needed, and frees its connections after each call. */
function sender(settings: NonNullable<AwsResource['settings']>): AwsSend {
  return async (use, operation, input) => {
    const { sdk, client: name } = await load(use);
    const SdkClient = sdk[name] as Made<Client>;
    const Command = sdk[`${operation}Command`] as Made<unknown>;
    const pathStyle = use === 's3-destination' && settings.endpoint !== undefined ? { forcePathStyle: true } : {};
    const client = new SdkClient({ ...settings, ...pathStyle, maxAttempts: 2 });
    try {
      return await client.send(new Command(input));
    } finally {
      client.destroy();
    }
  };
}

async function load(use: AwsUse): Promise<{ readonly sdk: Readonly<Record<string, unknown>>; readonly client: string }> {
  switch (use) {
    case 'sqs-source':
    case 'sqs-destination':
      return { sdk: { ...(await import('@aws-sdk/client-sqs')) }, client: 'SQSClient' };
    case 'kinesis-source':
      return { sdk: { ...(await import('@aws-sdk/client-kinesis')) }, client: 'KinesisClient' };
    case 'dynamodb-streams-source':
      return { sdk: { ...(await import('@aws-sdk/client-dynamodb-streams')) }, client: 'DynamoDBStreamsClient' };
    case 'sns-destination':
      return { sdk: { ...(await import('@aws-sdk/client-sns')) }, client: 'SNSClient' };
    case 's3-destination':
      return { sdk: { ...(await import('@aws-sdk/client-s3')) }, client: 'S3Client' };
    case 'lambda-target':
      return { sdk: { ...(await import('@aws-sdk/client-lambda')) }, client: 'LambdaClient' };
    case 'secrets-manager':
      return { sdk: { ...(await import('@aws-sdk/client-secrets-manager')) }, client: 'SecretsManagerClient' };
  }
}
