import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const low = { from: 20_000, to: 32_000 };
const attempts = 100;

/** A port of the loopback address that was free a moment ago. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/**
 * The first of `count` free ports in a row, below those that the system gives to outgoing connections: a client that tries to
 * reach a stopped server again cannot take its port.
 */
export async function lowPorts(count: number): Promise<number> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const first = randomInt(low.from, low.to - count);
    const taken = await Promise.allSettled(Array.from({ length: count }, (_, index) => listenOnce(first + index)));
    if (taken.every(({ status }) => status === 'fulfilled')) return first;
  }
  throw new Error(`no ${String(count)} ports in a row are free between ${String(low.from)} and ${String(low.to)}`);
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('the system named no port'));
        else resolve(address.port);
      });
    });
  });
}
