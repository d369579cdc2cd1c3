/**
 * Time and chance as ports (R14): the engine never reads a clock or a random source of its own, so that a whole day of
 * faults can be simulated in a second and replayed from a seed.
 */

/** Cancels a timer. Calling it after the timer fired, or twice, does nothing. */
export type CancelTimer = () => void;

/** Two readings of time and one way to wait. Intervals are measured on {@link Clock.monotonic} only. */
export interface Clock {
  /** Milliseconds since an arbitrary instant; never steps back. For intervals, deadlines and time-outs. */
  monotonic(): number;
  /** Milliseconds since the Unix epoch; may step either way. For names, record ages and what people read. */
  wall(): number;
  /** Calls back once, after at least `ms` milliseconds (0 or less: in a later turn). */
  timer(ms: number, callback: () => void): CancelTimer;
  /** Resolves in a later turn of the event loop, so that timers and I/O of others get their chance. */
  turn(): Promise<void>;
}

/** A source of chance. Simulations hand in a seeded one. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A random (version 4) UUID in lower case. */
  uuid(): string;
}
