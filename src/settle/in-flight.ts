import type { BufferAccount, Clock, Delivery, Epoch, Hold, QueueMessage, QueueReceipt } from '../contract/index.ts';

/** What one receive brought. */
export interface Arrival {
  readonly messages: readonly QueueMessage[];
  readonly epoch: Epoch;
  /** Monotonic, ms: when the response arrived. */
  readonly arrivedAt: number;
  /** The visibility that was granted, s. */
  readonly visibilitySeconds: number;
  /** Whether more than the queue's own was asked for. */
  readonly prolonged: boolean;
}

/** What became of an arrival. */
export interface Admitted {
  /** What holds them all; `undefined` when nothing is held. */
  readonly hold: Hold | undefined;
  /** New in flight. */
  readonly fresh: readonly Delivery[];
  /** In flight already: the newer handle was adopted and nothing is to be done. */
  readonly duplicates: number;
  /** FIFO: they came behind a duplicate of their group, so an earlier message is not settled; they have to go back (R2). */
  readonly behind: readonly Delivery[];
  /** Handled before, but their delete failed: to be deleted again, never to be invoked again. */
  readonly handledBefore: readonly QueueReceipt[];
}

/** Taken off every deadline, ms (R10). */
const DEADLINE_MARGIN_MS = 1000;
/** How many handled messages whose delete failed are remembered; the oldest is forgotten first. */
const HANDLED_MEMORY_MAX = 10_000;

/** The instant until which a visibility of `seconds`, counted from `from`, may be relied on. Short ones lose half instead of the margin. */
export function reliableUntil(from: number, seconds: number): number {
  const ms = seconds * 1000;
  return from + ms - Math.min(DEADLINE_MARGIN_MS, ms / 2);
}

/**
 * The ledger of what is received and not yet settled. It knows each message once: the same message received again while
 * it is in flight (annex A of the field's known defects: a second delivery downstream) only brings a newer handle.
 *
 * I1 A message id is in at most one delivery.
 * I2 Every open delivery that is still renewed is in exactly one hold.
 * I3 What is being settled is in no hold, also when it comes again meanwhile: no beat undoes its delete or release.
 */
export class InFlight {
  readonly #clock: Clock;
  readonly #byId = new Map<string, Delivery>();
  readonly #holds = new Map<Hold, Set<Delivery>>();
  /** Message ids whose function succeeded but whose delete did not. */
  readonly #handled = new Set<string>();
  /** Being deleted, returned or given back. */
  readonly #retired = new Set<Delivery>();
  readonly #account: BufferAccount;

  constructor(clock: Clock, account: BufferAccount) {
    this.#clock = clock;
    this.#account = account;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Opens an entry for each message that is new. */
  open(arrival: Arrival): Admitted {
    const { arrivedAt, visibilitySeconds, prolonged } = arrival;
    const grantedUntil = reliableUntil(arrivedAt, visibilitySeconds);
    const hold: Hold = { receivedAt: arrivedAt, visibilitySeconds, prolonged, grantedUntil, deadline: grantedUntil, beats: 0 };
    const members = new Set<Delivery>();
    const fresh: Delivery[] = [];
    const behind: Delivery[] = [];
    const handledBefore: QueueReceipt[] = [];
    const heldGroups = new Set<string>();
    let duplicates = 0;
    for (const message of arrival.messages) {
      const known = this.#byId.get(message.messageId);
      if (known !== undefined) {
        if (this.#retired.has(known)) known.receiptHandle = message.receiptHandle;
        else {
          this.#adopt(known, message, hold);
          members.add(known);
        }
        duplicates += 1;
        if (message.groupId !== undefined) heldGroups.add(message.groupId);
      } else if (this.#handled.has(message.messageId)) handledBefore.push(message);
      else {
        const delivery: Delivery = { epoch: arrival.epoch, message, receiptHandle: message.receiptHandle, hold };
        this.#byId.set(message.messageId, delivery);
        this.#account.add(1, message.sizeBound);
        members.add(delivery);
        (message.groupId !== undefined && heldGroups.has(message.groupId) ? behind : fresh).push(delivery);
      }
    }
    if (members.size > 0) this.#holds.set(hold, members);
    return { hold: members.size > 0 ? hold : undefined, fresh, duplicates, behind, handledBefore };
  }

  /** The open deliveries of a hold. */
  members(hold: Hold): ReadonlySet<Delivery> | undefined {
    return this.#holds.get(hold);
  }

  /** All holds with open deliveries, oldest first. */
  holds(): IterableIterator<Hold> {
    return this.#holds.keys();
  }

  /** Takes deliveries out of their holds, so that no beat renews them any more; they stay known until closed. */
  unhold(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const members = this.#holds.get(delivery.hold);
      if (members?.delete(delivery) === true && members.size === 0) this.#holds.delete(delivery.hold);
    }
  }

  /** Takes deliveries that are being settled out of their holds for good. */
  retire(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#retired.add(delivery);
    this.unhold(deliveries);
  }

  /** Ends deliveries. `undeleted`: handled, but still in the queue; they will be recognised when they come again. */
  close(deliveries: readonly Delivery[], undeleted: boolean): void {
    this.unhold(deliveries);
    for (const delivery of deliveries) {
      const { message } = delivery;
      this.#retired.delete(delivery);
      if (!this.#byId.delete(message.messageId)) continue;
      this.#account.add(-1, -message.sizeBound);
      if (undeleted) this.#remember(message.messageId);
    }
  }

  /** Forgets that a message was handled: it has been deleted at last. */
  forgetHandled(receipts: readonly QueueReceipt[]): void {
    for (const { messageId } of receipts) this.#handled.delete(messageId);
  }

  /** Notes a beat that renewed a hold for `seconds`, counted from `from`. */
  renewed(hold: Hold, from: number, seconds: number): void {
    hold.deadline = reliableUntil(from, seconds);
    hold.beats += 1;
  }

  /** Notes that the visibility of deliveries has run out: they may not be started any more. */
  lapse(deliveries: readonly Delivery[], now: number): void {
    for (const delivery of deliveries) {
      this.unhold([delivery]);
      delivery.hold = { ...delivery.hold, deadline: Math.min(delivery.hold.deadline, now) };
    }
  }

  /** Open deliveries whose deadline has passed. */
  overdue(): number {
    const now = this.#clock.monotonic();
    let count = 0;
    for (const [hold, members] of this.#holds) if (hold.deadline <= now) count += members.size;
    return count;
  }

  #adopt(delivery: Delivery, message: QueueMessage, hold: Hold): void {
    this.unhold([delivery]);
    delivery.receiptHandle = message.receiptHandle;
    delivery.hold = hold;
  }

  #remember(messageId: string): void {
    if (this.#handled.size >= HANDLED_MEMORY_MAX) {
      const oldest = this.#handled.values().next();
      if (oldest.done !== true) this.#handled.delete(oldest.value);
    }
    this.#handled.add(messageId);
  }
}
