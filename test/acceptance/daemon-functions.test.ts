import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { processesWith } from '../support/process-functions.ts';
import { DaemonTests, eventually } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const MARKER = `millrace-daemon-${String(process.pid)}`;

const HANDLER = `
export async function handler(event) {
  for (const { body } of event.Records) {
    console.log('said ' + body + ' in ' + process.env.PLACE + (process.env.AWS_SECRET_ACCESS_KEY ?? ''));
    if (body === 'hang') await new Promise(() => setInterval(() => {}, 1000));
  }
}
`;

test('a Handler with Process runs elsewhere, is started anew when its file changes, and is gone with the daemon', async () => {
  const daemon = tests.run(
    `
store: { type: memory }
stopTimeoutSeconds: 1
queues: { jobs: { visibilityTimeoutSeconds: 2 } }
functions:
  f: { Handler: ./f.mjs, Process: true, Watch: true, Timeout: 1, Environment: { Variables: { PLACE: here, MARKER: ${MARKER} } } }
mappings: [{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:jobs', FunctionName: f, BatchSize: 1 }]`,
    { 'f.mjs': HANDLER },
    { env: { AWS_SECRET_ACCESS_KEY: 'never-shown' } },
  );
  const url = await daemon.url();
  const send = (body: string): Promise<Response> => fetch(`${url}/queues/jobs/messages`, { method: 'POST', body });
  await send('first');
  await daemon.says(/said first in here/);
  await daemon.says(/REPORT/);
  const [pid] = processesWith(MARKER);
  expect(pid).toBeDefined();

  const folder = readFileSync(`/proc/${String(pid)}/environ`, 'utf8')
    .split('\0')
    .find((line) => line.startsWith('LAMBDA_TASK_ROOT='));
  writeFileSync(join(folder?.slice('LAMBDA_TASK_ROOT='.length) ?? '', 'f.mjs'), HANDLER.replace("'said '", "'now said '"));
  await daemon.says(/files of the function changed/);
  await send('second');
  await daemon.says(/now said second in here/);

  await send('hang');
  await daemon.says(/now said hang/);
  expect(processesWith(MARKER).length).toBeGreaterThan(0);
  daemon.signal('SIGTERM');
  expect((await daemon.ended).code).toBe(0);
  await eventually('no process is left', () => (processesWith(MARKER).length === 0 ? true : undefined));
  expect(daemon.stdout).not.toContain('never-shown');
});

test('functions end with a daemon that is killed -9, also those that block or hang', async () => {
  const marker = `${MARKER}-killed`;
  const says = (what: string): string => `export async function handler() { console.log('begins'); ${what} }\n`;
  const daemon = tests.run(
    `
store: { type: memory }
queues: { one: {}, two: {}, three: {} }
functions:
  blocks: { Handler: ./blocks.mjs, Process: true, Timeout: 60, Environment: { Variables: { MARKER: ${marker} } } }
  hangs: { Handler: ./hangs.mjs, Process: true, Timeout: 60, Environment: { Variables: { MARKER: ${marker} } } }
  command: { Command: [sh, -c, 'echo begins; sleep 600'], InitSeconds: 60, Timeout: 60, Environment: { Variables: { MARKER: ${marker} } } }
mappings:
  - { EventSourceArn: 'arn:aws:sqs:embedded:000000000000:one', FunctionName: blocks }
  - { EventSourceArn: 'arn:aws:sqs:embedded:000000000000:two', FunctionName: hangs }
  - { EventSourceArn: 'arn:aws:sqs:embedded:000000000000:three', FunctionName: command }`,
    {
      'blocks.mjs': says('for (;;);'),
      'hangs.mjs': says(
        "(await import('node:child_process')).spawn('sleep', ['601']); await new Promise(() => setInterval(() => {}, 1000));",
      ),
    },
  );
  const url = await daemon.url();
  for (const queue of ['one', 'two', 'three']) await fetch(`${url}/queues/${queue}/messages`, { method: 'POST', body: 'go' });
  await eventually('all of them work', () => (daemon.stdout.match(/begins/g)?.length === 3 ? true : undefined));
  await eventually('the child of one, too', () => (processesWith(marker).length >= 5 ? true : undefined));
  daemon.signal('SIGKILL');
  await daemon.ended;
  await eventually('no process is left', () => (processesWith(marker).length === 0 ? true : undefined));
});

test('what cannot be started is told in the spelling of the file, and nothing runs', async () => {
  const daemon = tests.run(
    `
store: { type: memory }
queues: { jobs: {} }
functions:
  f: { Command: [no-such-program-anywhere] }
  g: { Command: [node], Watch: true, WorkingDirectory: ./none, Environment: { Variables: { _HANDLER: x } } }
mappings: [{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:jobs', FunctionName: f }]`,
    {},
  );
  expect((await daemon.ended).code).not.toBe(0);
  for (const said of [
    /functions\.f\.Command: no-such-program-anywhere was not found/,
    /functions\.g\.Watch: needs a handler/,
    /functions\.g\.WorkingDirectory: there is no folder/,
    /functions\.g\.Environment\.Variables\._HANDLER: is set by the target/,
  ])
    expect(daemon.stderr).toMatch(said);
});
