import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TcpProxy } from '../../support/proxy.ts';
import { startProxy } from '../../support/proxy.ts';

let echo: Server;
let proxy: TcpProxy;
const clients: Socket[] = [];

async function open(): Promise<Socket> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  clients.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What comes back until `length` characters are there. */
async function reading(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const pieces: unknown[] = await once(socket, 'data');
    text += String(pieces[0]);
  }
  return text;
}

async function turnsOfIo(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startProxy(`http://127.0.0.1:${String((echo.address() as AddressInfo).port)}`);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  echo.close();
});

describe('the proxy', () => {
  test('passes both directions unchanged, however much it is, and the end too', async () => {
    const socket = await open();
    const sent = 'x'.repeat(3_000_000);
    socket.end(sent);
    expect(await reading(socket, sent.length)).toBe(sent);
    await once(socket, 'end');
    expect(proxy.accepted).toBe(1);
  });

  test('cut: open connections are reset and new ones refused, until it is healed on the same port', async () => {
    const socket = await open();
    const { port } = proxy;
    const end = expect(once(socket, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await proxy.cut();
    await end;
    await expect(once(connect({ port, host: '127.0.0.1' }), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.heal();
    expect(proxy.port).toBe(port);
    const next = await open();
    next.write('again');
    expect(await reading(next, 5)).toBe('again');
  });

  test('stall: connections stay and are accepted, nothing passes, and what waited arrives after healing', async () => {
    const before = await open();
    before.write('a');
    expect(await reading(before, 1)).toBe('a');
    proxy.stall();
    const during = await open();
    const heard: string[] = [];
    before.on('data', () => heard.push('before'));
    during.on('data', () => heard.push('during'));
    before.write('b');
    during.write('c');
    await turnsOfIo(200);
    expect(heard).toEqual([]);
    const both = Promise.all([reading(before, 1), reading(during, 1)]);
    await proxy.heal();
    expect(await both).toEqual(['b', 'c']);
  });

  test('delay: every piece is held back in each direction, in order', async () => {
    proxy.delay(40);
    const socket = await open();
    const startedAt = performance.now();
    for (const piece of ['1', '2', '3']) socket.write(piece);
    expect(await reading(socket, 3)).toBe('123');
    // Node's timers count whole milliseconds, so each may come one early.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(76);
  });

  test('a target that is not there looks like a reset, and the proxy goes on', async () => {
    echo.close();
    const socket = await open();
    await expect(once(socket, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(proxy.accepted).toBe(1);
  });

  test('close frees the port, also when a cut came first', async () => {
    await open();
    await proxy.cut();
    await proxy.close();
    const server = createServer();
    server.listen(proxy.port, '127.0.0.1');
    await once(server, 'listening');
    expect(server.listening).toBe(true);
    server.close();
  });
});
