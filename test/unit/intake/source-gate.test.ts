import { beforeEach, describe, expect, it } from 'vitest';
import { type QueueDescription, SourceError } from '../../../src/contract/index.ts';
import { SourceGate, type SourceProblem } from '../../../src/intake/index.ts';
import { SOURCE_BACKOFF } from '../../../src/intake/source-gate.ts';
import { Latch } from '../../../src/kit/index.ts';
import { SeededRandom, VirtualClock } from '../../../src/testing/index.ts';
import { DESCRIPTION, DoubtfulSource } from '../../support/doubtful-source.ts';

let clock: VirtualClock;
let source: DoubtfulSource;
let stopping: Latch;
let problems: (SourceProblem | undefined)[];
let described: QueueDescription[];
let gate: SourceGate<QueueDescription>;

beforeEach(() => {
  clock = new VirtualClock();
  source = new DoubtfulSource();
  stopping = new Latch();
  problems = [];
  described = [];
  gate = new SourceGate({
    source,
    clock,
    random: new SeededRandom(3),
    stopping,
    onProblem: (problem) => problems.push(problem),
    onDescribed: (description) => described.push(description),
  });
});

const missing = new SourceError('not-found', 'AWS.SimpleQueueService.NonExistentQueue', 'the queue does not exist');
const broken = new SourceError('unavailable', 'ECONNREFUSED', 'refused');
const fail = (error: SourceError): void => {
  source.onDescribe = () => Promise.reject(error);
};
const mend = (): void => {
  source.onDescribe = () => Promise.resolve(DESCRIPTION);
};

describe('the gate of a source', () => {
  it('opens when the source describes itself, and has nothing to say', async () => {
    expect(gate.ready()).toBeInstanceOf(Promise);
    expect(await clock.run(gate.open())).toBe(true);
    expect([gate.ready(), gate.problem, described, problems.filter(Boolean)]).toEqual([true, undefined, [DESCRIPTION], []]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits for a source that does not exist yet, says so, and opens by itself', async () => {
    fail(missing);
    const opened = gate.open();
    await clock.advance(5000);
    expect(gate.problem).toMatchObject({ kind: 'source', error: 'not-found', message: 'the queue does not exist' });
    expect(gate.problem?.retryAt).toBeGreaterThan(5000);
    mend();
    expect(await clock.run(opened)).toBe(true);
    expect(gate.problem).toBeUndefined();
    expect(problems.at(-1)).toBeUndefined();
  });

  it('looks with growing waits, never longer than the cap', async () => {
    fail(missing);
    const looks: number[] = [];
    source.onDescribe = () => {
      looks.push(clock.monotonic());
      return Promise.reject(missing);
    };
    void gate.open();
    await clock.advance(120_000);
    const waits = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
    expect(waits[0]).toBeLessThanOrEqual(SOURCE_BACKOFF.baseMs);
    expect(Math.max(...waits)).toBeLessThanOrEqual(SOURCE_BACKOFF.capMs);
    expect(Math.min(...waits.slice(6))).toBeGreaterThanOrEqual(SOURCE_BACKOFF.capMs / 2);
    stopping.set();
  });

  it('closes at an error, and one probe looks for all who wait', async () => {
    await clock.run(gate.open());
    fail(broken);
    for (let slot = 0; slot < 100; slot += 1) gate.failed(broken);
    const waiting = Promise.all(Array.from({ length: 100 }, async () => gate.ready()));
    expect(source.looks).toBe(1);
    await clock.advance(SOURCE_BACKOFF.baseMs);
    expect(source.looks).toBe(2);
    mend();
    expect(new Set(await clock.run(waiting))).toEqual(new Set([true]));
    expect(source.looks).toBe(3);
  });

  it('keeps the problem until a receive has worked, and waits longer while receives go on failing', async () => {
    await clock.run(gate.open());
    const waits: number[] = [];
    for (let times = 0; times < 6; times += 1) {
      const since = clock.monotonic();
      gate.failed(broken);
      await clock.run(Promise.resolve(gate.ready()));
      waits.push(clock.monotonic() - since);
      expect(gate.problem).toMatchObject({ error: 'unavailable' });
    }
    expect(waits[5]).toBeGreaterThan(8 * (waits[0] ?? 0));
    gate.succeeded();
    expect([gate.problem, problems.at(-1)]).toEqual([undefined, undefined]);
    gate.failed(broken);
    expect((gate.problem?.retryAt ?? 0) - clock.monotonic()).toBeLessThanOrEqual(SOURCE_BACKOFF.baseMs);
    await clock.run(gate.settled());
  });

  it('describes the source anew after trouble, for it may be another one now', async () => {
    await clock.run(gate.open());
    source.onDescribe = () => Promise.resolve({ ...DESCRIPTION, createdAt: 9 });
    gate.failed(missing);
    await clock.run(gate.settled());
    expect(described.map(({ createdAt }) => createdAt)).toEqual([0, 9]);
  });

  it('lets go everybody when it is stopped, with no timer left', async () => {
    fail(missing);
    const opened = gate.open();
    const waiting = gate.ready();
    await clock.advance(1000);
    stopping.set();
    expect([await opened, await waiting, gate.ready()]).toEqual([false, false, false]);
    await gate.settled();
    expect(clock.pendingTimers).toBe(0);
  });
});
