/**
 * A flag that is set once, and calls back those who wait for it. Lighter than an AbortSignal, with O(1) add and remove; one with a
 * single waiter costs no more than itself.
 */
export class Latch {
  #isSet = false;
  /** Who came when nobody else waited. */
  #first: (() => void) | undefined;
  #others: Set<() => void> | undefined;

  get isSet(): boolean {
    return this.#isSet;
  }

  /** Sets the flag and calls everybody back once, in the order they came. Setting it again does nothing. */
  set(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    const first = this.#first;
    const others = this.#others;
    this.#first = undefined;
    this.#others = undefined;
    first?.();
    if (others !== undefined) for (const callback of [...others]) callback();
  }

  /** Calls back when the flag is set: at once if it is. Gives the function that takes the wish back. */
  onSet(callback: () => void): () => void {
    if (this.#isSet) {
      callback();
      return nothing;
    }
    if (this.#first === undefined && (this.#others === undefined || this.#others.size === 0)) this.#first = callback;
    else {
      this.#others ??= new Set();
      this.#others.add(callback);
    }
    return () => {
      if (this.#first === callback) this.#first = undefined;
      else this.#others?.delete(callback);
    };
  }
}

function nothing(): void {
  // There is no wish to take back.
}

/** Resolves when the latch is set. */
export function whenSet(latch: Latch): Promise<void> {
  return new Promise((resolve) => {
    latch.onSet(resolve);
  });
}
