import { beforeEach, describe, expect, it } from 'vitest';
import type { Delivery, Hold } from '../../../src/contract/index.ts';
import { Buffer } from '../../../src/intake/index.ts';
import { deferred } from '../../../src/kit/index.ts';
import { type Beaten, Heartbeat } from '../../../src/settle/heartbeat.ts';
import { InFlight } from '../../../src/settle/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { EPOCH, ids, message } from '../../support/deliveries.ts';

const RENEWED: Beaten = { renewed: true, lapsed: [] };
const HOUR_MS = 3_600_000;

let clock: VirtualClock;
let inFlight: InFlight;
let beats: { readonly at: number; readonly ids: string[]; readonly seconds: number }[];
let answer: (deliveries: readonly Delivery[]) => Promise<Beaten>;
let heartbeat: Heartbeat;

beforeEach(() => {
  clock = new VirtualClock();
  inFlight = new InFlight(clock, new Buffer());
  beats = [];
  answer = () => Promise.resolve(RENEWED);
  heartbeat = new Heartbeat(clock, inFlight, (deliveries, seconds) => {
    beats.push({ at: clock.monotonic(), ids: ids(deliveries), seconds });
    return answer(deliveries);
  });
});

/** What one receive brought, watched. */
function receive(names: readonly string[], visibilitySeconds = 30): { readonly fresh: readonly Delivery[]; readonly hold: Hold } {
  const messages = names.map((name) => message(name));
  const { fresh, hold } = inFlight.open({ messages, epoch: EPOCH, arrivedAt: clock.monotonic(), visibilitySeconds, prolonged: false });
  if (hold === undefined) throw new Error('nothing was received');
  heartbeat.watch(hold);
  return { fresh, hold };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describe('a heartbeat', () => {
  it('renews visibility when half of it is gone, again and again', async () => {
    const { hold } = receive(['1', '2']);
    await clock.advance(14_999);
    expect(beats).toEqual([]);
    await clock.advance(45_001);
    expect(beats.map(({ at, seconds }) => [at, seconds])).toEqual([
      [15_000, 30],
      [30_000, 30],
      [45_000, 30],
      [60_000, 30],
    ]);
    expect([hold.deadline, hold.beats]).toEqual([89_000, 4]);
    heartbeat.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes ten messages in a call', async () => {
    receive(names(25), 30);
    await clock.advance(15_000);
    expect(beats.map((beat) => beat.ids.length)).toEqual([10, 10, 5]);
    heartbeat.stop();
  });

  it('beats each receive in its own time with one timer', async () => {
    receive(['long'], 600);
    await clock.advance(1000);
    receive(['short'], 10);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(10_000);
    expect(beats).toMatchObject([
      { at: 6000, ids: ['short'] },
      { at: 11_000, ids: ['short'] },
    ]);
    heartbeat.stop();
  });

  it('ends 12 hours after the receive, the last beats no longer than what is left', async () => {
    receive(['1'], 3600);
    await clock.advance(13 * HOUR_MS);
    for (const { at, seconds } of beats) expect(at + seconds * 1000).toBeLessThanOrEqual(12 * HOUR_MS);
    const last = beats.at(-1);
    expect((last?.at ?? 0) + (last?.seconds ?? 0) * 1000).toBeGreaterThan(11.99 * HOUR_MS);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not beat what was released, and goes on with the rest of the receive', async () => {
    const { fresh } = receive(['1', '2']);
    await heartbeat.release(fresh.slice(0, 1));
    await clock.advance(15_000);
    expect(beats).toMatchObject([{ ids: ['2'] }]);
    await heartbeat.release(fresh);
    await clock.advance(100_000);
    expect(beats).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is over when a release has resolved, even when a beat was under way', async () => {
    const { fresh } = receive(['1']);
    const underWay = deferred<Beaten>();
    answer = () => underWay.promise;
    await clock.advance(15_000);
    let isReleased = false;
    const released = heartbeat.release(fresh).then(() => {
      isReleased = true;
    });
    await clock.settle();
    expect([beats.length, isReleased]).toEqual([1, false]);
    underWay.resolve(RENEWED);
    await released;
    await clock.advance(100_000);
    expect(beats).toHaveLength(1);
  });

  it('leaves what has lapsed alone and does not count it as renewed', async () => {
    const { fresh, hold } = receive(['1', '2']);
    answer = (deliveries) => Promise.resolve({ renewed: true, lapsed: deliveries.filter((one) => one.message.messageId === '1') });
    await clock.advance(15_000);
    expect(fresh.map((one) => one.hold.deadline)).toEqual([15_000, 44_000]);
    expect(hold.beats).toBe(1);
    await clock.advance(15_000);
    expect(beats.map((beat) => beat.ids)).toEqual([['1', '2'], ['2']]);
    heartbeat.stop();
  });

  it('tries a failed beat again before the visibility has run out, and no more after it', async () => {
    const { hold } = receive(['1']);
    answer = () => Promise.resolve({ renewed: false, lapsed: [] });
    await clock.advance(1_000_000);
    expect(beats.length).toBeGreaterThan(3);
    expect(beats.at(-1)?.at).toBeLessThan(30_000);
    expect([hold.deadline, hold.beats, clock.pendingTimers]).toEqual([29_000, 0, 0]);
  });

  it('recovers when a later try works', async () => {
    const { hold } = receive(['1']);
    answer = () => Promise.resolve(beats.length < 3 ? { renewed: false, lapsed: [] } : RENEWED);
    await clock.advance(29_000);
    expect(hold.beats).toBeGreaterThan(0);
    expect(hold.deadline).toBeGreaterThan(45_000);
    heartbeat.stop();
  });

  it('arms no timer after it was stopped, though a beat was under way', async () => {
    receive(['1']);
    const underWay = deferred<Beaten>();
    answer = () => underWay.promise;
    await clock.advance(15_000);
    heartbeat.stop();
    underWay.resolve(RENEWED);
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });
});
