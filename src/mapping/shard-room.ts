import type { WaitReason } from '../contract/index.ts';
import type { Buffer } from '../intake/index.ts';
import { type Deferred, deferred, type Latch, orSet } from '../kit/index.ts';
import { BATCHES_AHEAD, ReadAhead } from './read-ahead.ts';

/** Records of a shard that may be read ahead of what is settled; more when the lanes take more at once (R12). */
const SHARD_RECORDS = 10_000;

/** What a shard's room depends on. */
export interface ShardRoomParts {
  readonly lanes: number;
  readonly batchSize: number;
  /** What all shards of the engine share. */
  readonly buffer: Buffer;
  readonly stopping: Latch;
  /** Records read and not covered by the position. */
  readonly outstanding: () => number;
  /** Says what the reader waits for. */
  readonly say: (reason: WaitReason) => void;
  /** Nothing more is read before something is settled: who waits for more records need not. */
  readonly holdReading: () => void;
}

/**
 * Whether a shard may be read on: it holds no more than its share, and no more than the buffer of all has room for (R12); one that
 * holds nothing may always have a page. While every lane has work, it holds no more than is soon worked off.
 */
export class ShardRoom {
  /** The most records that it holds, and that it asks for at once. */
  readonly share: number;
  readonly #parts: ShardRoomParts;
  readonly #ahead: ReadAhead;
  readonly #held = { records: 0, bytes: 0 };
  /** Lanes that wait for records. */
  #idle = 0;
  #woken: Deferred | undefined;
  /** It was said that the reader waits for room, not for the lanes. */
  #saysNoRoom = false;

  constructor(parts: ShardRoomParts) {
    const { lanes, batchSize } = parts;
    this.#parts = parts;
    this.#ahead = new ReadAhead({ lanes, batchSize });
    this.share = Math.max(SHARD_RECORDS, BATCHES_AHEAD * lanes * batchSize);
  }

  /** Records have been read; with negative numbers they are given up. */
  hold(records: number, bytes: number): void {
    this.#held.records += records;
    this.#held.bytes += bytes;
    this.#parts.buffer.add(records, bytes);
  }

  /** Nothing is held any more. */
  holdNothing(): void {
    this.hold(-this.#held.records, -this.#held.bytes);
  }

  settled(records: number, bytes: number): void {
    this.hold(-records, -bytes);
    this.#ahead.settled(records);
    this.#wake();
  }

  /** A page with records has come that was asked for at `askedAt`; monotonic ms. */
  paged(askedAt: number, now: number): void {
    this.#ahead.paged(askedAt, now);
  }

  /** A lane waits for records, or has some again. */
  idle(isIdle: boolean): void {
    this.#idle += isIdle ? 1 : -1;
    if (isIdle) this.#wake();
  }

  /** Resolves when there is room, or the mapping stops. True: it had to be waited for. */
  async untilRoom(): Promise<boolean> {
    const { buffer, stopping, say, holdReading } = this.#parts;
    let hasWaited = false;
    while (!stopping.isSet && !this.#isOpen) {
      this.#saysNoRoom = !this.#hasShare || buffer.isFull;
      if (this.#saysNoRoom) {
        say({ kind: 'no-room', records: buffer.records, bytes: buffer.bytes });
        holdReading();
      } else say({ kind: 'read-ahead', records: this.#held.records });
      hasWaited = true;
      this.#woken ??= deferred();
      // What others settle is looked at only where it can help: it is told with every batch of theirs.
      const forget = buffer.isFull ? buffer.onLess(this.#woken.resolve) : undefined;
      await orSet(this.#woken.promise, stopping);
      // What another shard settled may have made no room for this one.
      this.#woken = undefined;
      forget?.();
    }
    return hasWaited;
  }

  /** What others hold is looked at by who waits, which hears of it from then on. */
  #wake(): void {
    if (this.#woken === undefined) return;
    // It says that it waits for room, and there is some: by now it waits for the lanes.
    const saysTooMuch = this.#saysNoRoom && this.#hasShare && !this.#parts.buffer.isFull;
    if (!this.#mayBeOpen && !saysTooMuch) return;
    this.#woken.resolve();
    this.#woken = undefined;
  }

  get #isOpen(): boolean {
    return this.#parts.outstanding() === 0 || (this.#mayBeOpen && !this.#parts.buffer.isFull);
  }

  get #mayBeOpen(): boolean {
    return this.#parts.outstanding() === 0 || (this.#hasShare && !this.#hasEnough);
  }

  get #hasShare(): boolean {
    return this.#parts.outstanding() < this.share;
  }

  /** Every lane has work, and there is more of it. */
  get #hasEnough(): boolean {
    return this.#idle === 0 && this.#held.records > this.#ahead.enough;
  }
}
