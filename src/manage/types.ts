import type { Clock, Finding, MappingExplanation, Meter, QueueDepth, Random, StreamShard, TopicDescription } from '../contract/index.ts';
import type { Mapping } from '../mapping/index.ts';
import type { LambdaApi } from './lambda/index.ts';
import type { Access, RateLimitOptions, TlsFiles } from './security/index.ts';

/** A meter that can be scraped. */
export interface ScrapedMeter extends Meter {
  /** All series in Prometheus' text format, in pieces: many mappings have megabytes of it. */
  pieces(): AsyncIterable<string>;
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

/** A topic that can be written to. `produce` throws a SourceError: `invalid` for a record that breaks a rule, `throttled` when it is full. */
export interface ProducerTopic {
  produce(record: { readonly key?: string | undefined; readonly value: string; readonly partition?: number | undefined }): {
    readonly partition: number;
    readonly offset: string;
  };
  /** How many partitions it has. */
  describe(): Promise<TopicDescription>;
}

/** What the process is doing as a whole. */
export type Phase = 'starting' | 'running' | 'stopping';

/** Who may call, and how much. */
export interface SecuritySettings {
  /** Without it only this machine is served, and who calls by a loopback name may do everything. */
  readonly access?: Access | undefined;
  /** Without it requests come in clear. */
  readonly tls?: TlsFiles | undefined;
  /** Of each key, token and address without either; default 1,000 a second, 2,000 at once. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** How many connections may be open at once; default 1,024. */
  readonly maxConnections?: number | undefined;
  /** How long the head of a request may take, ms; default 5,000. */
  readonly headersTimeoutMs?: number | undefined;
  /** How long the whole of a request may take, ms; default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
}

/** What is shown and taken in over HTTP. */
export interface ManageParts {
  readonly mappings: () => readonly Mapping[];
  /** Names of mappings that are switched off on purpose. */
  readonly disabled: ReadonlySet<string>;
  /** Embedded queues by name. */
  readonly queues: ReadonlyMap<string, ProducerQueue>;
  /** Embedded streams by name. */
  readonly streams: ReadonlyMap<string, ProducerStream>;
  /** Embedded topics by name. */
  readonly topics: ReadonlyMap<string, ProducerTopic>;
  readonly phase: () => Phase;
  /** What the watchdog found at its last look. */
  readonly findings?: () => readonly Finding[];
  /** Mappings that are to be there and cannot be made. */
  readonly unopened?: () => readonly MappingExplanation[];
  readonly meter: ScrapedMeter;
  readonly clock: Clock;
  readonly random: Random;
  readonly security?: SecuritySettings | undefined;
  /** Told of what a request should never end with; its caller is told nothing of it. */
  readonly onDefect?: (error: unknown) => void;
  /** Without it Lambda's API is not served. */
  readonly lambda?: LambdaApi | undefined;
}
