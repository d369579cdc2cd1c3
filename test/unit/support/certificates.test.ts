import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority } from '../../support/certificates.ts';

test('a server with an issued certificate and an encrypted key is trusted by who trusts the authority, and by nobody else', async () => {
  const authority = createAuthority('Test Authority');
  const leaf = authority.issue('broker');
  const server = createServer({ cert: leaf.certificate, key: leaf.encryptedKey('open'), passphrase: 'open' }, (socket) => socket.end('in'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const trusting = connect({ host: '127.0.0.1', port, ca: authority.certificate });
    await once(trusting, 'secureConnect');
    expect(trusting.authorized).toBe(true);
    trusting.destroy();
    const doubting = connect({ host: '127.0.0.1', port, ca: createAuthority('Another').certificate });
    await expect(once(doubting, 'secureConnect')).rejects.toThrow(/unable to verify|self.signed|signature/i);
  } finally {
    server.close();
  }
});

test('what is issued names its holder, its issuer and the loopback address', () => {
  const authority = createAuthority('Test Authority');
  const certificate = new X509Certificate(authority.issue('client').certificate);
  expect(certificate.subject).toBe('CN=client');
  expect(certificate.issuer).toBe('CN=Test Authority');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
});
