import type { StoredMessage } from './stored-message.ts';

/**
 * The messages that become visible later, the soonest first. A binary heap that knows each message's place, so that a
 * delete takes it out at once: an abandoned entry would otherwise stay for a whole visibility timeout after each delete.
 */
export class Timetable {
  readonly #heap: StoredMessage[] = [];

  /** When the next message becomes visible, monotonic ms; `undefined` when none is hidden. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.visibleAt;
  }

  /** Enters the message, or moves it after its `visibleAt` was changed. */
  put(message: StoredMessage): void {
    if (message.slot < 0) {
      message.slot = this.#heap.length;
      this.#heap.push(message);
    }
    this.#settle(message);
  }

  remove(message: StoredMessage): void {
    const { slot } = message;
    if (slot < 0) return;
    message.slot = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === message) return;
    this.#place(last, slot);
    this.#settle(last);
  }

  /** Takes out the next message that is due at `now`. */
  takeDue(now: number): StoredMessage | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.visibleAt > now) return undefined;
    this.remove(first);
    return first;
  }

  #settle(message: StoredMessage): void {
    this.#rise(message);
    this.#sink(message);
  }

  #rise(message: StoredMessage): void {
    while (message.slot > 0) {
      const parent = this.#heap[(message.slot - 1) >> 1];
      if (parent === undefined || !isSooner(message, parent)) return;
      this.#swap(parent, message);
    }
  }

  #sink(message: StoredMessage): void {
    for (;;) {
      const left = this.#heap[2 * message.slot + 1];
      if (left === undefined) return;
      const right = this.#heap[2 * message.slot + 2];
      const child = right !== undefined && isSooner(right, left) ? right : left;
      if (!isSooner(child, message)) return;
      this.#swap(message, child);
    }
  }

  #swap(upper: StoredMessage, lower: StoredMessage): void {
    const { slot } = upper;
    this.#place(upper, lower.slot);
    this.#place(lower, slot);
  }

  #place(message: StoredMessage, slot: number): void {
    this.#heap[slot] = message;
    message.slot = slot;
  }
}

function isSooner(a: StoredMessage, b: StoredMessage): boolean {
  return a.visibleAt < b.visibleAt || (a.visibleAt === b.visibleAt && a.order < b.order);
}
