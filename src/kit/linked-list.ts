/** What can stand in one {@link LinkedList} at a time. */
export interface Links<Item> {
  previous: Item | undefined;
  next: Item | undefined;
}

/** A list that is threaded through its items: push, shift and removal from the middle cost O(1) and allocate nothing. */
export class LinkedList<Item extends Links<Item>> {
  #first: Item | undefined;
  #last: Item | undefined;

  get first(): Item | undefined {
    return this.#first;
  }

  push(item: Item): void {
    item.previous = this.#last;
    item.next = undefined;
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
  }

  /** `item` must stand in this list. */
  remove(item: Item): void {
    const { previous, next } = item;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    item.previous = undefined;
    item.next = undefined;
  }
}
