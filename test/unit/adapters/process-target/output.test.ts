import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { LineSplitter, type OutputLine } from '../../../../adapters/target/process/output.ts';
import type { FunctionTarget } from '../../../../src/index.ts';
import { calm, invocationContext, successText } from '../../../conformance/target-suite.ts';
import { ProcessFunctions } from '../../../support/process-functions.ts';

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
    const context = invocationContext(calm());
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

  test('256 MB without a line break cost no memory', async () => {
    const target = functions.handler(`const chunk = 'x'.repeat(1_048_576);
      export const handler = async () => { for (let n = 0; n < 256; n += 1) process.stdout.write(chunk); };`);
    const before = process.memoryUsage();
    await run(target);
    const after = process.memoryUsage();
    const [line] = functions.log.of('function output');
    expect(String(line?.['line']).length).toBe(65_536);
    expect(line?.['cutBytes']).toBe(256 * 1_048_576 - 65_536);
    expect(after.rss - before.rss).toBeLessThan(150_000_000);
  });
});
