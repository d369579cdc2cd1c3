import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { isCi } from '../../support/backends/backend.ts';
import { freePort } from '../../support/backends/free-port.ts';
import { endpointFromEnvironment, provision, start } from '../../support/backends/start.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the environment names a running back end; a slash at its end does not matter and an empty value means none', () => {
  expect(endpointFromEnvironment('localstack', { LOCALSTACK_ENDPOINT: 'http://127.0.0.1:4566/' })).toBe('http://127.0.0.1:4566');
  expect(endpointFromEnvironment('elasticmq', { ELASTICMQ_ENDPOINT: ' ' })).toBeUndefined();
  expect(endpointFromEnvironment('elasticmq', { LOCALSTACK_ENDPOINT: 'http://127.0.0.1:4566' })).toBeUndefined();
});

test('a back end that already runs is used as it is, cannot be disturbed, and is not stopped', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.url));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('ELASTICMQ_ENDPOINT', `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  await provision('elasticmq');
  const backend = await start('elasticmq');
  expect(backend.features).toEqual({ freeze: false, restart: false });
  expect(Object.keys(backend)).not.toContain('restart');
  await backend.stop();
  expect(server.listening).toBe(true);
  expect(asked).toEqual(['/?Action=ListQueues']);
  server.closeAllConnections();
  server.close();
});

test('a named back end that does not answer is told in one line with the way out', async () => {
  const endpoint = `http://127.0.0.1:${String(await freePort())}`;
  vi.stubEnv('LOCALSTACK_ENDPOINT', endpoint);
  await expect(start('localstack')).rejects.toMatchObject({
    name: 'BackendUnavailable',
    message: `LOCALSTACK_ENDPOINT is ${endpoint}, but no localstack answers there: start it, or unset LOCALSTACK_ENDPOINT to have one started`,
  });
});

test('CI is told by its own variable', () => {
  expect([isCi({ CI: 'true' }), isCi({ CI: '1' }), isCi({ CI: 'false' }), isCi({})]).toEqual([true, true, false, false]);
});
