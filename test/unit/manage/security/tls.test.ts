import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../../../support/certificates.ts';
import { access, type GuardedServer, guardedServer } from '../../../support/guarded-server.ts';
import { send } from '../../../support/raw-http.ts';

const authority = createAuthority('Test Authority');

let server: GuardedServer;

beforeAll(async () => {
  const { certificate, key } = authority.issue('millrace');
  server = await guardedServer({ access: await access(), tls: { certificate, key } });
});
afterAll(async () => {
  await server.close();
});

test('its address is one of https, and a signed request comes through', async () => {
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect((await server.signed({ target: '/2015-03-31/event-source-mappings/' })).status).toBe(200);
});

test('who trusts the authority trusts the server', async () => {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port), ca: authority.certificate });
  await once(socket, 'secureConnect');
  expect(socket.authorized).toBe(true);
  expect(socket.getProtocol()).toMatch(/^TLSv1\.[23]$/);
  socket.destroy();
});

test('old versions of TLS are refused', async () => {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(server.url).port),
    ca: authority.certificate,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  await expect(once(socket, 'secureConnect')).rejects.toThrow();
});

test('nothing is answered in clear', async () => {
  const answer = await send(server.url.replace('https', 'http'), 'GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n');
  expect(answer.text).toBe('');
});
