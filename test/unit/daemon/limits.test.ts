import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { catalog } from '../../../adapters/catalog.ts';
import { type Assembly, assemble } from '../../../src/daemon/assemble.ts';
import { type DaemonConfig, resolveConfig } from '../../../src/daemon/config.ts';
import { Narrator } from '../../../src/daemon/narrator.ts';
import { type EngineListener, silentLogger } from '../../../src/index.ts';
import { problemLines } from '../../support/problems-of.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-limits-'));
  writeFileSync(join(folder, 'f.mjs'), 'export const handler = (event, { functionName }) => globalThis.onInvoked(event, functionName);\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const TWO = `
functions:
  a: { Handler: ./f.mjs }
  b: { Handler: ./f.mjs }
queues: { one: {}, two: {} }
store: { type: memory }
mappings:
  - { EventSourceArn: 'arn:aws:sqs:embedded:000000000000:one', FunctionName: a, BatchSize: 1 }
  - { EventSourceArn: 'arn:aws:sqs:embedded:000000000000:two', FunctionName: b, BatchSize: 1 }
`;
const REFUSED = 'http://127.0.0.1:9/';
const NOT_THERE = (fields: string): string => `
functions: { f: { Url: '${REFUSED}', ${fields} } }
queues: { one: { visibilityTimeoutSeconds: 1 } }
store: { type: memory }
mappings: [{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:one', FunctionName: f, BatchSize: 1, Heartbeat: false }]
`;

function resolved(text: string): DaemonConfig {
  return resolveConfig({ folder, content: parse(text) as unknown }, 0);
}

/** Runs the file with so many messages in each of its queues until `isEnough`. */
async function run(
  text: string,
  messages: number,
  isEnough: (assembly: Assembly) => boolean,
  onEvent: EngineListener = () => undefined,
): Promise<void> {
  const assembly = await assemble({
    catalog: { ...catalog, version: 'test' },
    config: resolved(text),
    logger: silentLogger,
    meter: await catalog.meter(),
    narrator: new Narrator(silentLogger, false),
  });
  for (const queue of assembly.embedded.queues.values()) for (let index = 0; index < messages; index++) queue.send({ body: String(index) });
  assembly.engine.on(onEvent);
  await assembly.engine.start();
  await expect.poll(() => isEnough(assembly), { timeout: 20_000 }).toBe(true);
  await assembly.engine.stop({ timeoutMs: 0 });
  await assembly.close();
}

describe('accountConcurrency of the file', () => {
  test.each([
    ['is a limit of all functions together', 'accountConcurrency: 1', 1],
    ['is none unless given', '', 2],
  ])('%s', async (_title, more, most) => {
    const seen = { now: 0, most: 0, all: 0 };
    vi.stubGlobal('onInvoked', async () => {
      seen.now += 1;
      seen.most = Math.max(seen.most, seen.now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.now -= 1;
      seen.all += 1;
    });
    await run(`${TWO}\n${more}`, 15, () => seen.all === 30);
    if (most === 1) expect(seen.most).toBe(1);
    else expect(seen.most).toBeGreaterThanOrEqual(most);
  });
});

describe('the breaker of the file', () => {
  test.each([
    ['opens when the function says so', 'Breaker: { Failures: 2, PauseMs: 60000 }', '', 2],
    ['opens when the engine says so', '', 'breaker: { failures: 3, pauseMs: 60000 }', 3],
    ['of the function goes before that of the engine', 'Breaker: { Failures: 2 }', 'breaker: { failures: 4, pauseMs: 60000 }', 2],
  ])('%s', async (_title, ofFunction, ofFile, failures) => {
    const text = `${NOT_THERE(ofFunction)}\n${ofFile}`.replace('BatchSize: 1', 'BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 }');
    await run(text, 20, ({ engine }) => engine.explain().some((line) => line.includes('the breaker of function f is open')));
    expect(resolved(text)).toMatchObject(
      ofFile === '' ? { functions: [{ settings: { breaker: { failures } } }] } : { limits: { breaker: {} } },
    );
  });

  test.each([
    ['Breaker: false', ''],
    ['', 'breaker: false'],
  ])('is off with %s %s', async (ofFunction, ofFile) => {
    const seen: string[] = [];
    const onEvent: EngineListener = (name) => seen.push(name);
    await run(`${NOT_THERE(ofFunction)}\n${ofFile}`, 20, () => seen.filter((name) => name === 'batch.ended').length > 15, onEvent);
    expect(seen).not.toContain('breaker.state');
  });
});

test('Weight divides the concurrency of a function between its mappings', async () => {
  const text = TWO.replace('a: { Handler: ./f.mjs }', 'a: { Handler: ./f.mjs, ReservedConcurrentExecutions: 4 }')
    .replace('FunctionName: a', 'FunctionName: a, Weight: 3')
    .replace('FunctionName: b', 'FunctionName: a');
  const sources: string[] = [];
  vi.stubGlobal('onInvoked', async ({ Records: [record] }: { Records: { eventSourceARN: string }[] }) => {
    sources.push(record?.eventSourceARN ?? '');
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  await run(text, 200, () => sources.length >= 160);
  const heavy = sources.slice(0, 160).filter((arn) => arn.endsWith(':one')).length;
  expect(heavy / 160).toBeGreaterThan(0.65);
  expect(heavy / 160).toBeLessThan(0.85);
});

test.each([
  ['accountConcurrency: 0', 'accountConcurrency: must be a whole number from 1 to 1000000'],
  ['breaker: often', 'breaker: must be true, false, or an object with failures, throttleRate, pauseMs and maxPauseMs'],
  ['breaker: { Failures: 1 }', 'breaker.Failures: is not a field that is known here; did you mean failures?'],
])('%s is refused', (more, message) => {
  expect(problemLines(() => resolved(`${TWO}\n${more}`))).toContainEqual(expect.stringContaining(message));
});

test.each([
  ['Breaker: often', 'functions.f.Breaker: must be true, false, or an object with Failures, ThrottleRate, PauseMs and MaxPauseMs'],
  ['Breaker: { failures: 1 }', 'functions.f.Breaker.failures: is not a field that is known here; did you mean Failures?'],
  ['Breaker: { Failures: 0 }', 'functions.f.Breaker.Failures: must be a whole number from 1 to 10000'],
  ["Versions: { '1': { Breaker: true } }", 'functions.f.Versions.1.Breaker: is not a field that is known here'],
])('%s of a function is refused', (fields, message) => {
  expect(problemLines(() => resolved(NOT_THERE(fields)))).toContainEqual(expect.stringContaining(message));
});

test.each([
  ['Weight: 0', 'mappings[0].Weight: must be a number from 0.001 to 1000 (default 1), but is the number 0'],
  ['weight: 2', 'mappings[0].weight: is not a field that is known here; did you mean Weight?'],
])('%s of a mapping is refused', (field, message) => {
  const text = TWO.replace('FunctionName: a,', `FunctionName: a, ${field},`);
  expect(problemLines(() => resolved(text))).toContainEqual(expect.stringContaining(message));
});
