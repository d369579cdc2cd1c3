import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { DaemonTests, eventually, untilReady } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const CONFIG = (timeoutSeconds: number, stopTimeoutSeconds: number): string => `
store: { type: memory }
stopTimeoutSeconds: ${String(stopTimeoutSeconds)}
queues: { jobs: {} }
functions: { f: { Handler: ./f.mjs, Timeout: ${String(timeoutSeconds)} } }
mappings: [{ Name: jobs, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:jobs', FunctionName: f }]
`;

async function send(url: string, body: string): Promise<void> {
  const answer = await fetch(`${url}/queues/jobs/messages`, { method: 'POST', body });
  expect(answer.status).toBe(201);
}

test('a signal lets the batch in flight finish, then the process ends with 0', async () => {
  const free = join(tests.folder({}), 'free');
  const handler = `import { existsSync } from 'node:fs';
  export async function handler() {
    console.log('began');
    while (!existsSync(${JSON.stringify(free)})) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log('finished');
  }\n`;
  const daemon = tests.run(CONFIG(120, 120), { 'f.mjs': handler });
  const url = await daemon.url();
  await send(url, 'x');
  await daemon.says(/began/);
  daemon.signal('SIGTERM');
  await daemon.says(/"inFlight":1,.*stopping; a second signal ends at once/);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  writeFileSync(free, '');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  expect(daemon.stdout).toContain('finished');
  expect(daemon.stdout).toMatch(/"unfinished":0/);
});

test('an idle daemon of embedded queues ends at once: no long poll is waited for', async () => {
  const daemon = tests.run(CONFIG(3, 3600), { 'f.mjs': 'export async function handler() {}\n' });
  await untilReady(await daemon.url());
  daemon.signal('SIGINT');
  expect(await Promise.race([daemon.ended, sleep(10_000)])).toEqual({ code: 0, signal: null });
  expect(daemon.stdout).not.toMatch(/"level":"(warn|error)"/);
});

test('a second signal ends at once with 130, whatever the function does', async () => {
  const handler = `export async function handler() {
    console.log('began');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  }\n`;
  const daemon = tests.run(CONFIG(900, 600), { 'f.mjs': handler });
  await send(await daemon.url(), 'x');
  await daemon.says(/began/);
  daemon.signal('SIGINT');
  await daemon.says(/stopping; a second signal ends at once/);
  // The second one counts only once it cannot be the first again.
  await eventually('the end', () => {
    daemon.signal('SIGINT');
    return daemon.stdout.includes('ending at once') ? true : undefined;
  });
  expect(await daemon.ended).toEqual({ code: 130, signal: null });
  expect(daemon.stderr).toMatch(/a function still keeps something open/);
});

test('an error that nobody caught is logged and ends the process with 1', async () => {
  const handler = `export async function handler() {
    setTimeout(() => { throw new RangeError('lost in a timer'); }, 10);
  }\n`;
  const daemon = tests.run(CONFIG(3, 20), { 'f.mjs': handler });
  await send(await daemon.url(), 'x');
  expect(await daemon.ended).toEqual({ code: 1, signal: null });
  expect(daemon.stdout).toMatch(/lost in a timer.*an error was not caught; ending at once/);
});

test('a rejection that nobody handled is logged and ends the process with 1', async () => {
  const handler = `export async function handler() {
    void Promise.reject(new RangeError('lost promise'));
  }\n`;
  const daemon = tests.run(CONFIG(3, 20), { 'f.mjs': handler });
  await send(await daemon.url(), 'x');
  expect(await daemon.ended).toEqual({ code: 1, signal: null });
  expect(daemon.stdout).toMatch(/lost promise.*an error was not caught; ending at once/);
});

test('a module that never finishes loading can be stopped', async () => {
  const daemon = tests.run(CONFIG(3, 20), { 'f.mjs': "console.log('loading'); setInterval(() => {}, 1000); await new Promise(() => {});" });
  await daemon.says(/loading/);
  daemon.signal('SIGINT');
  expect((await daemon.ended).code).toBe(0);
});
