import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const listenAttempts = 50;
const listenRetryMs = 100;

/** A way to a port that can be disturbed. */
export interface TcpProxy {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Connections that are open now. */
  readonly connections: number;
  /** All connections since the start. */
  readonly accepted: number;
  /** Resets all connections and refuses new ones, until `heal`. */
  cut(): Promise<void>;
  /** Keeps and accepts connections, and passes nothing in either direction, until `heal`; then all that waited goes on. */
  stall(): void;
  /** Holds every piece back for so long, in either direction; 0 ends it. Pieces stay in order. */
  delay(delayMs: number): void;
  /** Ends a cut or a stall; the delay stays. */
  heal(): Promise<void>;
  /** Resets all connections and frees the port. */
  close(): Promise<void>;
}

function targetOf(endpoint: string): { host: string; port: number } {
  const url = new URL(endpoint);
  if (url.port === '') throw new Error(`the proxy's target needs a port: ${endpoint}`);
  return { host: url.hostname, port: Number(url.port) };
}

class DisturbableProxy implements TcpProxy {
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #open = 0;
  #accepted = 0;
  #delayMs = 0;
  #gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;

  constructor(target: string) {
    this.#target = targetOf(target);
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  get connections(): number {
    return this.#open;
  }

  get accepted(): number {
    return this.#accepted;
  }

  async listen(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#server = await this.#listenOnce();
        return;
      } catch (error) {
        // Only the port of a proxy that heals is not free to choose.
        if (this.#port === 0 || attempt === listenAttempts) throw error;
        await sleep(listenRetryMs);
      }
    }
  }

  #listenOnce(): Promise<Server> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#accept(socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => {
        const address = server.address();
        if (address !== null && typeof address !== 'string') this.#port = address.port;
        resolve(server);
      });
    });
  }

  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else
        server.close(() => {
          resolve();
        });
    });
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#openGate();
    await closed;
  }

  stall(): void {
    if (this.#gate !== undefined) return;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gate = { opened, open };
  }

  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  async heal(): Promise<void> {
    this.#openGate();
    if (this.#server === undefined) await this.listen();
  }

  async close(): Promise<void> {
    await this.cut();
  }

  #openGate(): void {
    const gate = this.#gate;
    this.#gate = undefined;
    gate?.open();
  }

  #accept(client: Socket): void {
    const upstream = connect({ ...this.#target, allowHalfOpen: true });
    this.#open += 1;
    this.#accepted += 1;
    client.once('close', () => {
      this.#open -= 1;
    });
    this.#pass(client, upstream);
    this.#pass(upstream, client);
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    let last = Promise.resolve();
    // A later piece waits for an earlier one, but their delays run side by side.
    const inTurn = (act: () => void): void => {
      const due = performance.now() + this.#delayMs;
      last = last.then(async () => {
        const restMs = due - performance.now();
        if (restMs > 0) await sleep(Math.ceil(restMs));
        while (this.#gate !== undefined) await this.#gate.opened;
        act();
      });
    };
    from.on('data', (piece: Buffer) => {
      inTurn(() => {
        if (to.destroyed || to.writableEnded || to.write(piece)) return;
        // One side that does not read must stop the other from writing.
        from.pause();
        to.once('drain', () => from.resume());
      });
      const gate = this.#gate;
      if (gate === undefined) return;
      from.pause();
      void gate.opened.then(() => from.resume());
    });
    from.on('end', () => {
      inTurn(() => to.end());
    });
    // In turn too: while nothing passes, the other side does not learn that this one has gone.
    from.on('error', () => {
      inTurn(() => to.resetAndDestroy());
    });
    from.on('close', () => {
      this.#sockets.delete(from);
    });
  }
}

/** Starts a proxy on a free loopback port in front of `target` (a URL with a port). */
export async function startProxy(target: string): Promise<TcpProxy> {
  const proxy = new DisturbableProxy(target);
  await proxy.listen();
  return proxy;
}
