import { type Deferred, deferred, type Latch, orSet } from '../kit/index.ts';

/** A range that got in: it counts until it is set. */
export class Passage {
  #leave: (() => void) | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  get isSet(): boolean {
    return this.#leave === undefined;
  }

  /** It no longer counts. Setting it again does nothing. */
  set(): void {
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.();
  }
}

/**
 * Lets the ranges of a mapping run together, or one of them alone. Who asks to be alone goes before those who come later, so
 * that it gets its turn. Together costs a comparison and a sum.
 */
export class RunGate {
  #together = 0;
  #isAlone = false;
  #asking = 0;
  #changed: Deferred | undefined;

  /** False when one runs alone or asks to; {@link changed} tells when to ask again. */
  tryEnter(): boolean {
    if (this.#isAlone || this.#asking > 0) return false;
    this.#together += 1;
    return true;
  }

  leave(): void {
    this.#together -= 1;
    if (this.#together === 0) this.#wake();
  }

  /** True: nothing else runs until {@link leaveAlone}. False when `cancelled` is set first. */
  async enterAlone(cancelled: Latch): Promise<boolean> {
    this.#asking += 1;
    while (!cancelled.isSet && (this.#isAlone || this.#together > 0)) await orSet(this.changed(), cancelled);
    this.#asking -= 1;
    if (cancelled.isSet) {
      this.#wake();
      return false;
    }
    this.#isAlone = true;
    return true;
  }

  leaveAlone(): void {
    this.#isAlone = false;
    this.#wake();
  }

  /** Resolves when somebody may have got in, left or given up asking. */
  changed(): Promise<void> {
    this.#changed ??= deferred();
    return this.#changed.promise;
  }

  #wake(): void {
    const changed = this.#changed;
    this.#changed = undefined;
    changed?.resolve();
  }
}
