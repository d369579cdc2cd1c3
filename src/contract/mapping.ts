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
