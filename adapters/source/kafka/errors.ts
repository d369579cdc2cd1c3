/** Kafka's error codes, as they stand in the answers for single partitions. */
import { SourceError } from '../../../src/index.ts';
import { meaningOf } from '../../shared/kafka-errors.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [-1, 'UNKNOWN'],
  [1, 'OFFSET_OUT_OF_RANGE'],
  [2, 'CORRUPT_MESSAGE'],
  [3, 'UNKNOWN_TOPIC_OR_PARTITION'],
  [5, 'LEADER_NOT_AVAILABLE'],
  [6, 'NOT_LEADER_FOR_PARTITION'],
  [7, 'REQUEST_TIMED_OUT'],
  [9, 'REPLICA_NOT_AVAILABLE'],
  [12, 'OFFSET_METADATA_TOO_LARGE'],
  [14, 'GROUP_LOAD_IN_PROGRESS'],
  [15, 'GROUP_COORDINATOR_NOT_AVAILABLE'],
  [16, 'NOT_COORDINATOR_FOR_GROUP'],
  [22, 'ILLEGAL_GENERATION'],
  [24, 'INVALID_GROUP_ID'],
  [25, 'UNKNOWN_MEMBER_ID'],
  [27, 'REBALANCE_IN_PROGRESS'],
  [28, 'INVALID_COMMIT_OFFSET_SIZE'],
  [29, 'TOPIC_AUTHORIZATION_FAILED'],
  [30, 'GROUP_AUTHORIZATION_FAILED'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED'],
  [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT'],
  [56, 'KAFKA_STORAGE_ERROR'],
  [69, 'GROUP_ID_NOT_FOUND'],
  [74, 'FENCED_LEADER_EPOCH'],
  [75, 'UNKNOWN_LEADER_EPOCH'],
  [76, 'UNSUPPORTED_COMPRESSION_TYPE'],
  [78, 'OFFSET_NOT_AVAILABLE'],
]);

/** The error of a partition's answer; `undefined` for none. `doing`: what was asked, for the text. */
export function partitionError(code: number, doing: string): SourceError | undefined {
  if (code === 0) return undefined;
  const type = TYPES.get(code) ?? `ERROR_${String(code)}`;
  const { kind, text } = meaningOf(type);
  return new SourceError(kind, type, `${doing}: ${text} (${type})`);
}
