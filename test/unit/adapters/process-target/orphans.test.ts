import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { functionFolder } from '../../../support/function-folder.ts';
import { processesWith, until } from '../../../support/process-functions.ts';

const bootstrap = resolve(import.meta.dirname, '../../../../adapters/target/process/bootstrap/main.js');
const folder = functionFolder({
  'hang.mjs': 'export const handler = () => new Promise(() => setInterval(() => {}, 1000));',
  // Starts the bootstrap as the target does, and lives.
  'host.mjs': `import { spawn } from 'node:child_process';
    spawn(process.execPath, [process.argv[2], process.argv[3], 'handler'], { detached: true, stdio: 'ignore' });
    setInterval(() => {}, 1000);`,
});
afterAll(() => {
  folder.remove();
});

test.each(['while its handler hangs', 'while it waits for an invocation'])(
  'a Node function whose host was killed ends by itself %s',
  async (when) => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      if (when.includes('hangs')) response.writeHead(200, { 'lambda-runtime-aws-request-id': 'r-1', 'content-length': 2 }).end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const marker = `millrace-orphan-${String(process.pid)}-${String(when.length)}`;
    const api = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const host = spawn(process.execPath, [resolve(folder.path, 'host.mjs'), bootstrap, resolve(folder.path, 'hang.mjs')], {
      env: { MARKER: marker, AWS_LAMBDA_RUNTIME_API: api },
      stdio: 'ignore',
    });
    await until('the function runs', () => asked > 0);
    expect(processesWith(marker)).toHaveLength(2);
    host.kill('SIGKILL');
    await until('no process is left', () => processesWith(marker).length === 0);
    server.closeAllConnections();
    server.close();
  },
);
