import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSEvent } from 'aws-lambda';
import { expect, test } from 'vitest';
import { Engine } from '../../../../adapters/index.ts';
import { embeddedQueue } from '../../../../adapters/source/embedded-queue/index.ts';
import { http } from '../../../../adapters/target/http/index.ts';
import { silentLogger } from '../../../../src/index.ts';

test('a queue with more messages than there are connections sends each once: none waits for a connection until its time is over', async () => {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume();
    void sleep(600).then(() => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = http({ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, maxConnections: 1 });
  const source = embeddedQueue({ name: 'orders', visibilityTimeoutSeconds: 2 });
  const engine = new Engine({ logger: silentLogger });
  const outcomes: string[] = [];
  engine.on('batch.ended', ({ outcome }) => outcomes.push(outcome));
  for (let sent = 0; sent < 4; sent += 1) source.send({ body: String(sent) });
  engine.map<SQSEvent>({ source, target, batchSize: 1, timeout: 1.5, heartbeat: false });
  await engine.start();
  await engine.idle({ timeoutMs: 30_000 });
  await engine.stop({ timeoutMs: 0 });
  expect(outcomes).toEqual(['success', 'success', 'success', 'success']);
  expect(requests).toBe(4);
  await target.close();
  await source.close();
  server.close();
});
