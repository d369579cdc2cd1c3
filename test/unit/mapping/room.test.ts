import { expect, it } from 'vitest';
import {
  type FunctionTarget,
  type Outcome,
  SeededRandom,
  type StreamRecord,
  type StreamStep,
  sequenceNumber,
  VirtualClock,
} from '../../../src/index.ts';
import { Buffer } from '../../../src/intake/index.ts';
import { Invoker } from '../../../src/invoke/index.ts';
import { Latch, whenSet } from '../../../src/kit/index.ts';
import { laneOf } from '../../../src/lanes/index.ts';
import { RunGate } from '../../../src/mapping/run-gate.ts';
import { LOSS_BY_OFFSET } from '../../../src/mapping/shard-loss.ts';
import { ShardTask } from '../../../src/mapping/shard-task.ts';
import type { StreamWorks } from '../../../src/mapping/stream-works.ts';
import { Discarder, type ShardRow } from '../../../src/settle/index.ts';
import { ONE_BY_ONE, UNTOUCHED } from '../../support/shard-parts.ts';

const BATCH = 2500;
/** As many as one shard reads ahead. */
const SHARE = 10_000;
const BUFFER_RECORDS = 100_000;

function rowOf(lanes: number): ShardRow {
  const { scheme } = UNTOUCHED.current;
  return { ...UNTOUCHED, current: { scheme: { ...scheme, pf: lanes }, lanes: Array.from({ length: lanes }, () => null) } };
}

/** A shard, read in pages of a whole share, and a function that is answered by hand. `keyOf`: of the record at a place. */
function endlessShard(lanes = 1, keyOf: (place: number) => string = () => 'a', pages = Number.POSITIVE_INFINITY) {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const stopping = new Latch();
  const parts = { mapping: 'm', clock, random, listener: () => undefined, stopping };
  const told = { pages: 0 };
  const answers: ((outcome: Outcome) => void)[] = [];
  async function* read(): AsyncGenerator<StreamStep> {
    for (;;) {
      await clock.turn();
      const first = told.pages * SHARE;
      const records = Array.from(
        { length: SHARE },
        (_, index): StreamRecord => ({
          sequenceNumber: sequenceNumber(String(first + index)),
          orderKey: keyOf(first + index),
          arrivedAt: 0,
          sizeBound: 10,
        }),
      );
      // A source that answers no more.
      if (told.pages === pages) await whenSet(stopping);
      if (stopping.isSet) return;
      told.pages += 1;
      yield { kind: 'page', records, readThrough: 0, millisBehindLatest: 1000, ended: false };
    }
  }
  const target: FunctionTarget = {
    invoke: () => {
      const outcome = new Promise<Outcome>((resolve) => {
        answers.push(resolve);
      });
      return { outcome, ended: outcome.then(() => undefined) };
    },
    close: () => Promise.resolve(),
  };
  const definition = { name: 'f', version: '1', arn: 'arn', target, timeoutMs: 900_000, reservedConcurrency: undefined };
  const buffer = new Buffer(BUFFER_RECORDS);
  const works: StreamWorks = {
    ...parts,
    options: { ...ONE_BY_ONE, batchSize: BATCH, parallelizationFactor: lanes },
    invoker: new Invoker(definition, { clock, random }),
    buffer,
    hardStop: new Latch(),
    source: { read, toEvent: () => ({}), eventBytes: () => 10, batchInfo: () => ({ name: 'info', value: {} }) },
    checkpoints: { changed: () => undefined, flush: () => Promise.resolve(true) },
    discarder: new Discarder({ ...parts, mappingId: 'm', functionArn: 'arn', destination: undefined, onDestinationFailure: 'hold' }),
    loss: LOSS_BY_OFFSET,
    eventSourceArn: '',
    incarnation: 'orders',
    runGate: new RunGate(),
  };
  const answer = (): void => {
    answers.shift()?.({ kind: 'success', text: () => '' });
  };
  return { clock, stopping, told, buffer, answer, task: new ShardTask(works, 'orders-0', rowOf(lanes), false) };
}

it('a shard that had read its share reads on as soon as others leave room, though they took all of it meanwhile', async () => {
  const { clock, stopping, told, buffer, answer, task } = endlessShard();
  const ended = task.run();
  await clock.advance(10);
  expect([told.pages, task.outstanding]).toEqual([1, SHARE]);
  const others = BUFFER_RECORDS;
  buffer.add(others, 0);
  for (let batch = 0; batch < 2; batch += 1) {
    answer();
    await clock.advance(10);
  }
  expect([told.pages, task.outstanding]).toEqual([1, SHARE - 2 * BATCH]);
  expect(task.waits()[0]?.reason).toMatchObject({ kind: 'no-room' });
  buffer.add(-others, 0);
  await clock.advance(10);
  expect([told.pages, task.outstanding]).toEqual([2, 2 * SHARE - 2 * BATCH]);
  stopping.set();
  answer();
  await clock.run(ended);
});

it('a shard that has no room of its own is not woken by each batch of others', async () => {
  const { clock, stopping, buffer, answer, task } = endlessShard();
  const ended = task.run();
  await clock.advance(10);
  const before = task.waits()[0];
  buffer.add(10, 0);
  for (let batch = 0; batch < 5; batch += 1) buffer.add(-1, 0);
  await clock.advance(10);
  // Whoever had looked again would say how full the buffer is now.
  expect(task.waits()[0]).toEqual(before);
  stopping.set();
  answer();
  await clock.run(ended);
});

it('a shard whose lanes all have work reads on when no more than two batches for each are left, and says that it waits for them', async () => {
  const { clock, stopping, told, answer, task } = endlessShard();
  const ended = task.run();
  await clock.advance(10);
  answer();
  await clock.advance(10);
  expect([told.pages, task.outstanding]).toEqual([1, SHARE - BATCH]);
  expect(task.waits()[0]?.reason).toEqual({ kind: 'read-ahead', records: SHARE - BATCH });
  answer();
  await clock.advance(10);
  expect([told.pages, task.outstanding]).toEqual([2, 2 * SHARE - 2 * BATCH]);
  stopping.set();
  answer();
  await clock.run(ended);
});

it('a shard reads on, up to its share, while one of its lanes has nothing to do', async () => {
  const { clock, stopping, told, answer, task } = endlessShard(2);
  const ended = task.run();
  await clock.advance(10);
  answer();
  await clock.advance(10);
  expect([told.pages, task.outstanding]).toEqual([2, 2 * SHARE - BATCH]);
  stopping.set();
  answer();
  await clock.run(ended);
});

it('a shard reads on as soon as a lane runs out of work', async () => {
  // The first page: 9,000 records of one lane, then 1,000 of the other, which are one batch.
  const { clock, stopping, told, answer, task } = endlessShard(2, (place) => (place % SHARE < 9000 ? 'a' : 'b'));
  expect(laneOf('a', 2)).not.toBe(laneOf('b', 2));
  const ended = task.run();
  await clock.advance(10);
  expect([told.pages, task.outstanding]).toEqual([1, SHARE]);
  expect(task.waits()[0]?.reason).toMatchObject({ kind: 'no-room' });
  // Lane by lane, as they began.
  answer();
  answer();
  await clock.advance(10);
  expect(told.pages).toBe(2);
  stopping.set();
  answer();
  answer();
  await clock.run(ended);
});

it('a shard that has room again says that it waits for its source', async () => {
  const { clock, stopping, told, answer, task } = endlessShard(1, () => 'a', 1);
  const ended = task.run();
  await clock.advance(10);
  for (let batch = 0; batch < 2; batch += 1) {
    answer();
    await clock.advance(10);
  }
  expect(told.pages).toBe(1);
  expect(task.waits()[0]?.reason).toEqual({ kind: 'empty-poll', until: 20 });
  stopping.set();
  answer();
  await clock.run(ended);
});
