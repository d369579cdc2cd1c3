import type { SourceError } from '../contract/index.ts';
import { isQueue, type MappingDefinition } from '../resource/index.ts';

const sqsText = (code: string, message: string): string =>
  `Error occurred while ReceiveMessage. SQS Error Code: ${code}. SQS Error Message: ${message}`;

/** AWS's text for a queue that does not exist. */
export const NO_QUEUE = sqsText('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.');

/** AWS's text for a stream that does not exist. */
export function noStream({ fields }: MappingDefinition): string {
  return `Stream not found: ${fields.EventSourceArn ?? ''}`;
}

/** What is said of a source that cannot be read, in AWS's words (spec a.6). The permission that is missing is named as far as the service told it. */
export function sourceText(error: SourceError, definition: MappingDefinition): string {
  const { kind, code, message } = error;
  const { source, fields } = definition;
  if (isQueue(source)) {
    if (kind === 'not-found') return NO_QUEUE;
    if (kind !== 'denied') return sqsText(code, message);
    const [service, action] = deniedIn(message) ?? ['sqs', 'GetQueueAttributes'];
    return `The provided execution role does not have permissions to call ${action} on ${service.toUpperCase()}`;
  }
  if (kind === 'not-found') return noStream(definition);
  const actions =
    source === 'kinesis'
      ? 'GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams'
      : 'GetRecords, GetShardIterator, DescribeStream, and ListStreams';
  const denied = kind === 'denied' ? deniedIn(message) : undefined;
  const cause = kind === 'denied' ? (denied === undefined ? '' : ` (${denied.join(':')} is denied)`) : ` (${message})`;
  return `Cannot access stream ${fields.EventSourceArn ?? ''}. Please ensure the role can perform the ${actions} Actions on your stream in IAM.${cause}`;
}

/** As policies spell them: services write some of them in lower case. */
const ACTIONS = [
  'ChangeMessageVisibility',
  'Decrypt',
  'DeleteMessage',
  'DescribeStream',
  'DescribeStreamSummary',
  'GetQueueAttributes',
  'GetQueueUrl',
  'GetRecords',
  'GetShardIterator',
  'ListShards',
  'ListStreams',
  'ReceiveMessage',
  'SubscribeToShard',
] as const;

/** Service and action that IAM says are missing; `undefined` when it does not say. */
function deniedIn(message: string): readonly [service: string, action: string] | undefined {
  const [, service, action] = /not authorized to perform:? ([a-z][a-z0-9-]*):([A-Za-z]+)/.exec(message) ?? [];
  if (service === undefined || action === undefined) return undefined;
  return [service, ACTIONS.find((one) => one.toLowerCase() === action.toLowerCase()) ?? action];
}
