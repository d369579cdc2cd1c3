import { LinkedList, type Links } from '../../../src/index.ts';
import type { StoredMessage } from './stored-message.ts';

/** Which message is given out next. The store keeps `state`; a line is told of each change right after it. */
export interface Line {
  /** The message came into the queue, visible or delayed. */
  add(message: StoredMessage): void;
  /** The message, in flight or delayed until now, has become visible. */
  show(message: StoredMessage, was: 'in-flight' | 'delayed'): void;
  /** Takes out at most `max` messages, whose state is then in flight. */
  take(max: number): StoredMessage[];
  /** The message leaves the queue; its state is the last it had. */
  drop(message: StoredMessage): void;
}

/** Standard queues: first come, first served; what returns stands at the end. */
export class StandardLine implements Line {
  readonly #visible = new LinkedList<StoredMessage>();

  add(message: StoredMessage): void {
    if (message.state === 'visible') this.#visible.push(message);
  }

  show(message: StoredMessage): void {
    this.#visible.push(message);
  }

  take(max: number): StoredMessage[] {
    const taken: StoredMessage[] = [];
    for (let message = this.#visible.first; message !== undefined && taken.length < max; message = this.#visible.first) {
      this.#visible.remove(message);
      message.state = 'in-flight';
      taken.push(message);
    }
    return taken;
  }

  drop(message: StoredMessage): void {
    if (message.state === 'visible') this.#visible.remove(message);
  }
}

/** The messages of one group in their order, those in flight among them. */
class Group implements Links<Group> {
  readonly id: string;
  readonly messages = new LinkedList<StoredMessage>();
  inFlight = 0;
  /** Whether it stands among the groups that can be given out. */
  isFree = false;
  previous: Group | undefined;
  next: Group | undefined;

  constructor(id: string) {
    this.id = id;
  }
}

/** FIFO queues: a group is given out in its order, and only while nothing of it is in flight. Groups take turns. */
export class FifoLine implements Line {
  readonly #groups = new Map<string, Group>();
  readonly #free = new LinkedList<Group>();

  add(message: StoredMessage): void {
    const id = message.content.groupId ?? '';
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new Group(id);
      this.#groups.set(id, group);
    }
    group.messages.push(message);
    this.#refresh(group);
  }

  show(message: StoredMessage, was: 'in-flight' | 'delayed'): void {
    const group = this.#groupOf(message);
    if (was === 'in-flight') group.inFlight -= 1;
    this.#refresh(group);
  }

  take(max: number): StoredMessage[] {
    const taken: StoredMessage[] = [];
    for (let group = this.#free.first; group !== undefined && taken.length < max; group = this.#free.first) {
      let message = group.messages.first;
      while (message?.state === 'visible' && taken.length < max) {
        message.state = 'in-flight';
        group.inFlight += 1;
        taken.push(message);
        message = message.next;
      }
      this.#refresh(group);
    }
    return taken;
  }

  drop(message: StoredMessage): void {
    const group = this.#groupOf(message);
    group.messages.remove(message);
    if (message.state === 'in-flight') group.inFlight -= 1;
    this.#refresh(group);
  }

  #groupOf(message: StoredMessage): Group {
    const group = this.#groups.get(message.content.groupId ?? '');
    if (group === undefined) throw new Error('a message of the queue belongs to none of its groups');
    return group;
  }

  #refresh(group: Group): void {
    const { first } = group.messages;
    const isFree = group.inFlight === 0 && first?.state === 'visible';
    if (isFree !== group.isFree) {
      group.isFree = isFree;
      if (isFree) this.#free.push(group);
      else this.#free.remove(group);
    }
    if (first === undefined) this.#groups.delete(group.id);
  }
}
