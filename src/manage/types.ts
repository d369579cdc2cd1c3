import type { Clock, Meter, QueueDepth, StreamShard } from '../contract/index.ts';
import type { Mapping } from '../mapping/index.ts';

/** A meter that can be scraped. */
export interface ScrapedMeter extends Meter {
  /** All series in Prometheus' text format. */
  metrics(): Promise<string>;
  /** The `content-type` that belongs to it. */
  readonly contentType: string;
}

/** A queue that can be sent to. `send` throws a SourceError: `invalid` for a message that breaks a rule, `throttled` when it is full. */
export interface ProducerQueue {
  readonly arn: string;
  send(message: {
    readonly body: string;
    readonly messageGroupId?: string | undefined;
    readonly messageDeduplicationId?: string | undefined;
    readonly delaySeconds?: number | undefined;
  }): { readonly messageId: string; readonly sequenceNumber: string | undefined };
  /** How many messages it holds. */
  depth(): Promise<QueueDepth>;
}

/** A stream that can be written to. `put` throws a SourceError: `invalid` for a record that breaks a rule, `throttled` when it is full. */
export interface ProducerStream {
  readonly arn: string;
  put(record: { readonly partitionKey: string; readonly data: string; readonly explicitHashKey?: string | undefined }): {
    readonly shardId: string;
    readonly sequenceNumber: string;
  };
  /** Its shards, closed ones too. */
  listShards(): Promise<readonly StreamShard[]>;
}

/** What the process is doing as a whole. */
export type Phase = 'starting' | 'running' | 'stopping';

/** What is shown and taken in over HTTP. */
export interface ManageParts {
  readonly mappings: () => readonly Mapping[];
  /** Names of mappings that are switched off on purpose. */
  readonly disabled: ReadonlySet<string>;
  /** Embedded queues by name. */
  readonly queues: ReadonlyMap<string, ProducerQueue>;
  /** Embedded streams by name. */
  readonly streams: ReadonlyMap<string, ProducerStream>;
  readonly phase: () => Phase;
  readonly meter: ScrapedMeter;
  readonly clock: Clock;
}
