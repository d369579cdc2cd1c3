import { describe, expect, it } from 'vitest';
import { type FunctionTarget, SeededRandom, type StreamRecord, type StreamStep, sequenceNumber, VirtualClock } from '../../../src/index.ts';
import { Buffer } from '../../../src/intake/index.ts';
import { Invoker } from '../../../src/invoke/index.ts';
import { Latch } from '../../../src/kit/index.ts';
import { RunGate } from '../../../src/mapping/run-gate.ts';
import { LOSS_BY_OFFSET } from '../../../src/mapping/shard-loss.ts';
import { ShardTask } from '../../../src/mapping/shard-task.ts';
import type { ShardCheckpoints, StreamWorks } from '../../../src/mapping/stream-works.ts';
import { Discarder } from '../../../src/settle/index.ts';
import { ONE_BY_ONE, UNTOUCHED } from '../../support/shard-parts.ts';

/** A shard with one record, and a function that only counts. */
function resumedShard(flush: ShardCheckpoints['flush']) {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const stopping = new Latch();
  const parts = { mapping: 'm', clock, random, listener: () => undefined, stopping };
  const record: StreamRecord = { sequenceNumber: sequenceNumber('0'), orderKey: 'a', arrivedAt: 0, sizeBound: 10 };
  async function* read(): AsyncGenerator<StreamStep> {
    yield { kind: 'page', records: [record], readThrough: 0, millisBehindLatest: 0, ended: false };
    await new Promise<void>((resolve) => {
      stopping.onSet(resolve);
    });
  }
  const told = { invocations: 0 };
  const target: FunctionTarget = {
    invoke: () => {
      told.invocations += 1;
      return { outcome: Promise.resolve({ kind: 'success', text: () => '' }), ended: Promise.resolve() };
    },
    close: () => Promise.resolve(),
  };
  const definition = { name: 'f', version: '1', arn: 'arn', target, timeoutMs: 1000, reservedConcurrency: 1 };
  const invoker = new Invoker(definition, { clock, random });
  const works: StreamWorks = {
    ...parts,
    options: ONE_BY_ONE,
    invoker,
    buffer: new Buffer(),
    hardStop: new Latch(),
    source: { read, toEvent: () => ({}), eventBytes: () => 10, batchInfo: () => ({ name: 'info', value: {} }) },
    checkpoints: { changed: () => undefined, flush },
    discarder: new Discarder({ ...parts, mappingId: 'm', functionArn: 'arn', destination: undefined, onDestinationFailure: 'hold' }),
    loss: LOSS_BY_OFFSET,
    eventSourceArn: '',
    incarnation: 'orders',
    runGate: new RunGate(),
  };
  return { clock, stopping, told, invoker, task: new ShardTask(works, 'orders-0', UNTOUCHED, true) };
}

describe('a resumed lane that may not begin, although its mapping does not stop', () => {
  it('asks again with growing waits, without a credit, and lets time go on', async () => {
    let asked = 0;
    let isSound = false;
    const { clock, stopping, told, invoker, task } = resumedShard(() => {
      asked += 1;
      // Who spins would never come back from here.
      if (asked > 1000) return new Promise(() => undefined);
      return Promise.resolve(isSound);
    });
    const ended = task.run();
    await clock.advance(30_000);
    expect(told.invocations).toBe(0);
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(30);
    expect(invoker.ledger.inUse).toBe(0);
    expect(task.waits().at(-1)?.reason).toMatchObject({ kind: 'store' });
    isSound = true;
    await clock.advance(5000);
    expect(told.invocations).toBe(1);
    stopping.set();
    await clock.run(ended);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends at once when its mapping stops while the store does not answer, and leaves no timer', async () => {
    const { clock, stopping, told, invoker, task } = resumedShard(() => new Promise(() => undefined));
    const ended = task.run();
    await clock.advance(10);
    stopping.set();
    const before = clock.monotonic();
    await clock.run(ended);
    expect([clock.monotonic() - before, clock.pendingTimers, told.invocations, invoker.ledger.inUse]).toEqual([0, 0, 0, 0]);
  });
});
