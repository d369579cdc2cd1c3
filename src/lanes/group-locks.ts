import type { Delivery } from '../contract/index.ts';

/** What {@link GroupLocks.admit} found. */
export interface Admission {
  /** May be invoked, in order. */
  readonly admitted: readonly Delivery[];
  /** Their visibility has run out: they are in the queue again by themselves. */
  readonly expired: readonly Delivery[];
  /** Sound, but an earlier message of their group has left the batch, so they must go back too. */
  readonly behind: readonly Delivery[];
  /** Sound, but their group is still busy with an invocation that has not stopped. */
  readonly locked: readonly Delivery[];
}

/**
 * Message groups in flight (FIFO): one batch per group at a time, order inside a group always kept (R2). The queue
 * locks a group too, but only until visibility runs out; this lock holds until the invocation has really stopped.
 */
export class GroupLocks {
  readonly #busy = new Set<string>();

  /** Sorts out what may start at `now` (R10) and locks the groups of what may. */
  admit(deliveries: readonly Delivery[], now: number): Admission {
    const admitted: Delivery[] = [];
    const expired: Delivery[] = [];
    const behind: Delivery[] = [];
    const locked: Delivery[] = [];
    const left = new Set<string>();
    for (const delivery of deliveries) {
      const { groupId } = delivery.message;
      if (groupId !== undefined && this.#busy.has(groupId)) locked.push(delivery);
      else if (delivery.hold.deadline <= now) {
        expired.push(delivery);
        if (groupId !== undefined) left.add(groupId);
      } else if (groupId !== undefined && left.has(groupId)) behind.push(delivery);
      else admitted.push(delivery);
    }
    for (const { message } of admitted) if (message.groupId !== undefined) this.#busy.add(message.groupId);
    return { admitted, expired, behind, locked };
  }

  /** Frees the groups of what was admitted. */
  free(deliveries: readonly Delivery[]): void {
    for (const { message } of deliveries) if (message.groupId !== undefined) this.#busy.delete(message.groupId);
  }
}
