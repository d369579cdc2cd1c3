/** The other ends of the bare transports, each a process of a few lines, and the bare transports themselves. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';

/** What every function of this suite answers. */
export const ANSWER = '{"batchItemFailures":[]}';

/** A transport without anything around it. */
export interface Bare {
  /** Its other process. */
  readonly pid: number;
  /** Sends one event and has the answer. */
  exchange(): Promise<void>;
  end(): Promise<void>;
}

/** Reads a request whole, answers, and says its port. */
const SERVER = `
import { createServer } from 'node:http';
const server = createServer((request, response) => {
  request.on('data', () => {});
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/json', 'content-length': ${String(ANSWER.length)} }).end('${ANSWER}'));
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit());
`;

/** GET next, POST response, without end: what a runtime does. */
const CLIENT = `
import { Agent, request } from 'node:http';
const agent = new Agent({ keepAlive: true });
const call = (method, path, body) => new Promise((resolve, reject) => {
  const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length };
  const sent = request({ host: '127.0.0.1', port: process.argv[1], agent, method, path, headers }, (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
  sent.on('error', reject);
  sent.end(body);
});
process.stdin.resume().on('end', () => process.exit());
for (;;) {
  await call('GET', '/next');
  await call('POST', '/response', '${ANSWER}');
}
`;

function startNode(source: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', source, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function endOf(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.stdin?.end();
  await closed;
}

/** A server in another process, for both contestants. */
export async function httpPeer(): Promise<{ readonly url: string; readonly pid: number; end(): Promise<void> }> {
  const child = startNode(SERVER);
  const [port] = child.stdout === null ? [] : ((await once(child.stdout, 'data')) as [Buffer]);
  return { url: `http://127.0.0.1:${String(port).trim()}`, pid: child.pid ?? 0, end: () => endOf(child) };
}

/** A POST and its answer by the HTTP client that the target uses, as anybody would write it. */
export function bareHttp(url: string, body: string): Pick<Bare, 'exchange' | 'end'> {
  const agent = new Agent({ connections: 1, pipelining: 1 });
  return {
    async exchange() {
      const answer = await agent.request({
        origin: url,
        path: '/',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if ((await answer.body.text()) !== ANSWER) throw new Error('the bare round trip went wrong');
    },
    end: () => agent.close(),
  };
}

/** Two requests of another process for each event: it fetches the event, and brings the answer. */
export async function bareTwoRequests(event: string): Promise<Bare> {
  let waiting: ServerResponse | undefined;
  let onNext: () => void = () => undefined;
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      waiting = response;
      onNext();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (Buffer.concat(chunks).toString('utf8') !== ANSWER) throw new Error('the bare exchange went wrong');
      response.writeHead(202, { 'content-length': 0 }).end();
    });
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const child = startNode(CLIENT, String((server.address() as AddressInfo).port));
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      onNext = resolve;
    });
  await next();
  return {
    pid: child.pid ?? 0,
    // Until it asks again: only then could the next event be sent.
    exchange() {
      const over = next();
      waiting?.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(event) }).end(event);
      return over;
    },
    async end() {
      await endOf(child);
      server.closeAllConnections();
      server.close();
    },
  };
}
