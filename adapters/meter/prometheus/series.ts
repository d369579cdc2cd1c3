import type { Counter, Gauge, Histogram } from '../../../src/index.ts';

/** A counter that collects in memory; the metrics library hears of it when somebody looks. */
export class PendingCounter implements Counter {
  readonly #pass: (amount: number) => void;
  #pending = 0;

  constructor(pass: (amount: number) => void) {
    this.#pass = pass;
    // So that the series is there, at zero, before anything has happened.
    pass(0);
  }

  add(amount: number): void {
    if (amount > 0 && Number.isFinite(amount)) this.#pending += amount;
  }

  flush(): void {
    const pending = this.#pending;
    this.#pending = 0;
    this.#pass(pending);
  }
}

/** A gauge whose last value, 0 at first, is handed on when somebody looks. */
export class PendingGauge implements Gauge {
  readonly #pass: (value: number) => void;
  #value = 0;

  constructor(pass: (value: number) => void) {
    this.#pass = pass;
  }

  set(value: number): void {
    if (Number.isFinite(value)) this.#value = value;
  }

  flush(): void {
    this.#pass(this.#value);
  }
}

/** Hands on what is a number; the metrics library throws for anything else. */
export class CheckedHistogram implements Histogram {
  readonly #pass: (value: number) => void;
  #isGone = false;

  constructor(pass: (value: number) => void) {
    this.#pass = pass;
  }

  observe(value: number): void {
    if (Number.isFinite(value) && !this.#isGone) this.#pass(value);
  }

  /** It was taken away: a late observation must not bring it back. */
  end(): void {
    this.#isGone = true;
  }
}
