import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { prometheusMeter } from '../../../../adapters/meter/prometheus/index.ts';
import { secure } from '../../../../src/manage/security/index.ts';
import { systemClock } from '../../../../src/system.ts';
import { access, KEYS, TOKENS } from '../../../support/guarded-server.ts';
import { signedHeaders } from '../../../support/signing.ts';

test('who is refused never gets as far as a handler, though the answer takes its time', async () => {
  const server = fastify();
  secure(server, {
    access: await access(),
    rateLimit: { requestsPerSecond: 100, burst: 100 },
    clock: systemClock,
    meter: prometheusMeter(),
  });
  // With it a reply is not sent yet when the hooks go on.
  server.addHook('onSend', async () => {
    await systemClock.turn();
    await systemClock.turn();
  });
  const reached: string[] = [];
  for (const url of ['/mappings', '/2015-03-31/event-source-mappings/']) {
    server.post(url, () => {
      reached.push(url);
      return { done: true };
    });
  }
  const post = { method: 'POST', url: '/2015-03-31/event-source-mappings/', payload: '{}' } as const;
  const signed = (secretAccessKey: string): Record<string, string> =>
    signedHeaders({
      accessKeyId: KEYS.manage.accessKeyId,
      secretAccessKey,
      method: 'POST',
      target: post.url,
      host: 'h',
      body: '{}',
      at: Date.now(),
    });
  const json = { 'content-type': 'application/json' };
  const refused = [
    await server.inject({ ...post, url: '/mappings' }),
    await server.inject({ ...post, url: '/mappings', headers: { authorization: `Bearer ${TOKENS.read}` } }),
    await server.inject(post),
    await server.inject({ ...post, headers: { ...json, ...signed('x'.repeat(40)) } }),
  ];
  expect(refused.map(({ statusCode }) => statusCode)).toEqual([401, 403, 403, 403]);
  expect(reached).toEqual([]);
  expect((await server.inject({ ...post, headers: { ...json, ...signed(KEYS.manage.secretAccessKey) } })).statusCode).toBe(200);
  expect(reached).toEqual([post.url]);
  await server.close();
});
