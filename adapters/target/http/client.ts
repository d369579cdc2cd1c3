import { Socket } from 'node:net';
import type { buildConnector, Dispatcher } from 'undici';
import type { ResolvedHttpTarget } from './options.ts';

/** What follows the progress of one request. */
export type HttpHandler = Dispatcher.DispatchHandler;

/** The vendor calls that the target needs. */
export interface HttpClient {
  /** Sends one POST. `headers`: names and values, one after the other. Everything that comes of it, errors too, is told to `handler`. */
  post(body: Buffer, headers: string[], handler: HttpHandler): void;
  /** Resolves when every connection that was given up has really closed. */
  disconnected(): Promise<void>;
  /** Ends all connections, once nothing runs on them. */
  close(): Promise<void>;
}

/** Makes a client with connections of its own. Loads the HTTP library; nothing is connected yet. */
export async function loadClient({ url, origin, maxConnections, connectTimeoutMs }: ResolvedHttpTarget): Promise<HttpClient> {
  const { Agent, buildConnector: connectorOf } = await import('undici');
  const sockets = new Set<Socket>();
  // It gives the socket before that is open, whatever its type says.
  const connect: (...given: Parameters<buildConnector.connector>) => unknown = connectorOf({ timeout: connectTimeoutMs });
  const agent = new Agent({
    connections: maxConnections,
    pipelining: 1,
    // The invocation's signal is the only time limit: a function may work for 15 minutes without sending a byte.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) => {
      const socket = connect(options, callback);
      if (!(socket instanceof Socket)) return;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    },
  });
  const path = `${url.pathname}${url.search}`;
  return {
    post: (body, headers, handler) => void agent.dispatch({ origin, path, method: 'POST', headers, body }, handler),
    disconnected: async () => {
      await Promise.all([...sockets].filter((socket) => socket.destroyed).map(closed));
    },
    close: () => {
      // A connection that is still to open would be waited for.
      for (const socket of sockets) socket.destroy(new Error('the target is closed'));
      return agent.close();
    },
  };
}

/** Resolves when the socket has closed; an error on the way there belongs to its request, which has told it. */
function closed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}
