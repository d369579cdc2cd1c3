/** The right to run one invocation. */
export interface Credit {
  /** Gives it back; giving it back again does nothing. */
  release(): void;
}

interface Waiter {
  readonly grant: (credit: Credit | undefined) => void;
}

/**
 * The concurrency of one function, shared by all its mappings (R3, R9): a credit is taken before anything is received,
 * so that nothing is ever received that has no slot to run in. Waiting mappings take turns; within one mapping the
 * first to ask is the first to get.
 */
export class ConcurrencyLedger {
  /** ReservedConcurrentExecutions; Infinity when there is none. */
  readonly limit: number;
  #inUse = 0;
  /** Waiters by mapping, the mapping whose turn is next first. */
  readonly #waiting = new Map<string, Waiter[]>();
  /** Mappings that poll now. */
  readonly #polling = new Set<string>();

  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.limit = limit;
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** Whether somebody waits for a credit. */
  get isContended(): boolean {
    return this.#waiting.size > 0;
  }

  /** A mapping begins to poll. */
  join(mapping: string): void {
    this.#polling.add(mapping);
  }

  /** A mapping polls no more. */
  leave(mapping: string): void {
    this.#polling.delete(mapping);
  }

  /** Whether a credit may be held through a long poll: only while there is a free one for every other polling mapping. */
  get allowsLongPoll(): boolean {
    return this.limit - this.#inUse >= this.#polling.size - 1;
  }

  /** A credit, at once, or `undefined`. */
  tryAcquire(): Credit | undefined {
    return this.#inUse < this.limit && this.#waiting.size === 0 ? this.#grant() : undefined;
  }

  /** Waits for a credit; `cancel` ends the wait, which then gives `undefined`. */
  acquire(mapping: string): { readonly credit: Promise<Credit | undefined>; readonly cancel: () => void } {
    const free = this.tryAcquire();
    if (free !== undefined) return { credit: Promise.resolve(free), cancel: () => undefined };
    let waiter: Waiter | undefined;
    const credit = new Promise<Credit | undefined>((resolve) => {
      waiter = { grant: resolve };
      const queue = this.#waiting.get(mapping);
      if (queue === undefined) this.#waiting.set(mapping, [waiter]);
      else queue.push(waiter);
    });
    return {
      credit,
      cancel: () => {
        if (waiter !== undefined) this.#forget(mapping, waiter);
      },
    };
  }

  #forget(mapping: string, waiter: Waiter): void {
    const queue = this.#waiting.get(mapping);
    const index = queue?.indexOf(waiter) ?? -1;
    if (queue === undefined || index < 0) return;
    queue.splice(index, 1);
    if (queue.length === 0) this.#waiting.delete(mapping);
    waiter.grant(undefined);
  }

  #grant(): Credit {
    this.#inUse += 1;
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#inUse -= 1;
        this.#grantNext();
      },
    };
  }

  #grantNext(): void {
    const next = this.#waiting.entries().next();
    if (next.done === true || this.#inUse >= this.limit) return;
    const [mapping, queue] = next.value;
    const waiter = queue.shift();
    this.#waiting.delete(mapping);
    if (queue.length > 0) this.#waiting.set(mapping, queue);
    waiter?.grant(this.#grant());
  }
}
