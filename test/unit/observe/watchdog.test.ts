import { beforeEach, describe, expect, it } from 'vitest';
import type { FindingKind, MappingSnapshot, ShardSnapshot, Wait, WaitReason } from '../../../src/contract/index.ts';
import { CONFIRM_MS, OVERDUE_MS, STUCK_MS, Watchdog } from '../../../src/observe/watchdog.ts';

const CREDITS = { inUse: 0, ofMapping: 0, limit: 2, waiting: 0, isFree: true };

function snapshot(given: Partial<MappingSnapshot> = {}): MappingSnapshot {
  return {
    id: 'uuid-1',
    name: 'orders',
    functionName: 'fn',
    eventSource: 'orders',
    state: 'Enabled',
    problem: undefined,
    lastProcessingResult: undefined,
    inFlight: 0,
    waits: [],
    shards: [],
    retentionMs: undefined,
    timeoutMs: 3000,
    credits: CREDITS,
    breaker: undefined,
    lease: undefined,
    isBufferFull: false,
    ...given,
  };
}

const slot = (reason: WaitReason, since = 0): Partial<MappingSnapshot> => ({ waits: [{ part: 'slot 0', reason, since }] });

let watchdog: Watchdog;

beforeEach(() => {
  watchdog = new Watchdog();
});

const look = (mapping: MappingSnapshot, now: number, secondsToLoss?: number): ReturnType<Watchdog['look']> =>
  watchdog.look([mapping], { now, wall: now, eventLoopDelayMs: undefined, secondsToLossOf: () => secondsToLoss });

/** What is found of something that stays as it is: seen twice, so that it is no passing moment. */
function found(mapping: MappingSnapshot, now: number): FindingKind[] {
  watchdog = new Watchdog();
  look(mapping, now);
  return look(mapping, now + CONFIRM_MS).found.map(({ kind }) => kind);
}

const stuck = STUCK_MS + 1;
const late = OVERDUE_MS + 1;

describe('the watchdog finds', () => {
  const cases: readonly (readonly [string, Partial<MappingSnapshot>, number, FindingKind])[] = [
    ['a receive that does not answer', slot({ kind: 'empty-poll', until: 0 }), late, 'poll-unanswered'],
    ['a retry that is not made', slot({ kind: 'retry', attempt: 1, at: 0, cause: 'x' }), late, 'overdue'],
    ['a batch window that does not close', slot({ kind: 'batch-window', records: 1, until: 0 }), late, 'overdue'],
    [
      'an open breaker that nobody tries',
      slot({ kind: 'breaker', state: 'open', functionName: 'fn', cause: '', until: 0 }),
      late,
      'overdue',
    ],
    ['a source that is not looked at again', slot({ kind: 'source', error: 'denied', message: '', retryAt: 0 }), late, 'overdue'],
    ['a destination that is not sent to again', slot({ kind: 'destination', destination: 'd', message: '', at: 0 }), late, 'overdue'],
    ['a destination that does not answer', slot({ kind: 'recording', destination: 'd', records: 1, since: 0 }), stuck, 'overdue'],
    [
      'an invocation that outlives its time-out',
      slot({ kind: 'invocation', requestId: 'r', records: 1, since: 0 }),
      late + 3000,
      'invocation-overdue',
    ],
    ['a wait for a credit that is free', slot({ kind: 'no-credit', functionName: 'fn', inUse: 2, limit: 2 }), late, 'not-woken'],
    ['a wait for room that is there', slot({ kind: 'no-room', records: 1, bytes: 1 }), late, 'not-woken'],
    ['a wait for lanes that have nothing', slot({ kind: 'read-ahead', records: 1 }), late, 'not-woken'],
    ['a reader whose first page never comes', slot({ kind: 'starting' }), stuck, 'poll-unanswered'],
    [
      'a mapping that does not get started',
      { state: 'Creating', waits: [{ part: 'mapping', reason: { kind: 'starting' }, since: 0 }] },
      stuck,
      'not-started',
    ],
    ['its own lease that is not renewed', { lease: { isHeld: true, movedAt: 0 } }, late, 'lease-unmoved'],
    [
      'a dead lease that is not taken over',
      { state: 'Creating', problem: { kind: 'lease', owner: 'PID 1' }, lease: { isHeld: false, movedAt: 0 } },
      late,
      'lease-unmoved',
    ],
  ];

  it.each(cases)('%s', (_what, given, now, kind) => {
    expect(found(snapshot(given), now)).toEqual([kind]);
    // The same a little earlier is a wait like any other.
    expect(found(snapshot(given), now - CONFIRM_MS - 2000)).toEqual([]);
  });

  const idle: Wait = { part: 'shard-1 lane 0', reason: { kind: 'no-records' }, since: 0 };
  const shard = (given: Partial<ShardSnapshot> = {}): ShardSnapshot => ({
    shardId: 'shard-1',
    position: { kind: 'start', start: { kind: 'trim-horizon' } },
    outstanding: 1,
    oldest: { sequenceNumber: '7', arrivedAt: 0, lane: 0 },
    behindMs: 0,
    isAtTip: true,
    pagedAt: 0,
    reader: { part: 'shard-1 reader', reason: { kind: 'no-records' }, since: 0 },
    lanes: [idle],
    ...given,
  });

  it('a lane that says that it has no records while one of its records keeps the position of the shard', () => {
    const mapping = snapshot({ shards: [shard()] });
    look(mapping, 0);
    expect(look(mapping, STUCK_MS - 1).found).toEqual([]);
    look(mapping, STUCK_MS);
    expect(look(mapping, STUCK_MS + CONFIRM_MS).found).toMatchObject([{ kind: 'stuck', part: 'shard-1 lane 0', severity: 'stuck' }]);
  });

  it('nothing of a lane whose oldest record changes, nor of one that retries', () => {
    for (let now = 0; now < 4 * STUCK_MS; now += CONFIRM_MS) {
      const oldest = { sequenceNumber: String(now), arrivedAt: 0, lane: 0 };
      expect(look(snapshot({ shards: [shard({ oldest })] }), now).found).toEqual([]);
    }
    const retrying = snapshot({ shards: [shard({ lanes: [{ ...idle, reason: { kind: 'retry', attempt: 3, at: 1e9, cause: 'x' } }] })] });
    for (let now = 0; now < 4 * STUCK_MS; now += CONFIRM_MS) expect(look(retrying, now).found).toEqual([]);
  });

  it('a loss that is near, as a warning', () => {
    const mapping = snapshot({ shards: [shard({ oldest: undefined })] });
    look(mapping, 0, 3600);
    expect(look(mapping, CONFIRM_MS, 3590).found).toMatchObject([{ kind: 'loss-ahead', part: 'shard-1', severity: 'warning' }]);
    expect(look(mapping, 2 * CONFIRM_MS, 100_000).over).toMatchObject([{ kind: 'loss-ahead' }]);
  });
});

describe('the watchdog is silent', () => {
  const cases: readonly (readonly [string, Partial<MappingSnapshot>])[] = [
    ['about a handler that does not stop: it says so itself', slot({ kind: 'handler-did-not-stop', requestId: 'r', since: 0 })],
    [
      'about a wait for credits that are taken',
      { ...slot({ kind: 'no-credit', functionName: 'fn', inUse: 2, limit: 2 }), credits: { ...CREDITS, isFree: false } },
    ],
    ['about a buffer that is full', { ...slot({ kind: 'no-room', records: 1, bytes: 1 }), isBufferFull: true }],
    ['about a shard behind its parents', slot({ kind: 'parents', shards: ['a'] })],
    ['about a trial of a breaker', slot({ kind: 'breaker', state: 'half-open', functionName: 'fn', cause: '' })],
    ['about a mapping that is disabled', { state: 'Disabled', waits: [{ part: 'mapping', reason: { kind: 'disabled' } }] }],
    [
      'about an engine that waits while another owns the mapping',
      { state: 'Creating', problem: { kind: 'lease', owner: 'PID 1' }, lease: { isHeld: false, movedAt: 10 * STUCK_MS } },
    ],
    [
      'about a source that is not there yet',
      { state: 'Creating', problem: { kind: 'source', error: 'not-found', message: '', retryAt: 10 * STUCK_MS } },
    ],
    [
      'about what cannot be stored, which is told already',
      { ...slot({ kind: 'retry', attempt: 1, at: 0, cause: 'x' }), problem: { kind: 'store', message: '', retryAt: 1e9 } },
    ],
  ];

  it.each(cases)('%s', (_what, given) => {
    expect(found(snapshot(given), 10 * STUCK_MS)).toEqual([]);
  });

  it('about what is over at the next look: after a process stood still everything is overdue for a moment', () => {
    look(snapshot(slot({ kind: 'empty-poll', until: 0 })), late);
    expect(look(snapshot(slot({ kind: 'empty-poll', until: 1e9 })), late + CONFIRM_MS)).toEqual({ found: [], over: [] });
    expect(watchdog.findings).toEqual([]);
  });
});

describe('a finding', () => {
  const mapping = snapshot(slot({ kind: 'empty-poll', until: 0 }));

  it('is told once, stands while it lasts, and is told when it is over', () => {
    look(mapping, late);
    const first = look(mapping, late + CONFIRM_MS);
    expect(first.found).toHaveLength(1);
    expect(look(mapping, late + 2 * CONFIRM_MS)).toEqual({ found: [], over: [] });
    expect(watchdog.findingsOf('orders')).toMatchObject([{ kind: 'poll-unanswered', mapping: 'orders', part: 'slot 0', foundAt: late }]);
    expect(watchdog.findingsOf('others')).toEqual([]);
    expect(look(snapshot(), late + 3 * CONFIRM_MS).over).toMatchObject([{ kind: 'poll-unanswered' }]);
    expect(watchdog.findings).toEqual([]);
  });

  it('of the event loop is told at once and is a warning', () => {
    const { found: told } = watchdog.look([], { now: 0, wall: 0, eventLoopDelayMs: 1500, secondsToLossOf: () => undefined });
    expect(told).toMatchObject([{ kind: 'event-loop-delay', mapping: undefined, severity: 'warning' }]);
    expect(watchdog.look([], { now: 1, wall: 1, eventLoopDelayMs: 20, secondsToLossOf: () => undefined }).over).toHaveLength(1);
  });
});
