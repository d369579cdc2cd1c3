import type { Clock, FunctionTarget, Logger, QueueSource, Random, StateStore } from '../contract/index.ts';
import type { ProducerQueue, ScrapedMeter } from '../manage/index.ts';

/** Least important lines that are written. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** An embedded queue as a file describes it. */
export interface EmbeddedQueuePlan {
  readonly name: string;
  /** Region in its ARN. */
  readonly region: string;
  readonly visibilityTimeoutSeconds?: number | undefined;
  readonly delaySeconds?: number | undefined;
  readonly contentBasedDeduplication?: boolean | undefined;
  readonly redrive?:
    | {
        /** Name of a queue that stands earlier in the list. */
        readonly queue: string;
        readonly maxReceiveCount: number;
        readonly onMoved: (message: { readonly messageId: string; readonly receives: number }) => void;
      }
    | undefined;
}

/** An embedded queue: a source that can also be sent to, and whose open receives can be ended without loss. */
export interface EmbeddedQueueSource extends QueueSource, ProducerQueue {
  /** Ends open receives with nothing. */
  endReceives(): void;
}

/** Where an SQS queue is. */
export interface SqsPlan {
  /** ARN or URL. */
  readonly queue: string;
  readonly endpoint?: string;
  readonly region?: string;
}

/**
 * The adapters by name. Each call loads what it needs and nothing else, so that a process that reads only SQS loads
 * only SQS. What is wrong with options is thrown as a ConfigError; network and files are first touched by what was made.
 */
export interface Catalog {
  /** Of the package. */
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  logger(options: { readonly level: LogLevel; readonly pretty: boolean }): Promise<Logger>;
  meter(): Promise<ScrapedMeter>;
  readonly stores: {
    memory(): Promise<StateStore>;
    sqlite(options: { readonly path: string }): Promise<StateStore>;
  };
  readonly sources: {
    /** Makes all embedded queues of a file; a redrive policy names a queue that stands earlier. */
    embeddedQueues(plans: readonly EmbeddedQueuePlan[]): Promise<ReadonlyMap<string, EmbeddedQueueSource>>;
    sqs(plan: SqsPlan): Promise<QueueSource>;
  };
  readonly targets: {
    function(handler: (...args: unknown[]) => unknown): Promise<FunctionTarget>;
    http(options: { readonly url: string }): Promise<FunctionTarget>;
  };
}
