/** What an adapter does with a resource. */
export type AwsUse =
  | 'sqs-source'
  | 'kinesis-source'
  | 'dynamodb-streams-source'
  | 'sqs-destination'
  | 'sns-destination'
  | 's3-destination'
  | 'lambda-target'
  | 'secrets-manager';

/**
 * The actions that each adapter needs, as policies name them; config/iam has a policy for each. Resources that are encrypted with a
 * key of the customer's own need `kms:Decrypt` (what is read) or `kms:GenerateDataKey` (what is written), too, on that key.
 */
export const AWS_ACTIONS = {
  'sqs-source': ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
  'kinesis-source': ['kinesis:DescribeStreamSummary', 'kinesis:ListShards', 'kinesis:GetShardIterator', 'kinesis:GetRecords'],
  'dynamodb-streams-source': ['dynamodb:DescribeStream', 'dynamodb:GetShardIterator', 'dynamodb:GetRecords'],
  'sqs-destination': ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
  'sns-destination': ['sns:Publish', 'sns:GetTopicAttributes'],
  's3-destination': ['s3:PutObject', 's3:ListBucket'],
  'lambda-target': ['lambda:InvokeFunction', 'lambda:GetFunction'],
  'secrets-manager': ['secretsmanager:GetSecretValue'],
} as const satisfies Readonly<Record<AwsUse, readonly string[]>>;

/** One of the actions of {@link AWS_ACTIONS}. */
export type AwsAction = (typeof AWS_ACTIONS)[AwsUse][number];
