import { LinkedList, type Links } from './linked-list.ts';

/** One that waits. */
interface Waiting extends Links<Waiting> {
  /** `undefined` once it is out of the list. */
  callback: (() => void) | undefined;
}

/**
 * A flag that is set once, and calls back those who wait for it. Lighter than an AbortSignal, with O(1) add and remove; one with a
 * single waiter costs no more than itself.
 *
 * They stand in a list, not in a Set: where many come and go, a Set that has outlived its first table leaves a chain of tables behind
 * that keeps everybody who ever waited until the next full collection.
 */
export class Latch {
  #isSet = false;
  /** Who came when nobody else waited. */
  #first: (() => void) | undefined;
  /** Made for the second: most latches have one waiter at a time. */
  #others: LinkedList<Waiting> | undefined;

  get isSet(): boolean {
    return this.#isSet;
  }

  /** Sets the flag and calls everybody back once, in the order they came. Setting it again does nothing. */
  set(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    const first = this.#first;
    this.#first = undefined;
    // Whoever waited now is called, also when one of them takes another out.
    const others: (() => void)[] = [];
    for (let next = this.#others?.first; next !== undefined; next = this.#others?.first) {
      if (next.callback !== undefined) others.push(next.callback);
      this.#takeOut(next);
    }
    first?.();
    for (const callback of others) callback();
  }

  /** Calls back when the flag is set: at once if it is. Gives the function that takes the wish back. */
  onSet(callback: () => void): () => void {
    if (this.#isSet) {
      callback();
      return nothing;
    }
    if (this.#first === undefined && this.#others?.first === undefined) {
      this.#first = callback;
      return () => {
        if (this.#first === callback) this.#first = undefined;
      };
    }
    const waiting: Waiting = { callback, previous: undefined, next: undefined };
    this.#others ??= new LinkedList();
    this.#others.push(waiting);
    return () => {
      this.#takeOut(waiting);
    };
  }

  #takeOut(waiting: Waiting): void {
    if (waiting.callback === undefined) return;
    waiting.callback = undefined;
    this.#others?.remove(waiting);
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
