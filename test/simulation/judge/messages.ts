import type { InvocationFacts, MappingFacts, Watcher } from '../facts.ts';

/** One message of the world. */
export interface Message {
  readonly id: string;
  readonly mapping: MappingFacts;
  readonly groupId: string | undefined;
  /** Its place among the messages of its queue. */
  readonly order: number;
  readonly visibleAt: number;
  /** A successful outcome has named it. */
  isHandled: boolean;
  /** The tenure (see {@link Messages.tenureOf}) in which that was, last. */
  handledIn: string | undefined;
  /** It has left its queue by a delete. */
  isDeleted: boolean;
  /** A partial answer listed it while later messages of its group were done (quarantine off). */
  wasListed: boolean;
  wasInvoked: boolean;
  /** The engine said that it fits into no event. */
  isOversized: boolean;
}

/** Every message that was offered, and what has become of it. */
export class Messages {
  readonly #byId = new Map<string, Message>();
  /** How often each mapping was enabled, by life and name. */
  readonly #tenures = new Map<string, number>();

  readonly watcher: Watcher = {
    offered: ({ mapping, messageId, groupId, visibleAt }) => {
      this.#byId.set(messageId, {
        id: messageId,
        mapping,
        groupId,
        order: this.#byId.size,
        visibleAt,
        isHandled: false,
        handledIn: undefined,
        isDeleted: false,
        wasListed: false,
        wasInvoked: false,
        isOversized: false,
      });
    },
    enabled: ({ life, mapping }) => {
      const key = `${String(life.number)} ${mapping.name}`;
      this.#tenures.set(key, (this.#tenures.get(key) ?? 0) + 1);
    },
    deleted: ({ receipt }) => {
      this.get(receipt.messageId).isDeleted = true;
    },
    event: ({ name, event }) => {
      if (name === 'message.oversized') this.get((event as { messageId: string }).messageId).isOversized = true;
    },
    answered: ({ invocation, handled, listed }) => {
      for (const id of handled) {
        const message = this.get(id);
        message.isHandled = true;
        message.handledIn = this.tenureOf(invocation);
      }
      for (const id of listed) this.get(id).wasListed = true;
    },
  };

  get(id: string): Message {
    const message = this.#byId.get(id);
    if (message === undefined) throw new Error(`message ${id} was never offered`);
    return message;
  }

  get all(): Iterable<Message> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Names one uninterrupted time of work of a mapping. */
  tenureOf({ life, mapping }: Pick<InvocationFacts, 'life' | 'mapping'>): string {
    const key = `${String(life.number)} ${mapping.name}`;
    return `${key} ${String(this.#tenures.get(key) ?? 0)}`;
  }
}
