/** How a shard is read through iterators, on Kinesis and DynamoDB Streams alike. */
import { type ReadRequest, SourceError, type StreamRecord, type StreamStep } from '../../src/index.ts';

/** The iterator is older than the service keeps it; the position is not. Renewed at once. */
export const EXPIRED_ITERATOR = 'ExpiredIteratorException';

/** Reads one shard from one position on. */
export interface StepReader<Record extends StreamRecord> {
  /** The next step; `undefined` once the read is to end. */
  next(): Promise<StreamStep<Record> | undefined>;
}

/** The steps of {@link StreamSource.read}: those of a reader, until the shard's end or the read's. */
export async function* shardSteps<Record extends StreamRecord>(
  request: ReadRequest,
  open: () => StepReader<Record>,
): AsyncGenerator<StreamStep<Record>, void, undefined> {
  if (request.position.kind === 'end') {
    yield { kind: 'page', records: [], readThrough: undefined, millisBehindLatest: undefined, ended: true };
    return;
  }
  const reader = open();
  for (;;) {
    const step = await reader.next();
    if (step === undefined) return;
    yield step;
    if (step.kind === 'page' && step.ended) return;
  }
}

/** What reading through an iterator needs. */
export interface IteratorUse<Answer> {
  /** The iterator of the answer before, if it may be tried. */
  readonly kept: string | undefined;
  readonly signal: AbortSignal;
  /** Asks the service with an iterator. */
  readonly read: (iterator: string) => Promise<Answer>;
  /** A new iterator for the same place. */
  readonly renew: () => Promise<string>;
}

/** Reads with the iterator that is kept; what goes wrong with it and does not pass by itself is first answered by another (R4). */
export async function throughIterator<Answer>({ kept, signal, read, renew }: IteratorUse<Answer>): Promise<Answer> {
  if (kept === undefined) return read(await renew());
  try {
    return await read(kept);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    if (thrown instanceof SourceError && isPassing(thrown) && thrown.code !== EXPIRED_ITERATOR) throw thrown;
    return read(await renew());
  }
}

/** The iterator of an answer to GetShardIterator. Throws `unavailable` when there is none. */
export function iteratorOf({ ShardIterator }: { readonly ShardIterator?: string | undefined }): string {
  if (ShardIterator !== undefined) return ShardIterator;
  throw new SourceError('unavailable', 'UnreadableAnswer', 'GetShardIterator: the answer holds no iterator');
}

/** How many records one call asks for, where the service gives at most `most`. */
export function recordsPerCall({ maxRecords }: ReadRequest, most: number): number {
  return Math.max(1, Math.min(most, maxRecords));
}

/** True for faults that another try may find gone. */
export function isPassing({ kind }: SourceError): boolean {
  return kind === 'throttled' || kind === 'unavailable';
}

/** What doubles with every failure before this one, up to a cap, ms: the ceiling of a wait. */
export function ceilingMs({ baseMs, capMs }: { readonly baseMs: number; readonly capMs: number }, failuresBefore: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(failuresBefore, 20));
}
