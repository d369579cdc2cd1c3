import type { RecordFilter } from './filter.ts';

/** States of a mapping, AWS's words (EventSourceMappingConfiguration.State). */
export type MappingState = 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting';

/**
 * Number of one tenure of a mapping (R6): raised whenever it is started or enabled. It travels with what was received
 * in that tenure; a completion under an old epoch changes nothing but the messages it names by handle.
 */
export type Epoch = number & { readonly __epoch: true };

/** Response types of a mapping. */
export type FunctionResponseType = 'ReportBatchItemFailures';

/** Visibility back-off of failed messages by receive count (an extension; AWS lets the queue's own timeout pass). */
export interface RetryBackoff {
  /** Seconds after the first failure; doubles with every receive. 0..43200. */
  readonly baseSeconds: number;
  /** The most it grows to, seconds. */
  readonly maxSeconds: number;
}

/** The resolved options of a queue mapping: nothing optional, every default filled in. */
export interface QueueMappingOptions {
  /** 1..10000; FIFO 1..10. Default 10. */
  readonly batchSize: number;
  /** 0..300. Default 0. */
  readonly maximumBatchingWindowInSeconds: number;
  readonly functionResponseTypes: readonly FunctionResponseType[];
  /** FilterCriteria, compiled; `undefined`: every record is wanted. */
  readonly filter: RecordFilter | undefined;
  /** ScalingConfig.MaximumConcurrency, 2..1000; `undefined`: no limit of the mapping's own. */
  readonly maximumConcurrency: number | undefined;
  readonly enabled: boolean;
  /** Millrace's extension: renew the visibility of what is in an open or running batch. Default true. */
  readonly heartbeat: boolean;
  /** Millrace's extension (FIFO): after the first failure of a group, later messages of it are returned untouched. Default false. */
  readonly groupQuarantine: boolean;
  /** Millrace's extension; default none. */
  readonly retryBackoff: RetryBackoff | undefined;
  /** Millrace's extension: stop holding permit and group for a handler that overran its time-out by this much; `undefined`: never. */
  readonly abandonAfterSeconds: number | undefined;
}

/** What happens when a destination cannot take a record of what was given up. */
export type OnDestinationFailure = 'hold' | 'drop';

/** What happens when records may have been lost because they were trimmed before they were read. */
export type OnTrimmed = 'stop' | 'resumeAtTrimHorizon';

/** The resolved options of a stream mapping. */
export interface StreamMappingOptions {
  /** 1..10000. Default 100. */
  readonly batchSize: number;
  /** 0..300. Default 0. */
  readonly maximumBatchingWindowInSeconds: number;
  /** 1..10. Default 1. */
  readonly parallelizationFactor: number;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  /** Epoch seconds; with AT_TIMESTAMP. */
  readonly startingPositionTimestamp: number | undefined;
  /** 0 (no windows) to 900; with ParallelizationFactor 1 only. Default 0. */
  readonly tumblingWindowInSeconds: number;
  /** -1 (without end) or 60..604800. Default -1. */
  readonly maximumRecordAgeInSeconds: number;
  /** -1 (without end) to 10000. Default -1. */
  readonly maximumRetryAttempts: number;
  readonly bisectBatchOnFunctionError: boolean;
  readonly functionResponseTypes: readonly FunctionResponseType[];
  /** FilterCriteria, compiled; `undefined`: every record is wanted. */
  readonly filter: RecordFilter | undefined;
  readonly enabled: boolean;
  /** Millrace's extension: hold the position until the destination has confirmed (default), or drop as AWS does. */
  readonly onDestinationFailure: OnDestinationFailure;
  /** Millrace's extension. Default stop. */
  readonly onTrimmed: OnTrimmed;
  /** Millrace's extension: at the latest so long after settling the position is stored, ms. Default 20. */
  readonly checkpointIntervalMs: number;
  /** Millrace's extension; see the queue's. */
  readonly abandonAfterSeconds: number | undefined;
}

/**
 * The resolved options of a topic mapping: a stream's, with other defaults. ParallelizationFactor is 1..100, by record key
 * (Millrace's extension), and there are no tumbling windows.
 */
export interface TopicMappingOptions extends StreamMappingOptions {
  /** ConsumerGroupId; `undefined`: the mapping's own name or UUID. */
  readonly consumerGroupId: string | undefined;
}
