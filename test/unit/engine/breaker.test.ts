import type { KinesisStreamEvent, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FunctionTarget, Outcome } from '../../../src/index.ts';
import { problemLines } from '../../support/problems-of.ts';
import { bodies, QueueWorld } from '../../support/queue-world.ts';
import { StreamWorld } from '../../support/stream-world.ts';

const REFUSED: Outcome = { kind: 'service-error', message: 'connect ECONNREFUSED 127.0.0.1:9', retryAfterMs: undefined };
const THROTTLED: Outcome = { kind: 'throttled', message: '429', retryAfterMs: undefined };
const POISONED: Outcome = { kind: 'function-error', errorType: 'TypeError', errorMessage: 'poison' };
const DONE: Outcome = { kind: 'success', text: () => '' };

/** A function elsewhere that answers as it is told to. */
class Elsewhere implements FunctionTarget<SQSEvent> {
  readonly remote = true;
  readonly calls: { readonly at: number; readonly records: number }[] = [];
  answer: Outcome = DONE;
  readonly #world: QueueWorld;

  constructor(world: QueueWorld) {
    this.#world = world;
  }

  invoke(event: SQSEvent): { outcome: Promise<Outcome>; ended: Promise<void> } {
    this.calls.push({ at: this.#world.clock.monotonic(), records: event.Records.length });
    const { answer } = this;
    const ended = this.#world.sleep(10);
    return { outcome: ended.then(() => answer), ended };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

let world: QueueWorld;
let target: Elsewhere;

beforeEach(() => {
  world = new QueueWorld();
  target = new Elsewhere(world);
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

const states = (): string[] => world.of('breaker.state').map(({ state }) => state);

describe('the breaker of a function elsewhere', () => {
  it('opens when it cannot be reached: nothing is received until it can be, then everything is worked off', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 30 });
    target.answer = REFUSED;
    queue.sendBatch(bodies(200));
    await world.started(queue, { target });
    await world.clock.advance(120_000);
    expect(states().slice(0, 3)).toEqual(['open', 'half-open', 'open']);
    const polls = world.of('source.polled').length;
    expect(queue.peek().every(({ receiveCount }) => receiveCount <= 3)).toBe(true);
    await world.clock.advance(300_000);
    // One small batch for each trial, every half to whole minute.
    expect(world.of('source.polled').length - polls).toBeLessThanOrEqual(10);
    const untouched = queue.peek().filter(({ receiveCount }) => receiveCount === 0).length;
    expect(untouched).toBeGreaterThan(100);
    target.answer = DONE;
    await world.idle();
    expect(states().at(-1)).toBe('closed');
    expect(queue.peek()).toHaveLength(0);
  });

  it('says so: as wait reason of every part, as event, once in the log, and in the metrics', async () => {
    const queue = world.queue();
    target.answer = REFUSED;
    queue.sendBatch(bodies(50));
    await world.started(queue, { target, name: 'orders' });
    await world.clock.advance(45_000);
    const waits = world.engine.explain();
    expect(waits.length).toBeGreaterThan(1);
    for (const wait of waits)
      expect(wait).toMatch(/the breaker of function orders is (open until \d+\.\d s from now: nothing is received|half-open)/);
    expect(waits.join()).toContain('ECONNREFUSED');
    const lines = world.lines.filter(({ text, level }) => level !== 'debug' && text.includes('breaker'));
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
    expect(lines[0]?.fields).toMatchObject({ functionName: 'orders', error: 'service-error: connect ECONNREFUSED 127.0.0.1:9' });
    expect(world.meter.sum('millrace_breaker_state')).toBeGreaterThanOrEqual(1);
    expect(world.meter.sum('millrace_breaker_openings')).toBe(states().filter((state) => state === 'open').length);
    target.answer = DONE;
    await world.idle();
    expect(world.meter.sum('millrace_breaker_state')).toBe(0);
    expect(world.lines.filter(({ level, text }) => level === 'info' && text.includes('breaker'))).toHaveLength(1);
  });

  it('lets one small batch try, whatever the batch size and however many slots wait', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5 });
    target.answer = REFUSED;
    queue.sendBatch(bodies(500));
    await world.started(queue, { target });
    await world.clock.advance(60_000);
    target.calls.length = 0;
    await world.clock.advance(120_000);
    expect(target.calls.length).toBeGreaterThan(0);
    expect(target.calls.length).toBeLessThanOrEqual(5);
    expect(Math.max(...target.calls.map(({ records }) => records))).toBeLessThanOrEqual(3);
    target.answer = DONE;
    await world.idle();
  });

  it('never opens on what the function makes of its records', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 1 });
    target.answer = POISONED;
    queue.sendBatch(bodies(50));
    await world.started(queue, { target });
    await world.clock.advance(60_000);
    expect(target.calls.length).toBeGreaterThan(50);
    expect(states()).toEqual([]);
    target.answer = DONE;
    await world.idle();
  });

  it('opens when most invocations are throttled', async () => {
    const queue = world.queue();
    target.answer = THROTTLED;
    queue.sendBatch(bodies(100));
    await world.started(queue, { target });
    await world.clock.advance(20_000);
    expect(states()).toContain('open');
    target.answer = DONE;
    await world.idle();
    expect(states().at(-1)).toBe('closed');
  });

  it('is one for all mappings of the function, and an idle one does not keep the others from their trial', async () => {
    const queues = ['a', 'b', 'c', 'd'].map((name) => world.queue(name));
    target.answer = REFUSED;
    const fn = world.engine.function({ name: 'shared', target });
    for (const queue of queues) world.map(queue, { name: queue.arn, target: fn });
    queues[0]?.sendBatch(bodies(20));
    await world.engine.start();
    await world.clock.advance(45_000);
    queues[0]?.purge();
    await world.clock.advance(100_000);
    expect(states().at(-1)).toBe('half-open');
    target.answer = DONE;
    queues[3]?.send({ body: 'last' });
    const sentAt = world.clock.monotonic();
    await world.idle();
    expect((target.calls.at(-1)?.at ?? 0) - sentAt).toBeLessThanOrEqual(21_000);
    expect(states().at(-1)).toBe('closed');
  });

  it('does not hold up a stop, and gives what it holds back at once', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 600 });
    target.answer = REFUSED;
    queue.sendBatch(bodies(100));
    await world.started(queue, { target, timeout: 60 });
    await world.clock.advance(60_000);
    expect(states()).toContain('open');
    const since = world.clock.monotonic();
    await world.stop();
    expect(world.clock.monotonic() - since).toBeLessThanOrEqual(20_000);
    expect(queue.peek().every(({ state }) => state === 'visible')).toBe(true);
  });

  it('puts tries of what is in flight off until a trial may be, and no longer than was granted at receive', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 120 });
    target.answer = REFUSED;
    queue.sendBatch(bodies(40));
    await world.started(queue, { target });
    await world.clock.advance(5000);
    expect(states()).toContain('open');
    const opened = world.events.filter(({ name }) => name === 'breaker.state');
    for (const { at } of target.calls) {
      const last = opened.filter((one) => one.at <= at).at(-1);
      if (last !== undefined) expect((last.event as { state: string }).state).not.toBe('open');
    }
    target.answer = DONE;
    await world.idle();
    expect(target.calls.reduce((sum, { records }) => sum + records, 0)).toBeGreaterThanOrEqual(40);
    expect(world.clock.monotonic()).toBeLessThan(60_000);
  });
});

describe('the breaker', () => {
  it('is off for functions of this process unless they ask for it', async () => {
    const fails = (): never => {
      throw new Error('x');
    };
    const queue = world.queue();
    await world.started(queue, {}, fails);
    const local: FunctionTarget<SQSEvent> = { invoke: (event) => target.invoke(event), close: () => target.close() };
    target.answer = REFUSED;
    const [off, on] = [world.queue('off'), world.queue('on')];
    world.map(off, { name: 'off', target: local });
    world.map(on, { name: 'on', target: local, breaker: { failures: 2, pauseMs: 100, maxPauseMs: 200 } });
    for (const one of [off, on]) one.sendBatch(bodies(50));
    await world.clock.advance(30_000);
    expect(new Set(world.of('breaker.state').map(({ functionName }) => functionName))).toEqual(new Set(['on']));
    target.answer = DONE;
    await world.idle();
  });

  it.for([
    { remote: 'a version', isOn: true },
    { remote: 'nothing', isOn: false },
  ])('is on ($isOn) for a function of this process of which $remote is remote', async ({ isOn }) => {
    const local: FunctionTarget<SQSEvent> = { invoke: (event) => target.invoke(event), close: () => target.close() };
    world.engine.function({ name: 'orders', target: local, versions: { '1': isOn ? { target } : {} } });
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 2 });
    target.answer = REFUSED;
    queue.sendBatch(bodies(50));
    world.engine.map({ source: queue, functionName: 'orders:1' });
    await world.engine.start();
    await world.clock.advance(10_000);
    expect(states().includes('open')).toBe(isOn);
    queue.purge();
  });

  it.for([
    { of: 'the function', settings: {}, given: { breaker: false } },
    { of: 'the engine', settings: { breaker: false }, given: {} },
  ] as const)('can be switched off by $of', async ({ settings, given }) => {
    world = new QueueWorld({ settings });
    target = new Elsewhere(world);
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 2 });
    target.answer = REFUSED;
    queue.sendBatch(bodies(50));
    await world.started(queue, { target, ...given });
    await world.clock.advance(30_000);
    expect(states()).toEqual([]);
    queue.purge();
  });

  it('refuses settings that are none', () => {
    expect(problemLines(() => world.map(world.queue(), { target, breaker: { failures: 0 } }))).toEqual([
      'breaker.failures: must be a whole number from 1 to 10000 (faults in a row; default 5), but is the number 0',
    ]);
  });
});

describe('the breaker of a function that reads a stream', () => {
  it('keeps the records where they are, counts no retry, and goes on in order once the function is back', async () => {
    const streams = new StreamWorld({ shards: 2 });
    const calls: { readonly at: number; readonly texts: readonly string[] }[] = [];
    let answer: Outcome = REFUSED;
    const elsewhereToo: FunctionTarget<KinesisStreamEvent> = {
      remote: true,
      invoke: (event) => {
        const texts = event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
        calls.push({ at: streams.clock.monotonic(), texts });
        return { outcome: Promise.resolve(answer), ended: Promise.resolve() };
      },
      close: () => Promise.resolve(),
    };
    streams.put(0, 200, 20);
    const retries = { maximumRetryAttempts: 1, batchSize: 10, parallelizationFactor: 4 };
    streams.engine.map({ name: 'm', source: streams.stream, target: elsewhereToo, startingPosition: 'TRIM_HORIZON', ...retries });
    await streams.engine.start();
    await streams.clock.advance(120_000);
    const before = calls.length;
    await streams.clock.advance(300_000);
    // One try every half to whole minute, not one for each of eight lanes.
    expect(calls.length - before).toBeLessThanOrEqual(11);
    // Of eight lanes one may have made the last trial and wait for its own retry, and one may have no key.
    expect(streams.engine.explain().filter((line) => line.includes('breaker of function m')).length).toBeGreaterThanOrEqual(6);
    answer = DONE;
    calls.length = 0;
    await streams.idle();
    await streams.stop();
    const done = calls.flatMap(({ texts }) => texts).map(Number);
    expect([...done].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index));
    for (let key = 0; key < 20; key += 1) {
      const ofKey = done.filter((number) => number % 20 === key);
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
    expect(streams.events.filter(({ name }) => name === 'range.discarded')).toEqual([]);
  });
});
