import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { FunctionTarget, Invocation, Outcome } from '../../../../src/index.ts';
import { calm, invocationContext, successText } from '../../../conformance/target-suite.ts';
import { ProcessFunctions, processesWith, until } from '../../../support/process-functions.ts';

const functions = new ProcessFunctions();
afterEach(() => functions.clear());
afterAll(() => {
  functions.folder.remove();
});

const PID = 'export const handler = async () => process.pid;';
/** Answers with its process id once the file that the event names is there. */
const WAITS = `import { existsSync } from 'node:fs';
  export const handler = async (event) => {
    console.log('started', event.file);
    while (!existsSync(event.file)) await new Promise((resolve) => setTimeout(resolve, 5));
    return process.pid;
  };`;

async function textOf(invocation: Invocation): Promise<string> {
  const text = successText(await invocation.outcome);
  await invocation.ended;
  return text;
}

function invoke(target: FunctionTarget, event: unknown = {}, overrides: Parameters<typeof invocationContext>[1] = {}): Invocation {
  return target.invoke(event, invocationContext(calm(), { remainingMs: () => 60_000, ...overrides }));
}

/** Starts an invocation, waits until the function says that it runs, and lets its time be over. */
async function timeOut(target: FunctionTarget, event: unknown = {}): Promise<Invocation> {
  const deadline = new AbortController();
  const invocation = target.invoke(event, invocationContext(deadline.signal, { remainingMs: () => 60_000 }));
  await until('the function runs', () => functions.log.printed.some((line) => line.startsWith('started')));
  deadline.abort();
  return invocation;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('processes are used again', () => {
  test('one after the other run in one process, and only the first has an init duration', async () => {
    const target = functions.handler(PID);
    const pids = [await textOf(invoke(target)), await textOf(invoke(target)), await textOf(invoke(target))];
    expect(new Set(pids).size).toBe(1);
    expect(functions.log.of('REPORT').map((fields) => 'initDurationMs' in fields)).toEqual([true, false, false]);
  });

  test('those that overlap run in processes of their own, and no more than that', async () => {
    const target = functions.handler(WAITS);
    const file = join(functions.folder.path, 'go-overlap');
    const invocations = [invoke(target, { file }), invoke(target, { file }), invoke(target, { file })];
    await until('three run', () => functions.log.printed.length === 3);
    writeFileSync(file, '');
    expect(new Set(await Promise.all(invocations.map(textOf))).size).toBe(3);
    expect(processesWith(functions.marker)).toHaveLength(3);
    await textOf(invoke(target, { file }));
    expect(processesWith(functions.marker)).toHaveLength(3);
  });

  test('two functions of one target do not share processes', async () => {
    const target = functions.handler('export const handler = async (event, context) => context.functionName;');
    expect(await textOf(invoke(target, {}, { functionName: 'one' }))).toBe('"one"');
    expect(await textOf(invoke(target, {}, { functionName: 'two' }))).toBe('"two"');
  });

  test('an idle process ends by itself, and the next invocation gets a fresh one', async () => {
    const target = functions.handler(PID, { idleSeconds: 0.1 });
    const first = await textOf(invoke(target));
    await until('the process has ended', () => processesWith(functions.marker).length === 0);
    expect(await textOf(invoke(target))).not.toBe(first);
  });
});

describe('at most so many processes', () => {
  test('one that waits in line runs once a process is free', async () => {
    const target = functions.handler(WAITS, { maxProcesses: 1 });
    const file = join(functions.folder.path, 'go-line');
    const invocations = [invoke(target, { file }), invoke(target, { file })];
    await until('one runs', () => functions.log.printed.length === 1);
    expect(processesWith(functions.marker)).toHaveLength(1);
    writeFileSync(file, '');
    const [first, second] = await Promise.all(invocations.map(textOf));
    expect(second).toBe(first);
  });

  test('one that has waited for half of its time is throttled, and never runs', async () => {
    const target = functions.handler(WAITS, { maxProcesses: 1 });
    const file = join(functions.folder.path, 'go-throttled');
    const running = invoke(target, { file });
    await until('one runs', () => functions.log.printed.length === 1);
    const second = invoke(target, { file }, { remainingMs: () => 100 });
    expect(await second.outcome).toMatchObject({ kind: 'throttled', message: expect.stringContaining('maxProcesses') as string });
    await second.ended;
    writeFileSync(file, '');
    await textOf(running);
    expect(functions.log.printed).toHaveLength(1);
  });

  test('one whose time is over while it waits has ended at once', async () => {
    const target = functions.handler(WAITS, { maxProcesses: 1 });
    const file = join(functions.folder.path, 'go-waiting');
    const running = invoke(target, { file });
    await until('one runs', () => functions.log.printed.length === 1);
    const deadline = new AbortController();
    const second = target.invoke({ file }, invocationContext(deadline.signal, { remainingMs: () => 60_000 }));
    deadline.abort();
    expect(await second.outcome).toEqual({ kind: 'timeout' });
    await second.ended;
    writeFileSync(file, '');
    await textOf(running);
  });
});

describe('a time-out ends the process', () => {
  test('one that ignores SIGTERM, with a child that ignores it too, is killed; ended comes when both are gone', async () => {
    const source = `import { spawn } from 'node:child_process';
      process.on('SIGTERM', () => console.log('ignored'));
      export const handler = async () => {
        const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while true; do sleep 0.1; done'], { stdio: ['ignore', 'pipe', 'ignore'] });
        await new Promise((resolve) => child.stdout.once('data', resolve));
        console.log('started', process.pid, child.pid);
        await new Promise(() => setInterval(() => {}, 1000));
      };`;
    const target = functions.handler(source, { killGraceMs: 2_000 });
    const invocation = await timeOut(target);
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
    const [, own = 0, childs = 0] = (functions.log.printed[0] ?? '').split(' ').map(Number);
    expect([isAlive(own), isAlive(childs)]).toEqual([true, true]);
    await invocation.ended;
    expect(isAlive(own)).toBe(false);
    expect(processesWith(functions.marker)).toEqual([]);
    expect(functions.log.printed).toContain('ignored');
    expect(functions.log.of('REPORT')).toMatchObject([{ status: 'timeout' }]);
  });

  test('a handler that blocks its event loop is killed too', async () => {
    const target = functions.handler("export const handler = async () => { console.log('started'); for (;;); };");
    const invocation = await timeOut(target);
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
    await invocation.ended;
    expect(processesWith(functions.marker)).toEqual([]);
  });

  test('the next invocation gets a fresh process', async () => {
    const source = `let calls = 0;
      export const handler = async (event) => {
        calls += 1;
        if (!event.hang) return calls;
        console.log('started');
        await new Promise(() => setInterval(() => {}, 1000));
      };`;
    const target = functions.handler(source, { maxProcesses: 1 });
    expect(await textOf(invoke(target))).toBe('1');
    const hanging = await timeOut(target, { hang: true });
    const next = invoke(target);
    expect(await hanging.outcome).toEqual({ kind: 'timeout' });
    expect(await textOf(next)).toBe('1');
  });

  test('work after the answer belongs to the invocation: ended waits for it, and the deadline cuts it off', async () => {
    const script = `#!/usr/bin/env node
      const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/';
      const next = await fetch(api + 'next');
      await fetch(api + next.headers.get('lambda-runtime-aws-request-id') + '/response', { method: 'POST', body: '"answered"' });
      setInterval(() => {}, 1000);`;
    functions.folder.write('lingers.mjs', script);
    const target = functions.target({ command: ['./lingers.mjs'] });
    const deadline = new AbortController();
    const invocation = target.invoke({}, invocationContext(deadline.signal, { remainingMs: () => 60_000 }));
    expect(successText(await invocation.outcome)).toBe('"answered"');
    expect(processesWith(functions.marker)).toHaveLength(1);
    deadline.abort();
    await invocation.ended;
    expect(processesWith(functions.marker)).toEqual([]);
    expect(successText(await invocation.outcome)).toBe('"answered"');
  });
});

describe('a start that takes long', () => {
  const SLOW = `import { existsSync } from 'node:fs';
    console.log('started');
    while (!existsSync(process.env.READY)) await new Promise((resolve) => setTimeout(resolve, 5));
    export const handler = async () => process.pid;`;

  test('goes on after its invocation has timed out, and serves the next', async () => {
    const READY = join(functions.folder.path, 'ready');
    const target = functions.handler(SLOW, { env: { READY } });
    const first = await timeOut(target);
    await first.ended;
    expect(await first.outcome).toEqual({ kind: 'timeout' });
    const [pid] = processesWith(functions.marker);
    writeFileSync(READY, '');
    expect(await textOf(invoke(target))).toBe(String(pid));
  });

  test('is told as a throttle shortly before the deadline, since the function never ran, and serves the next', async () => {
    const READY = join(functions.folder.path, 'ready-later');
    const target = functions.handler(SLOW, { env: { READY } });
    const first = invoke(target, {}, { remainingMs: () => 500 });
    expect(await first.outcome).toMatchObject({ kind: 'throttled', message: expect.stringContaining('still starting') as string });
    await first.ended;
    await until('it starts', () => functions.log.printed.includes('started'));
    const [pid] = processesWith(functions.marker);
    writeFileSync(READY, '');
    expect(await textOf(invoke(target))).toBe(String(pid));
  });

  test('is ended after initSeconds', async () => {
    const target = functions.handler(SLOW, { env: { READY: join(functions.folder.path, 'never') }, initSeconds: 0.5 });
    const invocation = invoke(target);
    expect(await invocation.outcome).toMatchObject({ kind: 'function-error', errorType: 'Runtime.InitTimeout', duringInit: true });
    await invocation.ended;
    expect(processesWith(functions.marker)).toEqual([]);
  });
});

describe('processes that are killed from outside under load', () => {
  test('fail the invocations that they had, and no other; the next ones get fresh processes', async () => {
    const source = `export const handler = async ({ n }) => { await new Promise((resolve) => setTimeout(resolve, n % 5)); return n; };`;
    const target = functions.handler(source, { maxProcesses: 4 });
    const outcomes: [n: number, outcome: Outcome][] = [];
    let isOver = false;
    let n = 0;
    const loops = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        n += 1;
        const own = n;
        const invocation = invoke(target, { n: own });
        outcomes.push([own, await invocation.outcome]);
        await invocation.ended;
      }
    });
    const killed = new Set<number>();
    for (let kills = 0; kills < 12; kills += 1) {
      const before = outcomes.length;
      await until('it works', () => outcomes.length >= before + 20 && processesWith(functions.marker).some((pid) => !killed.has(pid)));
      const pids = processesWith(functions.marker).filter((pid) => !killed.has(pid));
      const pid = pids[kills % pids.length];
      if (pid === undefined) throw new Error('there is none to kill');
      killed.add(pid);
      process.kill(pid, 'SIGKILL');
    }
    const after = outcomes.length;
    await until('it goes on', () => outcomes.length >= after + 20);
    isOver = true;
    await Promise.all(loops);
    const failed = outcomes.filter(([, { kind }]) => kind !== 'success');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThanOrEqual(killed.size);
    for (const [, outcome] of failed) {
      expect(outcome).toMatchObject({ kind: 'function-error', errorType: 'Runtime.ExitError' });
      expect(outcome).toMatchObject({ errorMessage: expect.stringContaining('signal: killed') as string });
    }
    for (const [own, outcome] of outcomes) if (outcome.kind === 'success') expect(outcome.text()).toBe(String(own));
    expect(outcomes.slice(-10).map(([, { kind }]) => kind)).toEqual(Array(10).fill('success'));
    expect(processesWith(functions.marker).length).toBeLessThanOrEqual(4);
  });
});

describe('closing', () => {
  test('lets what runs finish, leaves no process, and refuses what comes later', async () => {
    const target = functions.handler(WAITS);
    const file = join(functions.folder.path, 'go-close');
    const running = invoke(target, { file });
    await until('it runs', () => functions.log.printed.length === 1);
    const closed = target.close();
    const late: Outcome = await invoke(target, { file }).outcome;
    expect(late).toMatchObject({ kind: 'service-error', message: 'the target is closed' });
    writeFileSync(file, '');
    await textOf(running);
    await closed;
    expect(processesWith(functions.marker)).toEqual([]);
  });

  test('ends idle processes that ignore SIGTERM, and their children', async () => {
    const source = `import { spawn } from 'node:child_process';
      process.on('SIGTERM', () => {});
      spawn('sleep', ['600'], { stdio: 'ignore' });
      export const handler = async () => 'ok';`;
    const target = functions.handler(source, { killGraceMs: 100 });
    await textOf(invoke(target));
    await until('its child runs, too', () => processesWith(functions.marker).length === 2);
    await target.close();
    expect(processesWith(functions.marker)).toEqual([]);
  });
});

describe('watch', () => {
  test('a changed file of the handler is what the next invocation runs', async () => {
    functions.folder.write('watched/lib/word.mjs', "export const word = 'before';");
    functions.folder.write('watched/main.mjs', "import { word } from './lib/word.mjs';\nexport const handler = async () => word;");
    const target = functions.target({ handler: './watched/main.mjs', watch: true });
    expect(await textOf(invoke(target))).toBe('"before"');
    functions.folder.write('watched/lib/word.mjs', "export const word = 'after';");
    await until('the change is seen', () => functions.log.of('files of the function changed; its processes start anew').length > 0);
    expect(await textOf(invoke(target))).toBe('"after"');
  });

  test('an invocation that runs while a file changes ends in its old process, which takes no other', async () => {
    functions.folder.write('running/main.mjs', WAITS);
    const target = functions.target({ handler: './running/main.mjs', watch: true });
    const file = join(functions.folder.path, 'go-watch');
    const running = invoke(target, { file });
    await until('it runs', () => functions.log.printed.length === 1);
    utimesSync(join(functions.folder.path, 'running/main.mjs'), 1, 1);
    await until('the change is seen', () => functions.log.of('files of the function changed; its processes start anew').length > 0);
    writeFileSync(file, '');
    const old = await textOf(running);
    expect(await textOf(invoke(target, { file }))).not.toBe(old);
  });

  test('without it, a change is not looked at', async () => {
    functions.folder.write('plain.mjs', "export const handler = async () => 'before';");
    const target = functions.target({ handler: './plain.mjs' });
    expect(await textOf(invoke(target))).toBe('"before"');
    functions.folder.write('plain.mjs', "export const handler = async () => 'after';");
    expect(await textOf(invoke(target))).toBe('"before"');
  });
});
