import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Delivery,
  type EngineEvents,
  type EngineListener,
  type EntryResult,
  type QueueMessage,
  SourceError,
} from '../../../src/contract/index.ts';
import { Buffer } from '../../../src/intake/index.ts';
import { deferred, Latch } from '../../../src/kit/index.ts';
import { type Arrival, QueueSettler, type QueueSettlerParts } from '../../../src/settle/index.ts';
import { SeededRandom, VirtualClock } from '../../../src/testing/index.ts';
import { EPOCH, ids, message } from '../../support/deliveries.ts';
import { DoubtfulSource, type EntryCall } from '../../support/doubtful-source.ts';

const TRANSIENT: EntryResult = { ok: false, code: 'InternalError', message: 'try later', retryable: true };
const GONE: EntryResult = { ok: false, code: 'ReceiptHandleIsInvalid', message: 'expired', retryable: false };

let clock: VirtualClock;
let source: DoubtfulSource;
let hurry: Latch;
let events: { name: keyof EngineEvents; event: unknown }[];

beforeEach(() => {
  clock = new VirtualClock();
  source = new DoubtfulSource();
  hurry = new Latch();
  events = [];
});

function settler(given: Partial<QueueSettlerParts> = {}): QueueSettler {
  const listener: EngineListener = (name, event) => {
    events.push({ name, event });
  };
  return new QueueSettler({
    mapping: 'm',
    source,
    clock,
    random: new SeededRandom(1),
    listener,
    account: new Buffer(),
    heartbeat: true,
    retryBackoff: undefined,
    hurry,
    ...given,
  });
}

function receive(made: QueueSettler, messages: readonly QueueMessage[], given: Partial<Arrival> = {}): readonly Delivery[] {
  const arrival = { messages, epoch: EPOCH, arrivedAt: clock.monotonic(), visibilitySeconds: 30, prolonged: false, ...given };
  return made.open(arrival).fresh;
}

const failing =
  (result: EntryResult, ...which: string[]) =>
  (call: EntryCall): Promise<EntryResult[]> =>
    Promise.resolve(call.ids.map((id) => (which.includes(id) ? result : { ok: true })));
const numbered = (count: number): QueueMessage[] => Array.from({ length: count }, (_, index) => message(String(index)));

describe('handled messages', () => {
  it('are deleted by their newest handle and are in flight no more', async () => {
    const made = settler();
    const deliveries = receive(made, [message('1'), message('2')]);
    receive(made, [message('1', { receiptHandle: 'newer' })]);
    expect(await made.delete(deliveries)).toBe(2);
    expect(source.calls).toMatchObject([{ action: 'delete', ids: ['1', '2'], handles: ['newer', 'handle-of-2'] }]);
    expect(made.inFlight.size).toBe(0);
    made.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('are deleted when they come again after their delete failed, and never given out again', async () => {
    const made = settler();
    source.onEntries = failing(GONE, '2');
    expect(await made.delete(receive(made, numbered(3)))).toBe(2);
    expect(events).toMatchObject([
      { name: 'settle.failed', event: { mapping: 'm', action: 'delete', messages: 1, code: 'ReceiptHandleIsInvalid' } },
    ]);
    source.onEntries = failing(GONE);
    const arrival = { messages: [message('2', { receiptHandle: 'newer' }), message('7')], epoch: EPOCH, arrivedAt: 0 };
    const { fresh, cleaned } = made.open({ ...arrival, visibilitySeconds: 30, prolonged: false });
    await cleaned;
    expect(ids(fresh)).toEqual(['7']);
    expect(source.of('delete').at(-1)).toMatchObject({ ids: ['2'], handles: ['newer'] });
    expect(ids(receive(made, [message('2')]))).toEqual(['2']);
    made.stop();
  });

  it('stay remembered while that second delete fails too', async () => {
    const made = settler();
    source.onEntries = failing(GONE, '1');
    await made.delete(receive(made, [message('1')]));
    for (let times = 0; times < 3; times += 1) {
      expect(receive(made, [message('1')])).toEqual([]);
      await clock.settle();
    }
    expect(source.of('delete')).toHaveLength(4);
    made.stop();
  });
});

describe('failed messages', () => {
  const failed = (made: QueueSettler, deliveries: readonly Delivery[]): Promise<void> => clock.run(made.returnFailed(deliveries));

  it("are left to the queue's own timeout when nothing prolonged it", async () => {
    const made = settler();
    const deliveries = receive(made, [message('1')]);
    await clock.advance(5000);
    await failed(made, deliveries);
    expect(source.calls).toEqual([]);
    expect(made.inFlight.size).toBe(0);
  });

  it("return on the queue's own cadence when a longer visibility was asked for", async () => {
    const made = settler();
    made.described(60);
    const deliveries = receive(made, [message('1')], { visibilitySeconds: 200, prolonged: true });
    await clock.advance(12_300);
    await failed(made, deliveries);
    expect(source.calls).toMatchObject([{ action: 'changeVisibility', ids: ['1'], seconds: 48 }]);
  });

  it("return on the queue's own cadence when a beat renewed it, at once when that has passed", async () => {
    const made = settler();
    const early = receive(made, [message('1')]);
    await clock.advance(20_000);
    await failed(made, early);
    expect(source.calls.at(-1)).toMatchObject({ ids: ['1'], seconds: 10 });
    const late = receive(made, [message('2')]);
    await clock.advance(50_000);
    await failed(made, late);
    expect(source.calls.at(-1)).toMatchObject({ ids: ['2'], seconds: 0 });
  });

  it('back off by receive count when that was asked for, whether or not anything was prolonged', async () => {
    const made = settler({ retryBackoff: { baseSeconds: 10, maxSeconds: 60 } });
    const messages = [1, 2, 3, 4, 100].map((receiveCount) => message(String(receiveCount), { receiveCount }));
    await failed(made, receive(made, messages));
    expect(source.calls.map(({ ids: [id], seconds }) => [id, seconds])).toEqual([
      ['1', 10],
      ['2', 20],
      ['3', 40],
      ['4', 60],
    ]);
    expect(source.calls.at(-1)?.ids).toEqual(['4', '100']);
  });

  it('never ask for more than the 12 hours that the queue allows after a receive', async () => {
    const made = settler({ retryBackoff: { baseSeconds: 43_200, maxSeconds: 43_200 } });
    const deliveries = receive(made, [message('1')]);
    await clock.advance(10_000);
    await failed(made, deliveries);
    const seconds = source.calls.at(-1)?.seconds ?? 0;
    expect(seconds).toBeGreaterThan(43_000);
    expect(seconds).toBeLessThanOrEqual(43_190);
  });

  it('are told when their visibility could not be set, and are in flight no more', async () => {
    const made = settler();
    source.onEntries = failing(TRANSIENT, '1');
    await failed(made, receive(made, [message('1')], { prolonged: true }));
    expect(events).toMatchObject([{ name: 'settle.failed', event: { action: 'changeVisibility', messages: 1, code: 'InternalError' } }]);
    expect(made.inFlight.size).toBe(0);
  });
});

describe('what was not worked on', () => {
  it('is made visible at once, ten in a call', async () => {
    const made = settler();
    await made.giveBack(receive(made, numbered(12)));
    expect(source.calls.map(({ action, ids: { length }, seconds }) => [action, length, seconds])).toEqual([
      ['changeVisibility', 10, 0],
      ['changeVisibility', 2, 0],
    ]);
    made.stop();
  });

  it('is left alone when it is left', async () => {
    const made = settler();
    await made.leave(receive(made, [message('1')]));
    await clock.advance(100_000);
    expect([source.calls, made.inFlight.size, clock.pendingTimers]).toEqual([[], 0, 0]);
  });

  it('goes back when it came behind a message of its group that is in flight', async () => {
    const made = settler();
    receive(made, [message('a1', { groupId: 'a' })]);
    const messages = [message('a1', { groupId: 'a' }), message('a2', { groupId: 'a' })];
    const { fresh, cleaned } = made.open({ messages, epoch: EPOCH, arrivedAt: 0, visibilitySeconds: 30, prolonged: false });
    await cleaned;
    expect(fresh).toEqual([]);
    expect(source.calls).toMatchObject([{ action: 'changeVisibility', ids: ['a2'], seconds: 0 }]);
    expect(events).toMatchObject([{ name: 'source.duplicates', event: { mapping: 'm', messages: 1 } }]);
    made.stop();
  });
});

describe('beats', () => {
  it('do not happen when they are switched off', async () => {
    const made = settler({ heartbeat: false });
    receive(made, [message('1')]);
    await clock.advance(100_000);
    expect(source.calls).toEqual([]);
  });

  it.each(['delete', 'returnFailed', 'giveBack', 'leave'] as const)('end before %s has any effect, one under way too', async (how) => {
    const made = settler();
    const deliveries = receive(made, [message('1')]);
    const beat = deferred<readonly EntryResult[]>();
    source.onEntries = () => beat.promise;
    await clock.advance(15_000);
    expect(source.calls).toHaveLength(1);
    const settled = made[how](deliveries);
    await clock.settle();
    expect(source.calls).toHaveLength(1);
    source.onEntries = failing(GONE);
    beat.resolve([{ ok: true }]);
    await settled;
    const after = source.calls.length;
    await clock.advance(1_000_000);
    expect(source.calls).toHaveLength(after);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that fail as a whole are tried again', async () => {
    const made = settler();
    source.onEntries = () => Promise.reject(new SourceError('unavailable', 'ECONNRESET', ''));
    const [one] = receive(made, [message('1')]);
    await clock.advance(15_000);
    source.onEntries = failing(GONE);
    await clock.advance(13_000);
    expect(one?.hold.deadline).toBeGreaterThan(45_000);
    made.stop();
  });

  it('let a message lapse that the queue refuses to renew', async () => {
    const made = settler();
    source.onEntries = failing(GONE, '1');
    const deliveries = receive(made, [message('1'), message('2')]);
    await clock.advance(15_000);
    expect(deliveries.map((one) => one.hold.deadline)).toEqual([15_000, 44_000]);
    await clock.advance(15_000);
    expect(source.calls.map((call) => call.ids)).toEqual([['1', '2'], ['2']]);
    made.stop();
  });
});

describe('a hard stop', () => {
  it('makes no call a second time', async () => {
    const made = settler();
    source.onEntries = failing(TRANSIENT, '1');
    const deleting = made.delete(receive(made, [message('1')]));
    await clock.settle();
    hurry.set();
    expect(await deleting).toBe(0);
    made.stop();
    expect([source.calls.length, clock.pendingTimers]).toEqual([1, 0]);
  });
});
