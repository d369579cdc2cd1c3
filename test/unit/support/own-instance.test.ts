import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { OwnBackend } from '../../support/backends/backend.ts';
import { lowPorts } from '../../support/backends/free-port.ts';
import type { Launch } from '../../support/backends/own-instance.ts';
import { startOwn } from '../../support/backends/own-instance.ts';
import { runRoot } from '../../support/backends/paths.ts';
import { inspectProcess } from '../../support/backends/process-group.ts';

const running: OwnBackend[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((instance) => instance.stop()));
});

/** A small server in place of an emulator; it answers with how often it was asked, so a new process is told apart. */
const server = `
  let asked = 0;
  console.log('serving');
  require('node:http').createServer((_, response) => response.end(String(++asked))).listen(Number(process.argv[1]), '127.0.0.1');
`;

function launchOf(script: string, over: Partial<Launch> = {}): Launch {
  return {
    name: 'elasticmq',
    program: ({ port, token }) => ({ command: process.execPath, args: ['-e', script, String(port), token], env: process.env }),
    healthy: async (endpoint) => (await fetch(endpoint)).ok,
    startTimeoutMs: 20_000,
    stopGraceMs: 2_000,
    ...over,
  };
}

async function started(launch: Launch): Promise<OwnBackend> {
  const instance = await startOwn(launch);
  running.push(instance);
  return instance;
}

async function ask(instance: OwnBackend, waitMs = 5_000): Promise<string> {
  return (await fetch(instance.endpoint, { signal: AbortSignal.timeout(waitMs) })).text();
}

test('two run side by side, each on its own port, and stop by themselves', async () => {
  const [one, two] = await Promise.all([started(launchOf(server)), started(launchOf(server))]);
  expect(one.port).not.toBe(two.port);
  await one.stop();
  await expect(ask(one)).rejects.toThrow();
  expect(Number(await ask(two))).toBeGreaterThan(1);
  expect(await readFile(two.logFile, 'utf8')).toContain('serving');
});

test('a frozen one answers nothing, and goes on where it was after thawing', async () => {
  const instance = await started(launchOf(server));
  const before = Number(await ask(instance));
  await instance.freeze();
  await expect(ask(instance, 200)).rejects.toThrow();
  await instance.thaw();
  expect(Number(await ask(instance))).toBeGreaterThan(before);
});

test('a restart is a new process without memory on the same port', async () => {
  const instance = await started(launchOf(server));
  for (let times = 0; times < 5; times += 1) await ask(instance);
  const { pid, endpoint } = instance;
  await instance.restart();
  expect(instance.endpoint).toBe(endpoint);
  expect(instance.pid).not.toBe(pid);
  expect(Number(await ask(instance))).toBe(2);
});

test('one that keeps its data is prepared once and finds its folder again after a kill and after a restart', async () => {
  const remembering = `
    const { appendFileSync, readFileSync } = require('node:fs');
    appendFileSync('lives', 'x');
    require('node:http').createServer((_, response) => response.end(readFileSync('lives') + readFileSync('prepared', 'utf8'))).listen(Number(process.argv[1]), '127.0.0.1');
  `;
  let prepared = 0;
  const prepare: NonNullable<Launch['prepare']> = async ({ directory }) => {
    prepared += 1;
    await writeFile(join(directory, 'prepared'), String(prepared));
  };
  const instance = await started(launchOf(remembering, { keepsData: true, prepare, choosePort: () => lowPorts(2) }));
  expect(instance.port).toBeLessThan(32_768);
  await instance.halt('SIGKILL');
  await expect(ask(instance)).rejects.toThrow();
  await instance.restart();
  await instance.restart();
  expect(await ask(instance)).toBe('xxx1');
  await instance.stop();
  expect(existsSync(join(runRoot, basename(instance.logFile, '.log')))).toBe(false);
});

test('stop works while frozen, twice, against a process that ignores SIGTERM, and leaves neither process nor folder', async () => {
  const instance = await started(launchOf(`process.on('SIGTERM', () => {}); ${server}`, { stopGraceMs: 100 }));
  const { pid } = instance;
  const directory = join(runRoot, basename(instance.logFile, '.log'));
  expect(existsSync(directory)).toBe(true);
  await instance.freeze();
  await Promise.all([instance.stop(), instance.stop()]);
  expect(inspectProcess(pid)).toBeUndefined();
  expect(existsSync(directory)).toBe(false);
  await expect(instance.restart()).rejects.toThrow('was stopped');
});

test('children of the process end with it', async () => {
  const script = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    require('node:http').createServer((_, response) => response.end(String(child.pid))).listen(Number(process.argv[1]), '127.0.0.1');
  `;
  const instance = await started(launchOf(script));
  const childPid = Number(await ask(instance));
  expect(inspectProcess(childPid)).toBeDefined();
  await instance.stop();
  await expect.poll(() => inspectProcess(childPid)).toBeUndefined();
});

test('one that dies at its start is reported with the tail of its log', async () => {
  const failing = startOwn(launchOf(`console.error('the reason'); process.exit(3);`));
  await expect(failing).rejects.toThrow(/elasticmq on port \d+ ended at its start \(see .*\.log\)\nthe reason$/);
});

test('one that never gets healthy is stopped and reported', async () => {
  let pid = 0;
  const launch = launchOf(`console.log(process.pid); setInterval(() => {}, 1000)`, {
    startTimeoutMs: 600,
    healthy: () => Promise.resolve(false),
  });
  const failure: unknown = await startOwn(launch).catch((error: unknown) => error);
  expect(String(failure)).toContain('was not healthy after 0.6 s');
  pid = Number(/^\d+$/m.exec(String(failure))?.[0]);
  expect(inspectProcess(pid)).toBeUndefined();
});

test.each([
  ['ends', 'process.exit(1)'],
  ['stays without it', 'setInterval(() => {}, 1000)'],
])('a port that was lost in the meantime is replaced by another, whether the process %s or not', async (_, then) => {
  const ports: number[] = [];
  const launch = launchOf(server);
  const instance = await started({
    ...launch,
    program: (place) => {
      ports.push(place.port);
      if (ports.length > 1) return launch.program(place);
      return { ...launch.program(place), args: ['-e', `console.error('listen: address already in use'); ${then}`, place.token] };
    },
  });
  expect(ports).toHaveLength(2);
  expect(instance.port).toBe(ports[1]);
});
