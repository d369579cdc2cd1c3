import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonTests, eventually, readiness, untilReady } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const CONFIG = `
stopTimeoutSeconds: 2
store: { type: sqlite, path: ./state.db }
queues: { jobs: {} }
functions: { f: { Handler: ./f.mjs } }
mappings: [{ Name: jobs, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:jobs', FunctionName: f }]
`;

test('one daemon at a time runs a mapping of a store; the next takes over when it stops, and when it is killed', async () => {
  const folder = tests.folder({ 'f.mjs': 'export async function handler() {}\n', 'millrace.yaml': CONFIG });
  const args = ['start', '--config', join(folder, 'millrace.yaml'), '--listen', '127.0.0.1:0'];
  const first = tests.start({ args });
  await untilReady(await first.url());

  const second = tests.start({ args });
  const url = await second.url();
  const reason = await eventually('the owner as the reason', async () => {
    const { status, text } = await readiness(url);
    return text.includes('owned by') ? { status, text } : undefined;
  });
  expect(reason.status).toBe(503);
  expect(reason.text).toContain(`owned by PID ${String(first.pid)}`);

  first.signal('SIGTERM');
  expect((await first.ended).code).toBe(0);
  await untilReady(url);

  const third = tests.start({ args });
  const thirdUrl = await third.url();
  await eventually('the new owner', async () =>
    (await readiness(thirdUrl)).text.includes(`PID ${String(second.pid)}`) ? true : undefined,
  );
  second.signal('SIGKILL');
  await second.ended;
  await untilReady(thirdUrl);
});
