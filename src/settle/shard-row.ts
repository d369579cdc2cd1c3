import { type SequenceNumber, type StoredWindow, type StreamPosition, type StreamStart, sequenceNumber } from '../contract/index.ts';

/** How a shard's records were spread over lanes. */
export interface LaneScheme {
  /** ParallelizationFactor. */
  readonly pf: number;
  readonly hash: string;
}

/** What is done beyond the position under one scheme: per lane the highest number that is done, null where nothing is. */
export interface LaneMarks {
  readonly scheme: LaneScheme;
  readonly lanes: readonly (SequenceNumber | null)[];
}

/** A range that has failed, or was about to run when this was written. */
export interface RetryMark {
  readonly lane: number;
  readonly from: SequenceNumber;
  readonly to: SequenceNumber;
  /** Failures counted. */
  readonly attempts: number;
  /** Wall clock, epoch ms. */
  readonly firstAttemptAt: number;
  /** How the last failure came (spec d.7); `undefined` without one. */
  readonly functionError: string | null | undefined;
  /** Written before it was invoked: if it is read again, the process ended meanwhile. Alone: nothing else of the mapping ran. */
  readonly ran: 'alone' | 'among others' | undefined;
}

/** All that survives of one shard (design: Lanes and the state that survives). */
export interface ShardRow {
  readonly incarnation: string;
  readonly position: StreamPosition;
  /** Epoch ms up to which the shard was read; `undefined` before the first page. */
  readonly readThrough: number | undefined;
  readonly current: LaneMarks;
  readonly older: readonly LaneMarks[];
  readonly retry: readonly RetryMark[];
  /** The tumbling windows of the shard: stored with the position, so that their state covers exactly what is done. */
  readonly window: StoredWindow | undefined;
}

/** The version this code writes, and the newest it reads. */
const VERSION = 1;
/** How many older schemes are kept; beyond them the position alone counts. */
export const OLDER_SCHEMES_MAX = 4;

interface Encoded {
  v: number;
  incarnation: string;
  position: { at: 'start'; start: StreamStart } | { at: 'after' | 'before'; number: string } | { at: 'end' };
  readThrough?: number | undefined;
  scheme: LaneScheme;
  lanes: readonly (string | null)[];
  older?: readonly { scheme: LaneScheme; lanes: readonly (string | null)[] }[] | undefined;
  retry?:
    | readonly {
        lane: number;
        from: string;
        to: string;
        attempts: number;
        firstAttemptAt: number;
        functionError?: string | null | undefined;
        running?: true | 'alone' | undefined;
      }[]
    | undefined;
  window?: StoredWindow | undefined;
}

/** The row as text. */
export function encodeShardRow(row: ShardRow): string {
  const { incarnation, position, readThrough, current, older, retry, window } = row;
  const encoded: Encoded = {
    v: VERSION,
    incarnation,
    position: encodePosition(position),
    readThrough,
    scheme: current.scheme,
    lanes: current.lanes,
    older: older.length === 0 ? undefined : older,
    retry: retry.length === 0 ? undefined : retry.map(({ ran, ...mark }) => ({ ...mark, running: ran === 'among others' ? true : ran })),
    window,
  };
  return JSON.stringify(encoded);
}

/** Reads a row. Throws when it is of a newer version or not a row: nothing is guessed (R4). */
export function decodeShardRow(text: string): ShardRow {
  const encoded = JSON.parse(text) as Encoded;
  if (encoded.v !== VERSION)
    throw new Error(`stored state of version ${String(encoded.v)}; this version of Millrace reads ${String(VERSION)}`);
  const { incarnation, position, readThrough, scheme, lanes, older = [], retry = [], window } = encoded;
  return {
    incarnation,
    position: decodePosition(position),
    readThrough,
    current: { scheme, lanes: lanes.map(mark) },
    older: older.map((marks) => ({ scheme: marks.scheme, lanes: marks.lanes.map(mark) })),
    window: window === undefined ? undefined : { open: window.open, notBefore: window.notBefore },
    retry: retry.map(({ lane, from, to, attempts, firstAttemptAt, functionError, running }) => ({
      lane,
      from: sequenceNumber(from),
      to: sequenceNumber(to),
      attempts,
      firstAttemptAt,
      functionError,
      ran: running === true ? 'among others' : running,
    })),
  };
}

function encodePosition(position: StreamPosition): Encoded['position'] {
  switch (position.kind) {
    case 'after':
    case 'before':
      return { at: position.kind, number: position.sequenceNumber };
    case 'end':
      return { at: 'end' };
    case 'start':
      return { at: 'start', start: position.start };
  }
}

function decodePosition(position: Encoded['position']): StreamPosition {
  switch (position.at) {
    case 'start':
      return { kind: 'start', start: position.start };
    case 'after':
    case 'before':
      return { kind: position.at, sequenceNumber: sequenceNumber(position.number) };
    case 'end':
      return { kind: 'end' };
  }
}

function mark(text: string | null): SequenceNumber | null {
  return text === null ? null : sequenceNumber(text);
}
