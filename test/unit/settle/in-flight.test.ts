import { beforeEach, describe, expect, it } from 'vitest';
import type { QueueMessage } from '../../../src/contract/index.ts';
import { Buffer } from '../../../src/intake/index.ts';
import { type Arrival, InFlight, reliableUntil } from '../../../src/settle/index.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { EPOCH, ids, message } from '../../support/deliveries.ts';

let clock: VirtualClock;
let buffer: Buffer;
let inFlight: InFlight;

beforeEach(() => {
  clock = new VirtualClock();
  buffer = new Buffer();
  inFlight = new InFlight(clock, buffer);
});

const open = (messages: readonly QueueMessage[], given: Partial<Arrival> = {}): ReturnType<InFlight['open']> =>
  inFlight.open({ messages, epoch: EPOCH, arrivedAt: 0, visibilitySeconds: 30, prolonged: false, ...given });

describe('the deadline of a message', () => {
  it('counts from the arrival of the response, less a second', () => {
    expect(open([message('1')], { arrivedAt: 5000 }).hold).toMatchObject({ receivedAt: 5000, grantedUntil: 34_000, deadline: 34_000 });
  });

  it.each([
    [1, 500],
    [2, 1000],
    [3, 2000],
    [0, 0],
  ])('of %i s of visibility keeps at least half of it', (seconds, until) => {
    expect(reliableUntil(0, seconds)).toBe(until);
  });
});

describe('the ledger of what is in flight', () => {
  it('counts messages and bytes from their receive until they are settled', () => {
    const { fresh } = open([message('1', { sizeBound: 300 }), message('2', { sizeBound: 50 })]);
    expect([inFlight.size, buffer.records, buffer.bytes]).toEqual([2, 2, 350]);
    inFlight.close(fresh.slice(0, 1), false);
    expect([inFlight.size, buffer.records, buffer.bytes]).toEqual([1, 1, 50]);
    inFlight.close(fresh, false);
    expect([inFlight.size, buffer.records, buffer.bytes]).toEqual([0, 0, 0]);
  });

  it('knows a message that comes again while it is in flight: the newer handle and deadline count, nothing is new', () => {
    const { fresh } = open([message('1')]);
    const again = open([message('1', { receiptHandle: 'newer', receiveCount: 2 }), message('2')], { arrivedAt: 31_000 });
    expect([ids(again.fresh), again.duplicates, inFlight.size]).toEqual([['2'], 1, 2]);
    expect(fresh[0]).toMatchObject({ receiptHandle: 'newer', hold: { receivedAt: 31_000, deadline: 60_000 } });
  });

  it('renews a message in one hold only: the newest', () => {
    const first = open([message('1'), message('2')]);
    const second = open([message('1', { receiptHandle: 'newer' })], { arrivedAt: 31_000 });
    if (first.hold === undefined || second.hold === undefined) throw new Error('no hold');
    expect([...(inFlight.members(first.hold) ?? [])].map(({ message: { messageId } }) => messageId)).toEqual(['2']);
    expect([...(inFlight.members(second.hold) ?? [])]).toEqual([first.fresh[0]]);
  });

  it('sends back what came behind a message of its group that is in flight still, but no other group', () => {
    open([message('a1', { groupId: 'a' })]);
    const again = open([
      message('a1', { groupId: 'a', receiptHandle: 'newer' }),
      message('a2', { groupId: 'a' }),
      message('b1', { groupId: 'b' }),
    ]);
    expect([ids(again.behind), ids(again.fresh), again.duplicates]).toEqual([['a2'], ['b1'], 1]);
    expect(inFlight.size).toBe(3);
  });

  it('holds nothing of an arrival in which everything was handled before', () => {
    const { fresh } = open([message('1')]);
    inFlight.close(fresh, true);
    expect(open([message('1', { receiptHandle: 'newer' })])).toMatchObject({ hold: undefined, fresh: [], duplicates: 0 });
  });

  it('remembers what was handled but not deleted, until it has been deleted', () => {
    const { fresh } = open([message('1')]);
    inFlight.close(fresh, true);
    const { handledBefore } = open([message('1', { receiptHandle: 'newer' })]);
    expect(handledBefore).toMatchObject([{ messageId: '1', receiptHandle: 'newer' }]);
    inFlight.forgetHandled(handledBefore);
    expect(ids(open([message('1')]).fresh)).toEqual(['1']);
  });

  it('bounds that memory: the oldest is forgotten first', () => {
    for (let serial = 0; serial <= 10_000; serial += 1) inFlight.close(open([message(String(serial))]).fresh, true);
    expect(ids(open([message('0'), message('1')]).fresh)).toEqual(['0']);
  });

  it('lets the visibility of one message lapse without touching the others of its receive', () => {
    const { fresh, hold } = open([message('1'), message('2')]);
    const [first, second] = fresh;
    if (first === undefined || second === undefined || hold === undefined) throw new Error('not open');
    inFlight.lapse([first], 7000);
    expect([first.hold.deadline, second.hold.deadline]).toEqual([7000, 29_000]);
    expect(inFlight.members(hold)?.has(first)).toBe(false);
    inFlight.renewed(hold, 15_000, 30);
    expect([first.hold.deadline, second.hold.deadline, hold.beats]).toEqual([7000, 44_000, 1]);
  });
});
