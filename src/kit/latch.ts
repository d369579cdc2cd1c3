/** A flag that is set once, and calls back those who wait for it. Lighter than an AbortSignal, with O(1) add and remove. */
export class Latch {
  #isSet = false;
  readonly #callbacks = new Set<() => void>();

  get isSet(): boolean {
    return this.#isSet;
  }

  /** Sets the flag and calls everybody back once, in the order they came. Setting it again does nothing. */
  set(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    const callbacks = [...this.#callbacks];
    this.#callbacks.clear();
    for (const callback of callbacks) callback();
  }

  /** Calls back when the flag is set: at once if it is. Gives the function that takes the wish back. */
  onSet(callback: () => void): () => void {
    if (this.#isSet) {
      callback();
      return () => undefined;
    }
    this.#callbacks.add(callback);
    return () => {
      this.#callbacks.delete(callback);
    };
  }
}

/** Resolves when the latch is set. */
export function whenSet(latch: Latch): Promise<void> {
  return new Promise((resolve) => {
    latch.onSet(resolve);
  });
}
