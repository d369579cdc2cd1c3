import { describe, expect, it } from 'vitest';
import type { Discard, EngineEvents, FailureDestination, OnDestinationFailure, WaitReason } from '../../../src/contract/index.ts';
import { SeededRandom, VirtualClock } from '../../../src/index.ts';
import { deferred, Latch } from '../../../src/kit/index.ts';
import { Discarder } from '../../../src/settle/index.ts';

const GIVEN = {
  shardId: 'shardId-0',
  records: 3,
  condition: 'RetryAttemptsExhausted',
  invokeCount: 2,
  requestId: 'request-1',
  functionError: 'Unhandled',
  info: { name: 'KinesisBatchInfo', value: { shardId: 'shardId-0' } },
  payload: () => '{}',
} as const;

/** A discarder over a destination that answers as told; without an answer there is no destination. */
function bench(send?: (discard: Discard, signal: AbortSignal) => Promise<void>, onDestinationFailure: OnDestinationFailure = 'hold') {
  const clock = new VirtualClock();
  const stopping = new Latch();
  const events: { readonly name: keyof EngineEvents; readonly event: unknown }[] = [];
  const sent: Discard[] = [];
  const waits: WaitReason[] = [];
  const destination: FailureDestination | undefined = send && {
    label: 'parked',
    check: () => Promise.resolve(),
    send: (discard, signal) => {
      sent.push(discard);
      return send(discard, signal);
    },
    close: () => Promise.resolve(),
  };
  const discarder = new Discarder({
    mapping: 'm',
    mappingId: 'uuid-m',
    functionArn: 'arn:fn',
    destination,
    onDestinationFailure,
    clock,
    random: new SeededRandom(3),
    listener: (name, event) => {
      events.push({ name, event });
    },
    stopping,
  });
  const discard = (given: Partial<Parameters<Discarder['discard']>[0]> = {}): Promise<boolean> => {
    return discarder.discard({ ...GIVEN, ...given }, (reason) => {
      waits.push(reason);
    });
  };
  const names = (): string[] => events.map(({ name }) => name);
  return { clock, stopping, events, sent, waits, discard, names };
}

/** Rejects when it is aborted, and not before. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'));
    });
  });
}

describe('what is given up', () => {
  it('is done at once where there is no destination', async () => {
    const { discard, events } = bench();
    expect(await discard()).toBe(true);
    const { shardId, records, condition } = GIVEN;
    expect(events).toEqual([{ name: 'range.discarded', event: { mapping: 'm', shardId, records, condition, delivered: false } }]);
  });

  it('is done only when the destination has confirmed it (R1)', async () => {
    const confirmed = deferred();
    const { discard, events, names } = bench(() => confirmed.promise);
    const done = discard();
    await Promise.resolve();
    expect(names()).toEqual([]);
    confirmed.resolve();
    expect(await done).toBe(true);
    expect(events).toMatchObject([{ name: 'range.discarded', event: { delivered: true } }]);
  });

  it("is sent as AWS's invocation record, without a response where nothing was invoked", async () => {
    const { discard, sent, clock } = bench(() => Promise.resolve());
    await discard();
    await discard({ condition: 'RecordAgeExceeded', functionError: undefined, requestId: undefined });
    const { info } = GIVEN;
    expect(sent[0]).toMatchObject({ mappingId: 'uuid-m', shardId: 'shardId-0', info, at: clock.wall() });
    expect(sent[0]?.record).toEqual({
      requestContext: { requestId: 'request-1', functionArn: 'arn:fn', condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: new Date(clock.wall()).toISOString(),
    });
    expect(sent[1]?.record).not.toHaveProperty('responseContext');
    expect(sent[1]?.record.requestContext.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(sent[1]?.id).not.toBe(sent[0]?.id);
  });

  it('is sent again, the same under the same id, until the destination takes it', async () => {
    let failures = 3;
    const { discard, sent, waits, names, clock } = bench(() => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error('down')) : Promise.resolve();
    });
    expect(await clock.run(discard(), 60_000)).toBe(true);
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(names()).toEqual(['destination.failed', 'destination.failed', 'destination.failed', 'range.discarded']);
    const instants = waits.flatMap((reason) => (reason.kind === 'destination' ? [reason.at] : []));
    expect(waits[1]).toMatchObject({ kind: 'destination', destination: 'parked', message: 'down' });
    expect(instants).toEqual(instants.toSorted((a, b) => a - b));
    expect(clock.pendingTimers).toBe(0);
  });

  it('is dropped after one failure where the mapping chose that', async () => {
    const { discard, sent, events } = bench(() => Promise.reject(new Error('down')), 'drop');
    expect(await discard()).toBe(true);
    expect(sent).toHaveLength(1);
    expect(events).toMatchObject([{ name: 'destination.failed' }, { name: 'range.discarded', event: { delivered: false } }]);
  });

  it.each(['hold', 'drop'] as const)(
    'stays in its shard when the mapping stops while it is sent, and no destination is blamed (%s)',
    async (choice) => {
      const { discard, stopping, names } = bench((_, signal) => untilAborted(signal), choice);
      const done = discard();
      stopping.set();
      expect(await done).toBe(false);
      expect(names()).toEqual([]);
    },
  );

  it('stays in its shard when the mapping stops between two tries, and leaves no timer', async () => {
    const { discard, stopping, names, clock } = bench(() => Promise.reject(new Error('down')));
    const done = discard();
    await clock.advance(1);
    stopping.set();
    expect(await done).toBe(false);
    expect(names()).toEqual(['destination.failed']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not even sent when the mapping stops already', async () => {
    const { discard, stopping, sent, names } = bench(() => Promise.resolve());
    stopping.set();
    expect(await discard()).toBe(false);
    expect([sent, names()]).toEqual([[], []]);
  });
});
