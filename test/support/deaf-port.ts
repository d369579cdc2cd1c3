/** A port of loopback at which connections neither open nor fail, as behind a wall that drops packets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Listens with room for one connection that nobody accepts, as its process sleeps: for a minute, should nobody end it before. */
const LISTENER = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    process.exit();
  });
`;
/** More than the system keeps waiting for a backlog of one. */
const FILLERS = 4;
const HANGS_MS = 300;

/** Such a port. Throws where the system takes connections all the same. */
export async function deafPort(): Promise<{ readonly port: number; readonly close: () => void }> {
  const listener = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(listener.stdout, 'data')) as [Buffer];
  const port = Number(chunk.toString());
  const sockets: Socket[] = [];
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    listener.kill('SIGKILL');
  };
  for (let filler = 0; filler < FILLERS; filler += 1) {
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
    sockets.push(socket);
    const opened = once(socket, 'connect').then(() => true);
    const hangs = new Promise<boolean>((resolve) => setTimeout(resolve, HANGS_MS, false));
    if (!(await Promise.race([opened, hangs]))) return { port, close };
  }
  close();
  throw new Error('the system takes more connections than it was told to');
}
