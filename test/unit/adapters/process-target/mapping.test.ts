/** A process that does not stop at its deadline keeps what its invocation holds until SIGKILL has ended it. */
import { readFileSync } from 'node:fs';
import { describe, expect, type TestContext, test } from 'vitest';
import { Engine } from '../../../../adapters/index.ts';
import { embeddedQueue } from '../../../../adapters/source/embedded-queue/index.ts';
import { embeddedStream } from '../../../../adapters/source/embedded-stream/index.ts';
import { type FunctionTarget, silentLogger } from '../../../../src/index.ts';
import { ProcessFunctions, processesWith } from '../../../support/process-functions.ts';

const TIMEOUT_SECONDS = 1;
/** Longer than it takes until the message is visible again. */
const KILL_GRACE_MS = 2_000;
const VISIBILITY_SECONDS = 2;

/** Hangs at the first sight of `hang`, deaf to SIGTERM. Writes down what it gets, and which processes that hung live then. */
const DEAF = `
import { appendFileSync, readFileSync } from 'node:fs';
process.on('SIGTERM', () => {});
const isAlive = (pid) => { try { return process.kill(pid, 0); } catch { return false; } };
export const handler = async ({ Records: [record] }) => {
  const body = record.body ?? Buffer.from(record.kinesis.data, 'base64').toString();
  const { SEEN } = process.env;
  const seen = readFileSync(SEEN, 'utf8').split('\\n').filter(Boolean).map((line) => JSON.parse(line));
  const hangs = body === 'hang' && !seen.some((one) => one.hangs);
  const alive = seen.some((one) => one.hangs && isAlive(one.pid));
  appendFileSync(SEEN, JSON.stringify({ body, hangs, alive, pid: process.pid }) + '\\n');
  if (hangs) await new Promise(() => setInterval(() => {}, 1000));
};
`;

interface Seen {
  readonly body: string;
  readonly hangs: boolean;
  readonly alive: boolean;
}

function deaf({ onTestFinished }: TestContext): {
  readonly target: FunctionTarget;
  readonly seen: () => Seen[];
  readonly functions: ProcessFunctions;
} {
  const functions = new ProcessFunctions();
  onTestFinished(async () => {
    await functions.clear();
    functions.folder.remove();
  });
  const file = functions.folder.write('seen', '');
  const target = functions.handler(DEAF, { env: { SEEN: file }, killGraceMs: KILL_GRACE_MS });
  return {
    target,
    functions,
    seen: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Seen),
  };
}

async function run(engine: Engine): Promise<void> {
  await engine.start();
  await engine.idle({ timeoutMs: 50_000 });
  await engine.stop({ timeoutMs: 0 });
}

const SLOW = `export const handler = async ({ Records }) => {
  await new Promise((resolve) => setTimeout(resolve, 1200));
  for (const { attributes } of Records) console.log('received', attributes.ApproximateReceiveCount);
};`;

test('a queue with more messages than a function has processes burns no receive count and opens no breaker', async ({ onTestFinished }) => {
  const functions = new ProcessFunctions();
  onTestFinished(async () => {
    await functions.clear();
    functions.folder.remove();
  });
  const engine = new Engine({ logger: functions.log });
  const source = embeddedQueue({ name: 'orders', visibilityTimeoutSeconds: 4 });
  for (let sent = 0; sent < 4; sent += 1) source.send({ body: String(sent) });
  engine.map({ source, target: functions.handler(SLOW, { maxProcesses: 1 }), batchSize: 1, timeout: 5, heartbeat: false });
  await run(engine);
  expect(functions.log.printed).toEqual(Array.from({ length: 4 }, () => 'received 1'));
  expect(functions.log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  await source.close();
});

const HUNG = { body: 'hang', hangs: true, alive: false };
const after = (body: string): object => ({ body, hangs: false, alive: false });

describe.concurrent('until the process that hung is gone', () => {
  test('its message group stays taken, though the queue would give the message again', async (context) => {
    const { target, seen } = deaf(context);
    const engine = new Engine({ logger: silentLogger });
    const source = embeddedQueue({ name: 'steps.fifo', visibilityTimeoutSeconds: VISIBILITY_SECONDS, contentBasedDeduplication: true });
    for (const body of ['warm', 'hang', 'next']) source.send({ body, messageGroupId: 'a' });
    engine.map({ source, target, batchSize: 1, timeout: TIMEOUT_SECONDS, heartbeat: false });
    await run(engine);
    expect(seen()).toMatchObject([after('warm'), HUNG, after('hang'), after('next')]);
    await source.close();
  });

  test('its lane stays taken', async (context) => {
    const { target, seen } = deaf(context);
    const engine = new Engine({ logger: silentLogger });
    const source = embeddedStream({ name: 'readings', shards: 1 });
    for (const data of ['warm', 'hang', 'next']) source.put({ partitionKey: 'a', data });
    engine.map({ name: 'm', source, target, batchSize: 1, timeout: TIMEOUT_SECONDS, startingPosition: 'TRIM_HORIZON' });
    await run(engine);
    expect(seen()).toMatchObject([after('warm'), HUNG, after('hang'), after('next')]);
    await source.close();
  });

  test('its permit stays taken', async (context) => {
    const { target, seen } = deaf(context);
    const engine = new Engine({ logger: silentLogger });
    const source = embeddedQueue({ name: 'jobs', visibilityTimeoutSeconds: VISIBILITY_SECONDS });
    for (const body of ['warm', 'hang', 'next', 'last']) source.send({ body });
    engine.map({ source, target, batchSize: 1, timeout: TIMEOUT_SECONDS, reservedConcurrentExecutions: 1, heartbeat: false });
    await run(engine);
    expect(seen().map(({ alive }) => alive)).toEqual([false, false, false, false, false]);
    expect(seen().filter(({ hangs }) => hangs)).toHaveLength(1);
    await source.close();
  });

  test('a stop that waits for nobody waits for it, and leaves no process', async (context) => {
    const { target, seen, functions } = deaf(context);
    const engine = new Engine({ logger: silentLogger });
    const source = embeddedQueue({ name: 'jobs' });
    for (let sent = 0; sent < 20; sent += 1) source.send({ body: sent === 5 ? 'hang' : String(sent) });
    engine.map({ source, target, batchSize: 1, timeout: 60, reservedConcurrentExecutions: 4 });
    await engine.start();
    await expect.poll(() => seen().some(({ hangs }) => hangs), { timeout: 20_000 }).toBe(true);
    await engine.stop({ timeoutMs: 0 });
    await target.close();
    expect(processesWith(functions.marker)).toEqual([]);
    await source.close();
  });
});
