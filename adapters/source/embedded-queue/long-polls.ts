import { type CancelTimer, type Clock, SourceError } from '../../../src/index.ts';

/** An open receive: asks again when it is woken, ends with nothing at its deadline. */
interface Poll<Answer> {
  readonly deadline: number;
  /** `undefined`: still nothing. */
  readonly ask: () => Answer | undefined;
  readonly nothing: Answer;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: SourceError) => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/**
 * The receives that wait. One timer at most, and only while one waits: for the nearest deadline or for what becomes
 * visible by itself before. First come, first served.
 */
export class LongPolls<Answer> {
  readonly #clock: Clock;
  readonly #nextVisibleAt: () => number | undefined;
  readonly #open = new Set<Poll<Answer>>();
  #timerAt = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;
  #isWaking = false;

  constructor(clock: Clock, nextVisibleAt: () => number | undefined) {
    this.#clock = clock;
    this.#nextVisibleAt = nextVisibleAt;
  }

  /** Waits until `ask` answers, at most until `deadline` (monotonic ms), then gives `nothing`. Rejects when `signal` aborts. */
  wait(deadline: number, ask: () => Answer | undefined, nothing: Answer, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#leave(poll);
        reject(aborted());
      };
      const poll: Poll<Answer> = { deadline, ask, nothing, resolve, reject, signal, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#open.add(poll);
      this.#setTimer();
    });
  }

  /** Something changed. In a later turn, so that one receive gets all that one producer sends in a row. */
  wake(): void {
    if (this.#open.size === 0 || this.#isWaking) return;
    this.#isWaking = true;
    void this.#clock.turn().then(() => {
      this.#isWaking = false;
      this.#serve();
    });
  }

  /** Ends every open receive with nothing. */
  end(): void {
    for (const poll of this.#open) {
      this.#leave(poll);
      poll.resolve(poll.nothing);
    }
  }

  /** Ends every open receive with an error. */
  close(): void {
    for (const poll of this.#open) {
      this.#leave(poll);
      poll.reject(new SourceError('unavailable', 'QueueClosed', 'the queue was closed while a receive was open'));
    }
  }

  #serve(): void {
    for (const poll of this.#open) {
      const answer = poll.ask();
      if (answer === undefined) break;
      this.#leave(poll);
      poll.resolve(answer);
    }
    this.#setTimer();
  }

  #onTimer(): void {
    this.#serve();
    const now = this.#clock.monotonic();
    for (const poll of this.#open) {
      if (poll.deadline > now) continue;
      this.#leave(poll);
      poll.resolve(poll.nothing);
    }
    this.#setTimer();
  }

  #leave(poll: Poll<Answer>): void {
    this.#open.delete(poll);
    poll.signal.removeEventListener('abort', poll.onAbort);
    if (this.#open.size === 0) this.#clearTimer();
  }

  #setTimer(): void {
    if (this.#open.size === 0) return;
    let at = this.#nextVisibleAt() ?? Number.POSITIVE_INFINITY;
    for (const { deadline } of this.#open) at = Math.min(at, deadline);
    if (this.#cancelTimer !== undefined && this.#timerAt === at) return;
    this.#clearTimer();
    this.#timerAt = at;
    this.#cancelTimer = this.#clock.timer(at - this.#clock.monotonic(), () => {
      this.#cancelTimer = undefined;
      this.#onTimer();
    });
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

/** What an aborted receive is rejected with. */
export function aborted(): SourceError {
  return new SourceError('unavailable', 'RequestAborted', 'the receive was aborted');
}
