import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { exchange } from '../support/raw-http.ts';
import { DaemonTests, eventually } from './daemon-process.ts';

const [OLD, NEW] = ['token-of-yesterday-0001', 'token-of-today-0002'];
const [first, second] = [createAuthority('First'), createAuthority('Second')];
const CONFIG = `
store: { type: memory }
api:
  tokens: [{ tokenFile: ./token, role: read }]
  tls: { certificate: ./server.crt, key: ./server.key }
`;

const tests = new DaemonTests();
afterEach(() => tests.clear());

test('credentials and certificate are read again when their files change and at SIGHUP; bad ones are refused, and the old ones stay', async () => {
  const [leaf, later] = [first.issue('millrace'), second.issue('millrace')];
  const folder = tests.folder({
    'millrace.yaml': CONFIG,
    token: OLD,
    'server.crt': leaf.certificate,
    'server.key': leaf.key,
  });
  const daemon = tests.start({ args: ['start', '--config', join(folder, 'millrace.yaml'), '--listen', '127.0.0.1:0'] });
  const [, url = ''] = await daemon.says(/(https:\/\/127\.0\.0\.1:\d+)/);
  const { host, port } = new URL(url);
  const statusWith = async (token: string): Promise<number> =>
    (await exchange(url, { target: '/mappings', headers: { host, authorization: `Bearer ${token}` } })).status;
  const issuer = async (): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().issuer;
    socket.destroy();
    return CN;
  };
  expect([await statusWith(OLD), await statusWith(NEW), await issuer()]).toEqual([200, 401, 'First']);
  await daemon.says(/has no mappings/);

  // As editors and mounts do it: a new file in the old one's place.
  writeFileSync(join(folder, 'next'), NEW);
  renameSync(join(folder, 'next'), join(folder, 'token'));
  await eventually('the new token', async () => ((await statusWith(NEW)) === 200 ? true : undefined));
  expect(await statusWith(OLD)).toBe(401);

  writeFileSync(join(folder, 'server.crt'), later.certificate);
  daemon.signal('SIGHUP');
  await daemon.says(/api\.tls\.key/);
  expect([await statusWith(NEW), await issuer()]).toEqual([200, 'First']);

  writeFileSync(join(folder, 'server.key'), later.key);
  daemon.signal('SIGHUP');
  await eventually('the new certificate', async () => ((await issuer()) === 'Second' ? true : undefined));

  writeFileSync(join(folder, 'token'), 'short');
  daemon.signal('SIGHUP');
  await daemon.says(/leads to a text that is no secret/);
  expect(await statusWith(NEW)).toBe(200);
  for (const secret of [OLD, NEW, later.key.split('\n')[1] ?? '']) expect(daemon.stdout + daemon.stderr).not.toContain(secret);
});
