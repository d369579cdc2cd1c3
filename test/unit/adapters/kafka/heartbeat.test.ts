import { describe, expect, it } from 'vitest';
import { Heartbeat } from '../../../../adapters/source/kafka/heartbeat.ts';
import type { WireBroker } from '../../../../adapters/source/kafka/wire.ts';
import { SourceError, VirtualClock } from '../../../../src/index.ts';

const SESSION_MS = 10_000;
const identity = { groupId: 'g', memberId: 'm', generation: 1 };

function open(answers: readonly (() => Promise<unknown>)[]) {
  const clock = new VirtualClock(0);
  const left = [...answers];
  let looked = 0;
  const brokers = {
    coordinator: () => {
      looked += 1;
      return Promise.resolve(1);
    },
    onBroker: <Answer>(_nodeId: number, _doing: string, make: (broker: WireBroker) => Promise<Answer>): Promise<Answer> =>
      make({ heartbeat: left.shift() ?? (() => Promise.resolve()) } as Partial<WireBroker> as WireBroker),
  };
  const heartbeat = new Heartbeat(brokers, clock, SESSION_MS);
  heartbeat.alive();
  return { clock, heartbeat, beat: () => clock.run(heartbeat.beat(identity)), looked: () => looked };
}

function says(code: string, kind: 'unavailable' | 'denied' = 'unavailable') {
  return () => Promise.reject(new SourceError(kind, code, code));
}

describe('the heartbeat', () => {
  it('tells of a rebalance, which is a sign of life too', async () => {
    const { clock, heartbeat, beat } = open([() => Promise.resolve(), says('REBALANCE_IN_PROGRESS')]);
    expect(await beat()).toBe(false);
    await clock.advance(SESSION_MS - 1);
    expect(await beat()).toBe(true);
    await clock.advance(SESSION_MS - 1);
    expect(heartbeat.isOverdue).toBe(false);
  });

  it.each(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'])('says that the membership is lost with %s', async (code) => {
    await expect(open([says(code)]).beat()).rejects.toMatchObject({ code });
  });

  it('says so when the group may not be used any more', async () => {
    await expect(open([says('GROUP_AUTHORIZATION_FAILED', 'denied')]).beat()).rejects.toMatchObject({ kind: 'denied' });
  });

  it('survives what passes, and looks for the coordinator again', async () => {
    const { beat, looked } = open([says('ECONNRESET'), says('NOT_COORDINATOR_FOR_GROUP')]);
    expect(await beat()).toBe(false);
    expect(await beat()).toBe(false);
    expect(await beat()).toBe(false);
    expect(looked()).toBe(3);
  });

  it('is overdue when nobody has answered for as long as a session, also when it hangs', async () => {
    const { clock, beat } = open([() => new Promise(() => undefined)]);
    await expect(beat()).rejects.toMatchObject({ kind: 'unavailable', code: 'SessionTimeout' });
    expect(clock.monotonic()).toBe(SESSION_MS);
    await expect(beat()).rejects.toMatchObject({ code: 'SessionTimeout' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('beats ten times a session, but not more rarely than every three seconds', () => {
    expect(open([]).heartbeat.intervalMs).toBe(1_000);
    expect(
      new Heartbeat(
        { coordinator: () => Promise.resolve(1), onBroker: () => Promise.reject(new Error('none')) },
        new VirtualClock(0),
        300_000,
      ).intervalMs,
    ).toBe(3_000);
  });
});
