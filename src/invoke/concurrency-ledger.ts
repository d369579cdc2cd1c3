import type { CreditsSnapshot } from '../contract/index.ts';
import { AccountLedger, type AccountMember } from './account-ledger.ts';
import { newShare, type Share, Turns } from './turns.ts';

/** The right to run one invocation. */
export interface Credit {
  /** Gives it back; giving it back again does nothing. */
  release(): void;
}

type Waiter = (credit: Credit | undefined) => void;

/** A mapping: what it holds, and who of it waits, the first to ask first. */
interface Line {
  readonly share: Share;
  readonly waiters: Waiter[];
}

/**
 * The concurrency of one function, shared by all its mappings (R3, R9): a credit is taken before anything is received,
 * so that nothing is ever received that has no slot to run in. A free credit goes to the waiting mapping that holds least for
 * its weight, in turn among equals; within one mapping the first to ask is the first to get.
 *
 * L1 Somebody waits only while the function or the account has no free credit, so a free one may be taken at once.
 */
export class ConcurrencyLedger {
  /** ReservedConcurrentExecutions; Infinity when there is none. */
  readonly limit: number;
  readonly #account: AccountLedger;
  readonly #member: AccountMember;
  readonly #lines = new Map<string, Line>();
  readonly #turns = new Turns<Line>();
  /** Mappings that poll now. */
  readonly #polling = new Set<string>();

  constructor(limit: number = Number.POSITIVE_INFINITY, account = new AccountLedger()) {
    this.limit = limit;
    this.#account = account;
    const share = account.open();
    const couldGo = (): boolean => this.isContended && share.inUse < limit;
    this.#member = {
      share,
      get couldGo() {
        return couldGo();
      },
      grantNext: () => {
        this.#grantNext();
      },
    };
  }

  get inUse(): number {
    return this.#member.share.inUse;
  }

  /** Whether somebody waits for a credit. */
  get isContended(): boolean {
    return this.#turns.size > 0;
  }

  /** How things are, as one mapping sees them. */
  snapshotFor(mapping: string): CreditsSnapshot {
    let waiting = 0;
    for (const { waiters } of this.#lines.values()) waiting += waiters.length;
    const ofMapping = this.#lines.get(mapping)?.share.inUse ?? 0;
    return { inUse: this.inUse, ofMapping, limit: this.most, waiting, isFree: this.inUse < this.limit && this.#account.hasRoom };
  }

  /** The most that one mapping could ever hold. */
  get most(): number {
    return Math.min(this.limit, this.#account.limit);
  }

  /** What holds a mapping back: the function's own limit, or that of the account where the function could run one more. */
  get scarce(): { readonly of: 'function' | 'account'; readonly inUse: number; readonly limit: number } {
    const isAccount = this.inUse < this.limit && !this.#account.hasRoom;
    const { inUse, limit } = isAccount ? this.#account : this;
    return { of: isAccount ? 'account' : 'function', inUse, limit };
  }

  /** How much a mapping counts beside the others of the function. */
  weigh(mapping: string, weight: number): void {
    this.#line(mapping).share.weight = weight;
  }

  /** A mapping begins to poll. */
  join(mapping: string): void {
    if (this.#polling.has(mapping)) return;
    this.#polling.add(mapping);
    this.#account.polls(1);
  }

  /** A mapping polls no more. */
  leave(mapping: string): void {
    if (this.#polling.delete(mapping)) this.#account.polls(-1);
  }

  /** Whether one mapping polls at most. */
  get pollsAlone(): boolean {
    return this.#polling.size <= 1;
  }

  /** Whether a credit may be held through a long poll: only while there is a free one for every other polling mapping. */
  get allowsLongPoll(): boolean {
    return this.limit - this.inUse >= this.#polling.size - 1 && this.#account.allowsLongPoll;
  }

  /** A credit, at once, or `undefined`. */
  tryAcquire(mapping: string): Credit | undefined {
    return this.inUse < this.limit && this.#account.hasRoom ? this.#grant(this.#line(mapping).share) : undefined;
  }

  /** Waits for a credit; `cancel` ends the wait, which then gives `undefined`. */
  acquire(mapping: string): { readonly credit: Promise<Credit | undefined>; readonly cancel: () => void } {
    const free = this.tryAcquire(mapping);
    if (free !== undefined) return { credit: Promise.resolve(free), cancel: () => undefined };
    const line = this.#line(mapping);
    let waiter: Waiter = () => undefined;
    const credit = new Promise<Credit | undefined>((resolve) => {
      waiter = resolve;
    });
    line.waiters.push(waiter);
    this.#turns.enter(line);
    this.#account.waits(this.#member, true);
    return {
      credit,
      cancel: () => {
        this.#forget(line, waiter);
      },
    };
  }

  #line(mapping: string): Line {
    let line = this.#lines.get(mapping);
    if (line === undefined) {
      line = { share: newShare(), waiters: [] };
      this.#lines.set(mapping, line);
    }
    return line;
  }

  #forget(line: Line, waiter: Waiter): void {
    const index = line.waiters.indexOf(waiter);
    if (index < 0) return;
    line.waiters.splice(index, 1);
    this.#tidy(line);
    waiter(undefined);
  }

  #tidy(line: Line): void {
    if (line.waiters.length === 0) this.#turns.leave(line);
    if (!this.isContended) this.#account.waits(this.#member, false);
  }

  #grant(share: Share): Credit {
    share.inUse += 1;
    this.#account.taken(this.#member.share);
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        share.inUse -= 1;
        this.#account.released(this.#member.share);
      },
    };
  }

  #grantNext(): void {
    const line = this.#turns.next();
    const waiter = line?.waiters.shift();
    if (line === undefined || waiter === undefined) return;
    this.#turns.granted(line);
    this.#tidy(line);
    waiter(this.#grant(line.share));
  }
}
