import { asSourceError, type Clock, type Random, SourceError, type WaitReason } from '../contract/index.ts';
import { type BackoffPolicy, type Deferred, deferred, type Latch, sleep, steadyBackoffMs } from '../kit/index.ts';

/** Waits between looks at a source that cannot be used. */
export const SOURCE_BACKOFF: BackoffPolicy = { baseMs: 200, capMs: 10_000 };

/** Why a source cannot be used. */
export type SourceProblem = Extract<WaitReason, { kind: 'source' }>;

/** What a gate works with. */
export interface SourceGateParts<Description> {
  readonly source: { describe(): Promise<Description> };
  readonly clock: Clock;
  readonly random: Random;
  /** Set when nothing new is to be received. */
  readonly stopping: Latch;
  /** The problem that closed the gate, a change of it, or `undefined` when it is over. */
  readonly onProblem: (problem: SourceProblem | undefined) => void;
  /** The source described itself: at the start and after every trouble, because it may be another one now. */
  readonly onDescribed: (description: Description) => void;
}

/**
 * Whether a source may be asked. Any error closes the gate; then one probe at a time looks with growing waits until
 * the source describes itself again, so that a hundred slots do not hammer a source in trouble.
 */
export class SourceGate<Description = unknown> {
  readonly #parts: SourceGateParts<Description>;
  #isOpen = false;
  #opened: Deferred<boolean> = deferred<boolean>();
  #probing: Promise<void> | undefined;
  /** Errors since the last receive that worked. */
  #failures = 0;
  #problem: SourceProblem | undefined;

  constructor(parts: SourceGateParts<Description>) {
    this.#parts = parts;
    parts.stopping.onSet(() => {
      this.#opened.resolve(false);
    });
  }

  get problem(): SourceProblem | undefined {
    return this.#problem;
  }

  /** Looks at the source until it describes itself. False when stopped before. */
  async open(): Promise<boolean> {
    this.#probing ??= this.#probe();
    await this.#probing;
    return this.#isOpen;
  }

  /** Resolves when the source may be asked; false when stopped. */
  ready(): boolean | Promise<boolean> {
    if (this.#parts.stopping.isSet) return false;
    return this.#isOpen ? true : this.#opened.promise;
  }

  /** A receive failed. */
  failed(error: SourceError): void {
    // Nothing more is asked of a source while the mapping stops, and a hard stop itself ends receives.
    if (!this.#isOpen || this.#parts.stopping.isSet) return;
    this.#isOpen = false;
    this.#opened = deferred<boolean>();
    this.#probing = this.#probe(error);
  }

  /** A receive worked. */
  succeeded(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#say(undefined);
  }

  /** Resolves when no probe is under way. */
  async settled(): Promise<void> {
    await this.#probing;
  }

  async #probe(cause?: SourceError): Promise<void> {
    const { stopping } = this.#parts;
    if (cause !== undefined && !(await this.#waitAfter(cause))) return;
    while (!stopping.isSet) {
      const description = await this.#describe();
      if (!(description instanceof SourceError)) {
        this.#parts.onDescribed(description);
        if (cause === undefined) this.succeeded();
        this.#isOpen = true;
        this.#opened.resolve(true);
        return;
      }
      if (!(await this.#waitAfter(description))) return;
    }
  }

  async #describe(): Promise<Description | SourceError> {
    try {
      return await this.#parts.source.describe();
    } catch (error) {
      return asSourceError(error);
    }
  }

  #waitAfter(error: SourceError): Promise<boolean> {
    const { clock, random, stopping } = this.#parts;
    this.#failures += 1;
    const waitMs = steadyBackoffMs(SOURCE_BACKOFF, this.#failures, random.next());
    this.#say({ kind: 'source', error: error.kind, message: error.message, retryAt: clock.monotonic() + waitMs });
    return sleep(clock, waitMs, stopping);
  }

  #say(problem: SourceProblem | undefined): void {
    this.#problem = problem;
    this.#parts.onProblem(problem);
  }
}
