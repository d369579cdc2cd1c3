import type { ShardLedger } from '../settle/index.ts';
import type { StreamVerdict } from '../verdict/index.ts';
import { TumblingWindow, WINDOW_STATE_BYTES_MAX, windowEvent } from '../window/index.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { LaneRange } from './lane-range.ts';
import type { StreamWorks } from './stream-works.ts';

/** Between looks at a window that is over by the clock while its shard has not been read so far, ms. */
const LOOK_AGAIN_MS = 1000;

/**
 * Lane -> window -> invoke: the tumbling windows of a shard, which has one lane then.
 *
 * The state is stored with the position, in one write: what a state covers is never counted twice nor left out of it.
 */
export class LaneWindow {
  readonly #works: StreamWorks;
  readonly #shardId: string;
  readonly #ledger: ShardLedger;
  readonly #window: TumblingWindow;

  private constructor(works: StreamWorks, shardId: string, ledger: ShardLedger) {
    this.#works = works;
    this.#shardId = shardId;
    this.#ledger = ledger;
    this.#window = new TumblingWindow(works.options.tumblingWindowInSeconds * 1000, ledger.window);
  }

  /** `undefined` without tumbling windows; what an earlier process had stored of one is dropped then. */
  static of(works: StreamWorks, shardId: string, ledger: ShardLedger): LaneWindow | undefined {
    if (works.options.tumblingWindowInSeconds > 0) return new LaneWindow(works, shardId, ledger);
    if (ledger.window !== undefined) ledger.noteWindow(undefined);
    return undefined;
  }

  /** Whether a record belongs into the open window; it opens one where none is. */
  takes(arrivedAt: number): boolean {
    return this.#window.takes(arrivedAt);
  }

  /** Whether the open window is to be closed before anything else of the queue is invoked. */
  mustClose(queue: LaneQueue): boolean {
    return this.#window.open !== undefined && this.#isBehind(queue);
  }

  /** What is left of a batch may come when its window was ended early: it begins that window anew. */
  enter({ entries: [first] }: LaneRange): void {
    if (first !== undefined) this.#window.takes(first.record.arrivedAt);
  }

  /** Whether a range is the last of the open window, behind which `more` cut ranges and the queue wait. */
  isLast(range: LaneRange, more: number, queue: LaneQueue): boolean {
    return range.early !== undefined || (more === 0 && this.mustClose(queue));
  }

  /** When to look at {@link mustClose} again although nothing has come (monotonic, ms). */
  looksAgainAt(): number | undefined {
    const { clock } = this.#works;
    const { overAt } = this.#window;
    return overAt === undefined ? undefined : clock.monotonic() + Math.max(LOOK_AGAIN_MS, overAt - clock.wall());
  }

  /** The event of an invocation. */
  event(range: LaneRange, event: unknown, isFinal: boolean): unknown {
    const { open } = this.#window;
    if (open === undefined) throw new Error('an invocation in no window');
    const { early } = range;
    return windowEvent(event, {
      window: early === undefined ? open : { ...open, state: early.state },
      shardId: this.#shardId,
      eventSourceARN: this.#works.eventSourceArn,
      isFinal,
      isTerminatedEarly: early !== undefined,
    });
  }

  isTooLarge(verdict: StreamVerdict): verdict is Extract<StreamVerdict, { kind: 'settle' | 'advance' }> {
    const state = verdict.kind === 'settle' || verdict.kind === 'advance' ? verdict.state : undefined;
    return state !== undefined && state.length * 3 > WINDOW_STATE_BYTES_MAX && bytesOf(state) > WINDOW_STATE_BYTES_MAX;
  }

  /** Goes on as an invocation has come out. What it covers is settled in the same turn, so that both are stored together. */
  follow(range: LaneRange, isFinal: boolean, verdict: StreamVerdict): void {
    if (verdict.kind === 'settle' && range.early !== undefined) this.#window.closeEarly();
    else if (verdict.kind === 'settle' && isFinal) this.#window.close();
    else if ((verdict.kind === 'settle' || verdict.kind === 'advance') && verdict.state !== undefined) this.#window.adopt(verdict.state);
    else return;
    this.#ledger.noteWindow(this.#window.stored);
  }

  #isBehind(queue: LaneQueue): boolean {
    const { head } = queue;
    if (head !== undefined) return !this.#window.takes(head.record.arrivedAt);
    // A shard that stands still because records may be lost has not ended: what becomes of its window is not ours to say.
    return (queue.isFinished && this.#ledger.hasEnded) || this.#window.isOver(this.#works.clock.wall(), this.#ledger.readThrough);
  }
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
