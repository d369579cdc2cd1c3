import type { AwsAction } from './actions.ts';

/** One call to a service: the operation's name and its input. Gives the answer, or throws as the SDK does. */
export type Call = (operation: string, input: Readonly<Record<string, unknown>>) => Promise<Readonly<Record<string, unknown>>>;

/** How an action is tried. */
export interface Try {
  /** Makes the call; `name` is the resource as the service takes it. */
  readonly call: (call: Call, name: string) => Promise<unknown>;
  /** Codes of a refusal that only says that what was made up is made up: who gets it may do the real thing. */
  readonly expected: readonly string[];
}

/** Stands where something has to be named that is not there. */
const MADE_UP = 'millrace-permission-check';

/** The URL of a queue, by its URL or its name. */
async function queueUrl(call: Call, name: string): Promise<string> {
  if (name.includes('://')) return name;
  const [, , , , account, queue = name] = name.split(':');
  const owner = account === undefined ? {} : { QueueOwnerAWSAccountId: account };
  const { QueueUrl } = await call('GetQueueUrl', { QueueName: queue, ...owner });
  return String(QueueUrl);
}

function isName(name: string): { readonly StreamARN?: string; readonly StreamName?: string } {
  return name.startsWith('arn:') ? { StreamARN: name } : { StreamName: name };
}

async function kinesisIterator(call: Call, name: string): Promise<unknown> {
  const { Shards } = await call('ListShards', isName(name));
  const [shard] = Array.isArray(Shards) ? (Shards as readonly { readonly ShardId?: string }[]) : [];
  const { ShardIterator } = await call('GetShardIterator', { ...isName(name), ShardId: shard?.ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  return ShardIterator;
}

async function dynamodbIterator(call: Call, StreamArn: string): Promise<unknown> {
  const { StreamDescription } = await call('DescribeStream', { StreamArn });
  const [shard] = (StreamDescription as { readonly Shards?: readonly { readonly ShardId?: string }[] } | undefined)?.Shards ?? [];
  const { ShardIterator } = await call('GetShardIterator', { StreamArn, ShardId: shard?.ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  return ShardIterator;
}

/** A batch call answers for each entry; what refuses the whole call is thrown. */
const entry = { Id: '0', ReceiptHandle: MADE_UP };

/**
 * How each action is tried. Nothing is received, deleted, sent, written or invoked: what would change something is asked with an
 * argument that the service refuses for itself, which it does to those only who may ask.
 */
export const TRIES: Readonly<Record<AwsAction, Try>> = {
  // A real receive would use up a receive of somebody's message.
  'sqs:ReceiveMessage': {
    call: async (call, name) =>
      call('ReceiveMessage', { QueueUrl: await queueUrl(call, name), MaxNumberOfMessages: 0, WaitTimeSeconds: 0 }),
    expected: ['InvalidParameterValue', 'ReadCountOutOfRange'],
  },
  'sqs:DeleteMessage': {
    call: async (call, name) => call('DeleteMessageBatch', { QueueUrl: await queueUrl(call, name), Entries: [entry] }),
    expected: ['ReceiptHandleIsInvalid'],
  },
  'sqs:ChangeMessageVisibility': {
    call: async (call, name) =>
      call('ChangeMessageVisibilityBatch', { QueueUrl: await queueUrl(call, name), Entries: [{ ...entry, VisibilityTimeout: 0 }] }),
    expected: ['ReceiptHandleIsInvalid'],
  },
  'sqs:GetQueueAttributes': {
    call: async (call, name) => call('GetQueueAttributes', { QueueUrl: await queueUrl(call, name), AttributeNames: ['QueueArn'] }),
    expected: [],
  },
  'sqs:GetQueueUrl': {
    call: (call, name) => call('GetQueueUrl', { QueueName: name.split(/[:/]/).at(-1) }),
    expected: [],
  },
  'sqs:SendMessage': {
    call: async (call, name) => call('SendMessage', { QueueUrl: await queueUrl(call, name), MessageBody: '' }),
    expected: ['InvalidParameterValue', 'MissingParameter', 'EmptyValue', 'InvalidMessageContents'],
  },
  'kinesis:DescribeStreamSummary': { call: (call, name) => call('DescribeStreamSummary', isName(name)), expected: [] },
  'kinesis:ListShards': { call: (call, name) => call('ListShards', isName(name)), expected: [] },
  'kinesis:GetShardIterator': { call: kinesisIterator, expected: [] },
  'kinesis:GetRecords': {
    call: async (call, name) => call('GetRecords', { ShardIterator: await kinesisIterator(call, name), Limit: 1 }),
    expected: [],
  },
  'dynamodb:DescribeStream': { call: (call, StreamArn) => call('DescribeStream', { StreamArn }), expected: [] },
  'dynamodb:GetShardIterator': { call: dynamodbIterator, expected: [] },
  'dynamodb:GetRecords': {
    call: async (call, name) => call('GetRecords', { ShardIterator: await dynamodbIterator(call, name), Limit: 1 }),
    expected: ['TrimmedDataAccessException'],
  },
  'sns:Publish': {
    call: (call, TopicArn) => call('Publish', { TopicArn, Message: '' }),
    expected: ['InvalidParameter', 'InvalidParameterException'],
  },
  'sns:GetTopicAttributes': { call: (call, TopicArn) => call('GetTopicAttributes', { TopicArn }), expected: [] },
  // Only where the object is there already with a tag that it cannot have.
  's3:PutObject': {
    call: (call, Bucket) => call('PutObject', { Bucket, Key: MADE_UP, Body: '', IfMatch: '"0"' }),
    expected: ['PreconditionFailed', 'NoSuchKey', 'NotFound'],
  },
  's3:ListBucket': { call: (call, Bucket) => call('HeadBucket', { Bucket }), expected: [] },
  'lambda:InvokeFunction': { call: (call, FunctionName) => call('Invoke', { FunctionName, InvocationType: 'DryRun' }), expected: [] },
  'lambda:GetFunction': { call: (call, FunctionName) => call('GetFunction', { FunctionName }), expected: [] },
  'secretsmanager:GetSecretValue': { call: (call, SecretId) => call('GetSecretValue', { SecretId }), expected: [] },
};
