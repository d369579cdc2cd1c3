/** Which sockets the Kafka source has opened in this process, and which of them are still open. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const OPENED_BY = /adapters[/\\]source[/\\]kafka[/\\]sockets/;
const OPENING = 'net.client.socket';

export class SourceSockets {
  readonly #sockets: Socket[] = [];
  readonly #note = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    if (OPENED_BY.test(new Error().stack ?? '')) this.#sockets.push(socket);
  };

  constructor() {
    subscribe(OPENING, this.#note);
  }

  /** How many were opened so far. */
  get opened(): number {
    return this.#sockets.length;
  }

  /** How many of them are not closed. */
  get open(): number {
    return this.#sockets.filter((socket) => !socket.closed).length;
  }

  end(): void {
    unsubscribe(OPENING, this.#note);
  }
}
