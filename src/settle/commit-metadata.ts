import { COMMIT_METADATA_MAX, type SequenceNumber, sequenceNumber } from '../contract/index.ts';
import type { LaneMarks, RetryMark, ShardRow } from './shard-row.ts';

/** How a mapping began on its topic: known to every member of its group from the first commit on. */
export interface TopicOrigin {
  /** When the mapping was created, epoch ms: what LATEST means. */
  readonly since: number;
  /** How many partitions there were then: later ones are read from their beginning. */
  readonly partitions: number;
}

/** What an offset commit keeps. */
export interface CommitState {
  readonly row: ShardRow;
  readonly origin: TopicOrigin;
}

/** Begins what this version writes; the only one that it reads. Another client's metadata begins otherwise. */
const MARK = 'MR1.';
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The offset that a row commits: the next one to be read. */
export function commitOffset({ position }: ShardRow): SequenceNumber {
  if (position.kind === 'after') return next(position.sequenceNumber);
  if (position.kind === 'before') return position.sequenceNumber;
  throw new RangeError('a partition is at an offset');
}

/**
 * What else survives with the offset (design: the state row), in at most `most` characters: varints, offsets
 * as distances from the committed one. What does not fit is left out from the least needed on: older numbers of lanes, then
 * failed ranges, then all: the offset alone counts then, and what was done beyond it is repeated.
 */
export function encodeCommit(
  state: CommitState,
  most: number = COMMIT_METADATA_MAX,
): { readonly offset: SequenceNumber; readonly metadata: string } {
  const offset = commitOffset(state.row);
  const { row } = state;
  const blank: LaneMarks = { scheme: row.current.scheme, lanes: row.current.lanes.map(() => null) };
  const smaller: ShardRow[] = [
    row,
    { ...row, older: [] },
    { ...row, older: [], retry: [] },
    { ...row, current: blank, older: [], retry: [] },
  ];
  for (const fitting of smaller) {
    const metadata = MARK + writeState({ ...state, row: fitting }, BigInt(offset));
    if (metadata.length <= most) return { offset, metadata };
  }
  return { offset, metadata: '' };
}

/**
 * Reads what was committed; `undefined` when it is another client's, or another version's. Never throws: the offset counts
 * whatever stands beside it.
 */
export function decodeCommit(
  committed: { readonly offset: SequenceNumber; readonly metadata: string },
  about: { readonly incarnation: string; readonly hash: string },
): CommitState | undefined {
  if (!committed.metadata.startsWith(MARK)) return undefined;
  try {
    return readState(new Reader(committed.metadata.slice(MARK.length)), committed.offset, about);
  } catch {
    return undefined;
  }
}

function next(number: SequenceNumber): SequenceNumber {
  return sequenceNumber((BigInt(number) + 1n).toString());
}

function writeState({ row, origin }: CommitState, base: bigint): string {
  const out = new Writer();
  out.put(origin.since);
  out.put(origin.partitions);
  const marks = ({ scheme, lanes }: LaneMarks): void => {
    out.put(scheme.pf);
    for (const lane of lanes) out.put(lane === null || BigInt(lane) < base ? 0n : BigInt(lane) - base + 1n);
  };
  marks(row.current);
  out.put(row.older.length);
  row.older.forEach(marks);
  // What failed below the committed offset was given up, or is gone from the log.
  const retry = row.retry.filter(({ to }) => BigInt(to) >= base);
  out.put(retry.length);
  for (const mark of retry) writeRetry(out, mark, base);
  return out.text;
}

const RAN = [undefined, 'alone', 'among others'] as const;
const ERRORS = [undefined, null, 'Unhandled'] as const;

function writeRetry(out: Writer, mark: RetryMark, base: bigint): void {
  const from = BigInt(mark.from);
  out.put(mark.lane);
  out.put(from < base ? 0n : from - base);
  out.put(BigInt(mark.to) - (from < base ? base : from));
  out.put(mark.attempts);
  out.put(mark.firstAttemptAt);
  out.put(RAN.indexOf(mark.ran) * ERRORS.length + (mark.functionError === undefined ? 0 : mark.functionError === null ? 1 : 2));
}

function readState(read: Reader, offset: SequenceNumber, about: { readonly incarnation: string; readonly hash: string }): CommitState {
  const base = BigInt(offset);
  const origin = { since: read.number(), partitions: read.number() };
  const marks = (): LaneMarks => {
    const pf = read.atMost(100, 'lanes');
    const lanes = Array.from({ length: pf }, () => {
      const distance = read.next();
      return distance === 0n ? null : sequenceNumber((base + distance - 1n).toString());
    });
    return { scheme: { pf, hash: about.hash }, lanes };
  };
  const current = marks();
  const older = Array.from({ length: read.atMost(100, 'schemes') }, marks);
  const retry = Array.from({ length: read.atMost(4096, 'ranges') }, () => readRetry(read, base));
  read.end();
  const position = { kind: 'before', sequenceNumber: offset } as const;
  return { origin, row: { incarnation: about.incarnation, position, readThrough: undefined, current, older, retry, window: undefined } };
}

function readRetry(read: Reader, base: bigint): RetryMark {
  const lane = read.number();
  const from = base + read.next();
  const to = from + read.next();
  const attempts = read.number();
  const firstAttemptAt = read.number();
  const flags = read.number();
  return {
    lane,
    from: sequenceNumber(from.toString()),
    to: sequenceNumber(to.toString()),
    attempts,
    firstAttemptAt,
    functionError: ERRORS[flags % ERRORS.length],
    ran: RAN[Math.floor(flags / ERRORS.length)],
  };
}

/** Numbers as groups of five bits, the lowest first, one character each: the sixth bit says that another follows. */
class Writer {
  text = '';

  put(value: number | bigint): void {
    let rest = BigInt(value);
    if (rest < 0n) throw new RangeError('a number below 0 has no varint');
    do {
      const group = Number(rest & 31n);
      rest >>= 5n;
      this.text += DIGITS.charAt(rest === 0n ? group : group + 32);
    } while (rest > 0n);
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 5n) {
      const group = DIGITS.indexOf(this.#text.charAt(this.#at));
      if (this.#at >= this.#text.length || group < 0 || shift > 128n) throw new RangeError('no varint');
      this.#at += 1;
      value |= BigInt(group & 31) << shift;
      if (group < 32) return value;
    }
  }

  number(): number {
    const value = Number(this.next());
    if (!Number.isSafeInteger(value)) throw new RangeError('too large');
    return value;
  }

  atMost(most: number, what: string): number {
    const value = this.number();
    if (value > most) throw new RangeError(`too many ${what}`);
    return value;
  }

  end(): void {
    if (this.#at < this.#text.length) throw new RangeError('more than there should be');
  }
}
