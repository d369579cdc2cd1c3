import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Sockets } from '../../../../adapters/source/kafka/sockets.ts';

/** The first byte of a TLS connection: a handshake. */
const HANDSHAKE = 0x16;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listen(): Promise<{ port: number; first: Promise<Buffer>; accepted: Socket[] }> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  const first = once(server, 'connection').then(async ([socket]) => (await once(socket as Socket, 'data'))[0] as Buffer);
  return { port: (server.address() as AddressInfo).port, first, accepted };
}

type Ssl = Parameters<ReturnType<Sockets['factory']>>[0]['ssl'];

function open(sockets: Sockets, port: number, ssl: unknown, onConnect: () => void = () => undefined): Socket {
  const socket = sockets.factory(undefined)({ host: '127.0.0.1', port, ssl: ssl as Ssl, onConnect });
  socket.on('error', () => undefined);
  ends.push(() => socket.destroy());
  return socket;
}

/** Not `once` of node:events, which takes an error before it for a failure. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('the sockets of a connection', () => {
  it.each([[true], [{ rejectUnauthorized: true }]])('speak TLS from the first byte where that is wanted: %j', async (ssl) => {
    const { port, first } = await listen();
    open(new Sockets(), port, ssl);
    expect((await first)[0]).toBe(HANDSHAKE);
  });

  it.each([[undefined], [null], [false]])('speak plainly where it is not: %j', async (ssl) => {
    const { port, first } = await listen();
    const socket = open(new Sockets(), port, ssl, () => socket.write('plain'));
    expect(String(await first)).toBe('plain');
  });

  it.each([
    ['closed quietly when nothing is under way', true, undefined],
    ['cut with an error when something is', false, 'the source is closed'],
  ])('are %s', async (_how, isCalm, said) => {
    const { port } = await listen();
    const sockets = new Sockets();
    const socket = open(sockets, port, false);
    const failures: string[] = [];
    socket.on('error', (error) => failures.push(error.message));
    await once(socket, 'connect');
    sockets.refuse();
    const closed = closing(socket);
    await sockets.closeAfter(isCalm ? Promise.resolve() : closed, 20);
    await closed;
    expect(failures).toEqual(said === undefined ? [] : [said]);
  });

  it('are no more once they are refused, and those that still connect are given up', async () => {
    const sockets = new Sockets();
    const socket = open(sockets, 1, false);
    const closed = closing(socket);
    sockets.refuse();
    await closed;
    expect(() => open(sockets, 1, false)).toThrow('closed');
  });
});
