import { afterEach, expect, test } from 'vitest';
import { DaemonTests } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

test('the first run shows the main job, sets the poison aside, takes an own record by its curl line, and Ctrl-C ends it with 0', async () => {
  const daemon = tests.start({ args: ['start', '--config', 'config/examples/first-run.yaml', '--listen', '127.0.0.1:0'] });
  const url = await daemon.url();
  await daemon.says(/mill: a batch of [2-5] orders/);
  await daemon.says(/order 101: 25 kg of flour milled/);
  for (const attempt of ['1', '2', '3']) await daemon.says(new RegExp(`cannot handle .*poison.*\\(try ${attempt}\\)`));
  await daemon.says(/message \S+ of orders was set aside in orders-dlq after 3 tries; the others go on/);
  expect(daemon.stdout).not.toContain('(try 4)');

  const [, body = '', target = ''] = await daemon.says(/curl -d '([^']+)' '([^']+)'/);
  expect(target.startsWith(url)).toBe(true);
  const answer = await fetch(target, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  expect(answer.status).toBe(201);
  await daemon.says(/order 1: my own milled/);

  daemon.signal('SIGINT');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  expect(daemon.stdout).toMatch(/stopping: nothing new is received, .* Ctrl-C again to end at once/);
  expect(daemon.stdout).toMatch(/stopped: nothing is in flight; .*\(1 in orders-dlq\)/);
  expect(daemon.stderr).toBe('');
});

test('a signal that a terminal and npm both pass on counts once', async () => {
  const daemon = tests.start({ args: ['start', '--config', 'config/examples/first-run.yaml', '--listen', '127.0.0.1:0'] });
  await daemon.says(/a batch of/);
  daemon.signal('SIGINT');
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});
