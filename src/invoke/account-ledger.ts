import { newShare, type Share, Turns } from './turns.ts';

/** A function as the account sees it. */
export interface AccountMember {
  readonly share: Share;
  /** Whether one more invocation of it may run as far as its own limit goes, and somebody waits for it. */
  readonly couldGo: boolean;
  /** Hands a credit to whoever is next in it. */
  grantNext(): void;
}

/**
 * The concurrency of all functions of an engine together. Functions take turns as mappings do within a function: who runs least
 * goes first. A reserved concurrency is a limit here, nothing is set aside for it.
 */
export class AccountLedger {
  /** Infinity when there is none. */
  readonly limit: number;
  #inUse = 0;
  #polling = 0;
  readonly #turns = new Turns<AccountMember>();

  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.limit = limit;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get hasRoom(): boolean {
    return this.#inUse < this.limit;
  }

  /** Whether there is a free credit for every other mapping that polls. */
  get allowsLongPoll(): boolean {
    return this.limit - this.#inUse >= this.#polling - 1;
  }

  /** The share of a function. */
  open(): Share {
    return newShare();
  }

  /** So many mappings more poll, or fewer. */
  polls(by: number): void {
    this.#polling += by;
  }

  /** Somebody waits for a credit of this function, or nobody does any more. */
  waits(member: AccountMember, isWaiting: boolean): void {
    if (isWaiting) this.#turns.enter(member);
    else this.#turns.leave(member);
  }

  taken(share: Share): void {
    this.#inUse += 1;
    share.inUse += 1;
  }

  /** An invocation is over: whoever may go next goes. */
  released(share: Share): void {
    this.#inUse -= 1;
    share.inUse -= 1;
    while (this.hasRoom) {
      const member = this.#turns.next(({ couldGo }) => couldGo);
      if (member === undefined) return;
      this.#turns.granted(member);
      member.grantNext();
    }
  }
}
