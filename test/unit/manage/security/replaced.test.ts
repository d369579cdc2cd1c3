import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { Secret } from '../../../../src/kit/index.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { access, type GuardedServer, guardedServer, KEYS, TOKENS } from '../../../support/guarded-server.ts';
import { exchange } from '../../../support/raw-http.ts';

const NEW_TOKEN = 'token-that-came-later-0003';
const LIST = '/2015-03-31/event-source-mappings/';

let server: GuardedServer;
afterEach(async () => {
  await server.close();
});

async function statusWith(token: string): Promise<number> {
  const headers = { host: server.host, authorization: `Bearer ${token}` };
  return (await exchange(server.url, { target: '/mappings', headers })).status;
}

test('credentials that are replaced count from then on, and the others no more', async () => {
  const before = await access();
  server = await guardedServer({ access: before });
  expect([await statusWith(TOKENS.manage), await statusWith(NEW_TOKEN)]).toEqual([200, 401]);
  expect((await server.signed({ target: LIST })).status).toBe(200);
  const keys = [
    { accessKeyId: KEYS.manage.accessKeyId, secretAccessKey: new Secret('another-secret-of-the-same-id'), role: 'manage' as const },
  ];
  server.secure({ access: { ...before, keys, tokens: [{ token: new Secret(NEW_TOKEN), role: 'read' }] } });
  expect([await statusWith(TOKENS.manage), await statusWith(NEW_TOKEN)]).toEqual([401, 200]);
  expect((await server.signed({ target: LIST })).status).toBe(403);
});

test('a certificate that is replaced is shown to the next connection, and those that are open stay', async () => {
  const [first, second] = [createAuthority('First'), createAuthority('Second')];
  const all = await access();
  server = await guardedServer({ access: all, tls: first.issue('millrace') });
  const connected = async (): Promise<{ readonly issuer: string; readonly end: () => void; readonly isOpen: () => boolean }> => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port), rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { issuer } = socket.getPeerCertificate();
    return { issuer: issuer.CN, end: () => socket.destroy(), isOpen: () => !socket.destroyed && socket.writable };
  };
  const old = await connected();
  server.secure({ access: all, tls: second.issue('millrace') });
  const fresh = await connected();
  expect([old.issuer, fresh.issuer, old.isOpen()]).toEqual(['First', 'Second', true]);
  const early = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port), rejectUnauthorized: false, maxVersion: 'TLSv1.1' });
  await expect(once(early, 'secureConnect')).rejects.toThrow();
  for (const one of [old, fresh]) one.end();
});

test('a server never goes from credentials to none, nor from TLS to clear', async () => {
  const all = await access();
  server = await guardedServer({ access: all, tls: createAuthority('First').issue('millrace') });
  server.secure({});
  expect(await statusWith('none-of-them-00000000')).toBe(401);
  expect(await statusWith(TOKENS.read)).toBe(200);
});
