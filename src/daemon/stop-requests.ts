import type { Clock } from '../contract/index.ts';
import { type Deferred, deferred } from '../kit/index.ts';

/** Why the daemon stops. */
export type StopCause = { readonly kind: 'signal'; readonly signal: string } | { readonly kind: 'crash'; readonly error: unknown };

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * A second signal that comes this soon is the first one again, ms: for Ctrl-C the terminal sends SIGINT to all
 * processes in front, and npm sends its own to its child besides.
 */
const SAME_SIGNAL_MS = 400;

/** Listens to signals and to errors that nobody caught, from its making until `dispose`. */
export class StopRequests {
  readonly #clock: Clock;
  readonly #first: Deferred<StopCause> = deferred<StopCause>();
  readonly #second: Deferred<StopCause> = deferred<StopCause>();
  #firstAt: number | undefined;
  readonly #onHangup: () => void;

  readonly #onSignal = (signal: string): void => {
    const now = this.#clock.monotonic();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#first.resolve({ kind: 'signal', signal });
    } else if (now - this.#firstAt >= SAME_SIGNAL_MS) this.#second.resolve({ kind: 'signal', signal });
  };

  readonly #onError = (error: unknown): void => {
    const cause: StopCause = { kind: 'crash', error };
    if (this.#firstAt === undefined) {
      this.#firstAt = this.#clock.monotonic();
      this.#first.resolve(cause);
    } else this.#second.resolve(cause);
  };

  /** `onHangup`: what SIGHUP does instead of stopping. */
  constructor(clock: Clock, onHangup?: () => void) {
    this.#clock = clock;
    this.#onHangup =
      onHangup ??
      ((): void => {
        this.#onSignal('SIGHUP');
      });
    process.on('SIGHUP', this.#onHangup);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    process.on('uncaughtException', this.#onError);
    process.on('unhandledRejection', this.#onError);
  }

  /** Stop, and drain if it is a signal. */
  get first(): Promise<StopCause> {
    return this.#first.promise;
  }

  /** End at once. */
  get second(): Promise<StopCause> {
    return this.#second.promise;
  }

  /** Gives signals and errors back to Node. */
  dispose(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    process.off('SIGHUP', this.#onHangup);
    process.off('uncaughtException', this.#onError);
    process.off('unhandledRejection', this.#onError);
  }
}
