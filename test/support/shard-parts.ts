/** What tests of a single shard begin with. */
import { type StreamMappingOptions, sequenceNumber } from '../../src/index.ts';
import type { ShardRow } from '../../src/settle/index.ts';

/** One record a batch, one lane, no limit of retries. */
export const ONE_BY_ONE: StreamMappingOptions = {
  batchSize: 1,
  maximumBatchingWindowInSeconds: 0,
  parallelizationFactor: 1,
  startingPosition: 'TRIM_HORIZON',
  startingPositionTimestamp: undefined,
  tumblingWindowInSeconds: 0,
  maximumRecordAgeInSeconds: -1,
  maximumRetryAttempts: -1,
  bisectBatchOnFunctionError: false,
  functionResponseTypes: [],
  filter: undefined,
  enabled: true,
  onDestinationFailure: 'hold',
  onTrimmed: 'stop',
  checkpointIntervalMs: 100,
  abandonAfterSeconds: undefined,
};

/** A shard of `orders` of which nothing is done. */
export const UNTOUCHED: ShardRow = {
  incarnation: 'orders',
  position: { kind: 'before', sequenceNumber: sequenceNumber('0') },
  readThrough: undefined,
  current: { scheme: { pf: 1, hash: 'fnv1a' }, lanes: [null] },
  older: [],
  retry: [],
  window: undefined,
};
