import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll } from 'vitest';
import { processTarget } from '../../adapters/target/process/index.ts';
import { silentLogger } from '../../src/index.ts';
import { functionFolder } from '../support/function-folder.ts';
import { type Script, targetSuite } from './target-suite.ts';

/** Asks the test what to do, and does it. */
const HANDLER = `
import { request } from 'node:http';
export function handler(event, context) {
  return new Promise((resolve, reject) => {
    const sent = request(process.env.SCRIPT_URL, { method: 'POST' }, async (response) => {
      const { kind, value, name, message } = JSON.parse((await response.toArray()).join(''));
      if (kind === 'payload') resolve(value);
      else reject(Object.assign(new Error(message), { name }));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify({ event, requestId: context.awsRequestId }));
  });
}
`;

const folder = functionFolder({ 'scripted.mjs': HANDLER });
afterAll(() => {
  folder.remove();
});

targetSuite('process', scriptedProcess, { nothing: 'null', refuses: false, endsWith: 'function' });

/** A function in processes of its own that do what the script of this process says. */
async function scriptedProcess(script: Script): ReturnType<Parameters<typeof targetSuite>[1]> {
  const server = createServer((request, response) => {
    void (async () => {
      const { event, requestId } = (await json(request)) as { event: unknown; requestId: string };
      response.end(JSON.stringify(await script(event, requestId)));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = processTarget({
    handler: './scripted.mjs#handler',
    cwd: folder.path,
    env: { SCRIPT_URL: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/` },
    logger: silentLogger,
  });
  return {
    target,
    dispose: async () => {
      await target.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
