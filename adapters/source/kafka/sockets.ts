/** The sockets of one connection, so that none is left when it is closed. kafkajs ends its side of them and lets them be. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { systemClock } from '../../../src/index.ts';
import { pause } from '../../shared/pause.ts';

const KEEP_ALIVE_MS = 30_000;

/** Opens sockets, and knows those that are open. */
export class Sockets {
  readonly #open = new Set<Socket>();
  #isRefusing = false;

  /** What kafkajs opens its sockets with. `own`: one that the user's options bring. */
  factory(own: ISocketFactory | undefined): ISocketFactory {
    const open = own ?? openSocket;
    return (how) => {
      if (this.#isRefusing) throw new Error('the source is closed');
      const socket = open(how);
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      return socket;
    };
  }

  /** Opens no more. */
  refuse(): void {
    this.#isRefusing = true;
    // One that is not connected yet has nothing to end, and a timer that only an error stops.
    for (const socket of this.#open) if (socket.connecting) socket.destroy(new Error('the source is closed'));
  }

  /** Breaks what is open; whatever waits for an answer on it fails. */
  cut(): void {
    for (const socket of this.#open) socket.destroy(new Error('the connection was cut'));
  }

  /** Waits for an end in good order, but no longer than `graceMs`; then nothing is open. */
  async closeAfter(end: Promise<void>, graceMs: number): Promise<void> {
    const over = new AbortController();
    const isEnded = await Promise.race([end.then(() => true), pause(systemClock, graceMs, over.signal).then(() => false)]);
    over.abort();
    const closing = [...this.#open].map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
    for (const socket of this.#open) {
      // What still waits for an answer shall hear of it; what does not is not to be taken for a fault.
      if (isEnded) socket.destroy();
      else socket.destroy(new Error('the source is closed'));
    }
    await Promise.all([...closing, end]);
  }
}

const openSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // Whatever its types say, kafkajs hands on what it was told: nothing, true or false, or settings.
  const wanted: unknown = ssl;
  const isSecure = wanted !== undefined && wanted !== null && wanted !== false;
  const named = isIP(host) === 0 ? { servername: host } : undefined;
  const settings = typeof wanted === 'object' ? ssl : undefined;
  const socket = isSecure ? connectTls({ host, port, ...named, ...settings }, onConnect) : connectTcp({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
};
