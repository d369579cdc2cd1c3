/** The errors of an embedded stream, by the codes that Kinesis and DynamoDB Streams have for them. */
import { SourceError } from '../../../src/index.ts';

export function streamNotFound(name: string): SourceError {
  return new SourceError('not-found', 'ResourceNotFoundException', `the stream ${name} does not exist; recreate() makes it again`);
}

export function replaced(name: string): SourceError {
  const message = `the stream ${name} of this read was deleted; there is another one under its name`;
  return new SourceError('not-found', 'ResourceNotFoundException', message);
}

export function shardGone(shardId: string, name: string): SourceError {
  const message = `the stream ${name} has no shard ${shardId}; a closed shard is removed when its records are past retention`;
  return new SourceError('gone', 'ResourceNotFoundException', message);
}

export function trimmed(shardId: string): SourceError {
  const message = `records of ${shardId} behind the position are past retention and were removed`;
  return new SourceError('trimmed', 'TrimmedDataAccessException', message);
}

export function invalid(message: string): SourceError {
  return new SourceError('invalid', 'InvalidArgumentException', message);
}

export function closed(name: string): SourceError {
  return new SourceError('unavailable', 'StreamClosed', `the stream ${name} was closed while a read was open`);
}
