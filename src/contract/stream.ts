/**
 * The port of the partition discipline: records of a shard have an order, and a position moves over a complete prefix
 * (Kinesis, DynamoDB Streams, the embedded stream).
 *
 * Who retries: inside `read()` the adapter renews iterators from the position, paces its calls to the service's limits
 * and backs off from throttles and passing faults without losing its place, saying so by a `trouble` step. What it
 * throws ends the read; the engine opens another from its own position when the error is passing, and stops the shard
 * when it is not. No method is called after `close()`.
 */
import type { SourceError } from './errors.ts';
import type { FilterSourceKind, FilterView } from './filter.ts';
import type { SequenceNumber } from './sequence-number.ts';
import type { TraceLink } from './tracer.ts';

/** Where reading began before there was any record. Instants are epoch ms. */
export type StreamStart =
  | { readonly kind: 'trim-horizon' }
  /** Records that arrived at or after `timestamp`. */
  | { readonly kind: 'at-timestamp'; readonly timestamp: number }
  /** Records that arrived after the mapping was created, at `since`; also when the read begins much later. */
  | { readonly kind: 'latest'; readonly since: number };

/** A place in a shard (R4). */
export type StreamPosition =
  | { readonly kind: 'start'; readonly start: StreamStart }
  /** Behind the record with this number. */
  | { readonly kind: 'after'; readonly sequenceNumber: SequenceNumber }
  /** At this number, whether a record has it or not: topics only. */
  | { readonly kind: 'before'; readonly sequenceNumber: SequenceNumber }
  /** Behind the last record of a closed shard (SHARD_END). */
  | { readonly kind: 'end' };

/** The starting positions of AWS. */
export type StartingPosition = 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';

/** One record. Adapters extend it with what their events need. Never changed after the read. */
export interface StreamRecord {
  readonly sequenceNumber: SequenceNumber;
  /**
   * What order is kept by: the partition key (Kinesis), the item's key (DynamoDB), the record's key (Kafka) in a text that equal keys
   * share; `undefined` for a record without a key (Kafka only), which is spread by its number.
   */
  readonly orderKey: string | undefined;
  /** When the service took it in, epoch ms (approximate): for the record's age. */
  readonly arrivedAt: number;
  /** An upper bound of its bytes in the event JSON, comma included. */
  readonly sizeBound: number;
}

/** What a read gives, one after another. */
export type StreamStep<Item extends StreamRecord = StreamRecord> =
  | {
      readonly kind: 'page';
      /** In the shard's order; may be empty. */
      readonly records: readonly Item[];
      /** The last number that the page covers, when that is beyond its last record: no record has those between (topics only). */
      readonly readTo?: SequenceNumber | undefined;
      /**
       * The instant up to which the shard has been read with this page, epoch ms: now less MillisBehindLatest, or the
       * arrival of the last record; `undefined` when the service does not tell.
       */
      readonly readThrough: number | undefined;
      /** How far the page is behind the tip, ms; `undefined` when the service does not tell. */
      readonly millisBehindLatest: number | undefined;
      /** How many numbers lie between the page and the end of the log: records that wait unread, about (topics only). */
      readonly recordsBehind?: number | undefined;
      /** The shard is closed and this was its last page. The iteration ends after it. */
      readonly ended: boolean;
    }
  /** A call failed and is made again at `retryAt` (the adapter's monotonic clock, ms). Nothing is lost. */
  | { readonly kind: 'trouble'; readonly error: SourceError; readonly retryAt: number };

/** One shard as the service lists it. */
export interface StreamShard {
  readonly shardId: string;
  /** The shards it came from: none, one (split) or two (merge). They may be gone already. */
  readonly parents: readonly string[];
  /** Whether it takes no more records. */
  readonly isClosed: boolean;
}

/** What a stream says of itself. */
export interface StreamDescription {
  readonly arn: string;
  /** The stream's identity including its creation (R8): creation time or stream label. Another one under the same name differs. */
  readonly incarnation: string;
  /** How long records are kept, ms. */
  readonly retentionMs: number;
}

/** One ask for a shard's records. */
export interface ReadRequest {
  readonly shardId: string;
  readonly position: StreamPosition;
  /** At most so many records a page. */
  readonly maxRecords: number;
  /** Ends the read: the iteration ends soon, without an error. */
  readonly signal: AbortSignal;
}

/** The part of an invocation record that names what was given up, such as `KinesisBatchInfo` (spec d.7). */
export interface BatchInfo {
  readonly name: string;
  readonly value: { readonly [key: string]: BatchInfoValue };
}

/** What a batch info may hold. */
export type BatchInfoValue = string | number | { readonly [key: string]: BatchInfoValue };

/** A stream that records are read from. `Event` is what its functions receive. */
export interface StreamSource<Event = unknown, Item extends StreamRecord = StreamRecord> {
  readonly kind: 'stream';
  /** How people know this stream. No secret. */
  readonly label: string;
  /** What may be asked for as a start. */
  readonly startingPositions: readonly StartingPosition[];
  /** Throws `not-found` while it does not exist. */
  describe(): Promise<StreamDescription>;
  /** All shards that the service still knows, closed ones too, every page of the list. */
  listShards(): Promise<readonly StreamShard[]>;
  /**
   * Reads a shard from a position, without end while it is open. Pages are fetched when they are asked for: not asking is
   * the back-pressure. Throws a SourceError: `trimmed` (the position is older than what is kept), `gone` (there is no such shard),
   * `denied`, `not-found`, `invalid`. `ended` is never followed by a step.
   */
  read(request: ReadRequest): AsyncIterable<StreamStep<Item>>;
  /** The event for a batch of one shard. Pure; data is not decoded and encoded again where that can be avoided. */
  toEvent(shardId: string, records: readonly Item[]): Event;
  /** Exact bytes of one record in the event's JSON in UTF-8, comma included. Pure. */
  eventBytes(shardId: string, record: Item): number;
  /** Names a batch that is given up; at least one record. Pure. */
  batchInfo(shardId: string, records: readonly Item[]): BatchInfo;
  /** Who produced a record, where it says so; asked only while somebody records traces. Pure. */
  links?(record: Item): readonly TraceLink[];
  /** What filters look at; a source without it takes no FilterCriteria. */
  readonly filtering?: {
    readonly kind: FilterSourceKind;
    /** Pure, and lazy in all that it shows. */
    view(shardId: string, record: Item): FilterView;
  };
  /** Frees connections. Idempotent. */
  close(): Promise<void>;
}
