import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { LineSplitter, type OutputLine } from '../../../../adapters/target/process/output.ts';
import type { FunctionTarget, Outcome } from '../../../../src/index.ts';
import { calm, invocationContext, successText } from '../../../conformance/target-suite.ts';
import { ProcessFunctions, processesWith, until } from '../../../support/process-functions.ts';

/** More than what is read and not yet looked at may take, bytes; far less than what comes. */
const BOUND = 150_000_000;

describe('LineSplitter', () => {
  function split(chunks: readonly (string | Buffer)[]): OutputLine[] {
    const lines: OutputLine[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const chunk of chunks) splitter.push(Buffer.from(chunk));
    splitter.flush();
    return lines;
  }

  test('lines are what stands between line breaks, however the chunks are cut', () => {
    const text = 'eins\n\nzwei 🙂\r\ndrei';
    const bytes = Buffer.from(text);
    const expected = ['eins', '', 'zwei 🙂', 'drei'];
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(split(chunks).map((line) => line.text)).toEqual(expected);
    }
  });

  test('of a line without end the beginning is kept, and the rest counted', () => {
    const chunk = Buffer.alloc(65_536, 'x');
    const lines = split([...Array<Buffer>(64).fill(chunk), 'end\nnext\n']);
    expect(lines.map(({ text, cutBytes }) => [text.length, cutBytes])).toEqual([
      [65_536, 63 * 65_536 + 3],
      [4, 0],
    ]);
  });

  test('bytes that are no text harm nothing', () => {
    expect(split([randomBytes(10_000), '\nlast']).at(-1)).toEqual({ text: 'last', cutBytes: 0 });
  });
});

describe('the output of a function', () => {
  const functions = new ProcessFunctions();
  afterEach(() => functions.clear());
  afterAll(() => {
    functions.folder.remove();
  });

  async function run(target: FunctionTarget): Promise<string> {
    const context = invocationContext(calm(), { remainingMs: () => 60_000 });
    const invocation = target.invoke({}, context);
    successText(await invocation.outcome);
    await invocation.ended;
    return context.requestId;
  }

  test('stands in the log line by line under the request id, between START and END', async () => {
    const target = functions.handler(`console.log('loaded');
      let n = 0;
      export const handler = async () => { n += 1; console.log('out', n); console.error('err\\n\\tmore', n); process.stdout.write('open'); };`);
    const first = await run(target);
    const second = await run(target);
    const lines = functions.log.of('function output').map(({ requestId, stream, line }) => [requestId, stream, line]);
    expect(lines.filter(([, stream]) => stream === 'stdout')).toEqual([
      [undefined, 'stdout', 'loaded'],
      [first, 'stdout', 'out 1'],
      [first, 'stdout', 'open'],
      [second, 'stdout', 'out 2'],
      [second, 'stdout', 'open'],
    ]);
    expect(lines.filter(([, stream]) => stream === 'stderr').map(([, , line]) => line)).toEqual(['err', '\tmore 1', 'err', '\tmore 2']);
    const order = functions.log.lines.filter(({ fields }) => fields['requestId'] === second).map(({ message }) => message);
    expect([order[0], ...order.slice(-2)]).toEqual(['START', 'END', 'REPORT']);
  });

  test('REPORT tells durations and memory', async () => {
    const requestId = await run(functions.handler('export const handler = async () => {};'));
    const [report] = functions.log.of('REPORT');
    expect(report).toMatchObject({ requestId, functionName: 'orders', memorySizeMB: 128 });
    const { durationMs, billedDurationMs, initDurationMs, maxMemoryUsedMB } = report as Record<string, number>;
    expect(durationMs).toBeGreaterThan(0);
    expect(initDurationMs).toBeGreaterThan(1);
    expect(Number.isInteger(billedDurationMs)).toBe(true);
    expect(billedDurationMs).toBeGreaterThanOrEqual((durationMs ?? 0) + (initDurationMs ?? 0));
    expect(maxMemoryUsedMB).toBeGreaterThan(10);
  });

  test('more than is kept is counted and left out, and the answer still comes', async () => {
    const target = functions.handler(`const line = 'x'.repeat(999) + '\\n';
      export const handler = async () => { for (let n = 0; n < 20_000; n += 1) process.stdout.write(line); };`);
    await run(target);
    expect(functions.log.printed.length).toBeGreaterThan(10_000);
    expect(functions.log.printed.length).toBeLessThan(10_600);
    const [note] = functions.log.of('the function printed more than is kept; the rest was left out');
    expect(note?.['droppedBytes']).toBeGreaterThan(9_000_000);
  });

  /** A handler that prints what a shell command prints. */
  function printing(command: string): string {
    return `import { spawnSync } from 'node:child_process';
      export const handler = async () => { spawnSync('sh', ['-c', '${command}'], { stdio: ['ignore', 'inherit', 'inherit'] }); };`;
  }

  /** How much more memory this process holds at most while `work` goes on, bytes. */
  async function growth(work: () => Promise<unknown>): Promise<number> {
    const before = process.memoryUsage.rss();
    let most = before;
    const look = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
    await work();
    clearInterval(look);
    return Math.max(most, process.memoryUsage.rss()) - before;
  }

  test('1 GB without a line break costs no memory', async () => {
    const target = functions.handler(printing('head -c 1073741824 /dev/zero'));
    expect(await growth(() => run(target))).toBeLessThan(BOUND);
    const [line] = functions.log.of('function output');
    expect(String(line?.['line']).length).toBe(65_536);
    expect(line?.['cutBytes']).toBe(1_024 * 1_048_576 - 65_536);
  });

  test('nothing but line breaks, without end, are not logged without end, and the deadline ends them', async () => {
    const target = functions.handler(printing('yes ""'));
    const deadline = new AbortController();
    const invocation = target.invoke({}, invocationContext(deadline.signal, { remainingMs: () => 60_000 }));
    await until('enough was printed', () => functions.log.lines.length > 400_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    deadline.abort();
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
    await invocation.ended;
    expect(functions.log.lines.length).toBeLessThan(410_000);
    const [note] = functions.log.of('the function printed more than is kept; the rest was left out');
    expect(note?.['droppedBytes']).toBeGreaterThan(0);
  });

  describe('an answer to the Runtime API', () => {
    const SENDS = `#!/usr/bin/env node
      import { request } from 'node:http';
      const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
      const root = '/2018-06-01/runtime/invocation/';
      const chunk = Buffer.alloc(1_048_576, 'x');
      for (;;) {
        const next = await fetch('http://' + process.env.AWS_LAMBDA_RUNTIME_API + root + 'next');
        const { megabytes, path } = await next.json();
        const status = await new Promise((resolve, reject) => {
          const post = request({ host, port, method: 'POST', path: root + next.headers.get('lambda-runtime-aws-request-id') + path }, (response) => {
            response.resume().on('end', () => resolve(response.statusCode));
          });
          post.on('error', reject);
          const send = (left) => { if (left === 0) post.end(); else if (post.write(chunk)) setImmediate(send, left - 1); else post.once('drain', () => send(left - 1)); };
          console.log('sends');
          send(megabytes);
        });
        console.log('answered', status);
      }`;

    test.each([
      ['response', 'Function.ResponseSizeTooLarge'],
      ['error', 'Unhandled'],
    ])('of 1 GB (%s) costs no memory, and its process is used again', async (path, errorType) => {
      functions.folder.write('sends.mjs', SENDS);
      const target = functions.target({ command: ['./sends.mjs'] });
      const invoke = async (megabytes: number): Promise<Outcome> => {
        const invocation = target.invoke({ megabytes, path: `/${path}` }, invocationContext(calm(), { remainingMs: () => 60_000 }));
        await invocation.ended;
        return invocation.outcome;
      };
      let outcome: Outcome | undefined;
      expect(await growth(async () => (outcome = await invoke(1_024)))).toBeLessThan(BOUND);
      expect(outcome).toMatchObject({ kind: 'function-error', errorType });
      expect((await invoke(1)).kind).toBe(path === 'response' ? 'success' : 'function-error');
      expect(new Set(functions.log.of('REPORT').map(({ pid }) => pid)).size).toBe(1);
    });

    test('without end is ended at the deadline', async () => {
      functions.folder.write('sends.mjs', SENDS);
      const target = functions.target({ command: ['./sends.mjs'] });
      const deadline = new AbortController();
      const invocation = target.invoke(
        { megabytes: -1, path: '/response' },
        invocationContext(deadline.signal, { remainingMs: () => 60_000 }),
      );
      await until('it sends', () => functions.log.printed.includes('sends'));
      deadline.abort();
      expect(await invocation.outcome).toEqual({ kind: 'timeout' });
      await invocation.ended;
      expect(processesWith(functions.marker)).toEqual([]);
    });
  });
});
