import {
  type Clock,
  type PartitionReadRequest,
  type SequenceNumber,
  type StreamPosition,
  type StreamStep,
  sequenceNumber,
} from '../../../src/index.ts';
import type { KafkaRecord } from '../../shared/kafka-event.ts';
import type { Broker } from './broker.ts';
import { invalid, outOfRange, replaced } from './errors.ts';
import type { PartitionLog } from './log.ts';
import type { Logs } from './logs.ts';

type Step = StreamStep<KafkaRecord>;
type Result = IteratorResult<Step, undefined>;

/** A membership as its reads see it. */
export interface ReadSide {
  readonly broker: Broker;
  /** Of the member's process. */
  readonly clock: Clock;
  /** Whether the partition is the member's under this epoch. */
  owns(partition: number, epoch: number): boolean;
  /** Called when that may have changed. */
  readonly waiting: Set<() => void>;
}

/** After so many pages in a row without a wait, others get their turn. */
const PAGES_PER_TURN = 16;

/** One read of one partition: an iterator by hand, which costs one promise a page. */
export class Reading implements AsyncIterableIterator<Step, undefined> {
  readonly #side: ReadSide;
  readonly #request: PartitionReadRequest;
  #logs: Logs | undefined;
  #log: PartitionLog | undefined;
  #next: bigint | undefined;
  #hasEnded = false;
  #pagesInARow = 0;
  #endWait: (() => void) | undefined;

  constructor(side: ReadSide, request: PartitionReadRequest) {
    this.#side = side;
    this.#request = request;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    try {
      await this.#untilDue();
      if (this.#isOver) return await this.return();
      return { done: false, value: this.#fetch() };
    } catch (error) {
      this.#hasEnded = true;
      throw error;
    }
  }

  return(): Promise<Result> {
    this.#hasEnded = true;
    this.#endWait?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  get #isOver(): boolean {
    const { signal, partition, epoch } = this.#request;
    return this.#hasEnded || signal.aborted || !this.#side.owns(partition, epoch);
  }

  /** Waits at the end of the log for the next poll or for anything to happen; elsewhere only now and then, for a turn. */
  #untilDue(): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    const log = this.#log;
    if (log !== undefined && this.#next === this.#readableEnd(log) && this.#isKnown()) return this.#wait(log);
    this.#pagesInARow += 1;
    if (this.#pagesInARow < PAGES_PER_TURN) return undefined;
    this.#pagesInARow = 0;
    return this.#side.clock.turn();
  }

  #isKnown(): boolean {
    return this.#logs !== undefined && this.#side.broker.has(this.#logs);
  }

  #wait(log: PartitionLog): Promise<void> {
    const { signal } = this.#request;
    this.#pagesInARow = 0;
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        log.waiting.delete(end);
        this.#side.waiting.delete(end);
        signal.removeEventListener('abort', end);
        this.#endWait = undefined;
        resolve();
      };
      const cancel = this.#side.clock.timer(this.#side.broker.settings.pollMs, end);
      log.waiting.add(end);
      this.#side.waiting.add(end);
      signal.addEventListener('abort', end);
      this.#endWait = end;
    });
  }

  #fetch(): Step {
    const { maxRecords, partition, position } = this.#request;
    if (!Number.isInteger(maxRecords) || maxRecords < 1) throw invalid('maxRecords must be a whole number, at least 1');
    const { broker } = this.#side;
    const { logs } = broker;
    if (this.#logs !== undefined && !this.#isKnown()) throw replaced(broker.settings.name);
    this.#logs = logs;
    const log = logs.log(partition);
    this.#log = log;
    const from = this.#next ?? beginning(position, log.start);
    if (from < log.start || from > log.end) throw outOfRange(partition, from, log.start, log.end);
    const { records, next, isAtEnd } = log.fetch(from, maxRecords, this.#isCommittedOnly);
    this.#next = next;
    const last = records.at(-1);
    const now = broker.settings.clock.wall();
    const arrivedAt = last?.arrivedAt ?? now;
    return {
      kind: 'page',
      records,
      readTo: readTo(next, last, from),
      readThrough: isAtEnd ? now : Math.min(now, arrivedAt),
      millisBehindLatest: isAtEnd ? 0 : Math.max(1, now - arrivedAt),
      recordsBehind: isAtEnd ? 0 : Number(this.#readableEnd(log) - next),
      ended: false,
    };
  }

  get #isCommittedOnly(): boolean {
    return this.#side.broker.settings.isolation === 'read_committed';
  }

  #readableEnd(log: PartitionLog): bigint {
    return log.readableEnd(this.#isCommittedOnly);
  }
}

/** The last number that a page covers, when no record of it has it. */
function readTo(next: bigint, last: KafkaRecord | undefined, from: bigint): SequenceNumber | undefined {
  const covered = next - 1n;
  if (next === from || (last !== undefined && covered === BigInt(last.sequenceNumber))) return undefined;
  return sequenceNumber(String(covered));
}

function beginning(position: StreamPosition, logStart: bigint): bigint {
  if (position.kind === 'before') return BigInt(position.sequenceNumber);
  if (position.kind === 'after') return BigInt(position.sequenceNumber) + 1n;
  if (position.kind === 'start' && position.start.kind === 'trim-horizon') return logStart;
  throw invalid(
    'a partition is read from an offset or from the trim horizon; other starts are resolved first, by offsetAt() and offsets()',
  );
}
