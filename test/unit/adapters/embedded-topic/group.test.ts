import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSticky } from '../../../../adapters/source/embedded-topic/assign.ts';
import { sequenceNumber, VirtualClock } from '../../../../src/index.ts';
import { GROUP, Member, page, SESSION_MS, world } from './support.ts';

describe('partitions of an embedded topic', () => {
  it('are spread evenly, each to one member, and no more move than must', () => {
    const counts = fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(counts, fc.nat({ max: 4 }), fc.nat({ max: 5 }), (held, newcomers, added) => {
        let next = 0;
        const old = held.map((count, member) => ({ member, had: Array.from({ length: count }, () => next++) }));
        const fresh = Array.from({ length: newcomers }, (_, index) => ({ member: held.length + index, had: [] as number[] }));
        const candidates = [...old, ...fresh];
        const partitions = next + added;
        const assigned = assignSticky(candidates, partitions);
        const sizes = [...assigned.values()].map((list) => list.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect([...assigned.values()].flat().sort((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, index) => index));
        for (const { member, had } of candidates) {
          const now = assigned.get(member) ?? [];
          const kept = had.filter((partition) => now.includes(partition));
          expect(kept).toHaveLength(Math.min(had.length, now.length));
        }
      }),
    );
  });
});

describe('a member of a group of an embedded topic', () => {
  it('is put out when its process stands still for a session, and joins again when that goes on', async () => {
    const { topic, clock } = world({ partitions: 2 });
    const frozen = new VirtualClock();
    const one = new Member(topic.client({ clock: frozen }));
    await frozen.advance(1000);
    expect(one.partitions).toEqual([0, 1]);
    const old = one.assigned;
    const other = new Member(topic);
    await clock.advance(SESSION_MS * 2.1);
    expect(other.partitions).toEqual([0, 1]);
    expect(topic.peekGroup(GROUP).members).toHaveLength(1);
    const commit = { partition: 0, epoch: old[0]?.epoch ?? -1, offset: sequenceNumber('0'), metadata: '' };
    expect(await one.membership.commit([commit])).toEqual(['refused']);
    await frozen.advance(SESSION_MS / 10);
    expect(one.heard.at(-1)).toBe('trouble UNKNOWN_MEMBER_ID');
    for (let step = 0; step < 20; step += 1) {
      await frozen.advance(100);
      await clock.advance(100);
    }
    expect([...one.partitions, ...other.partitions].sort()).toEqual([0, 1]);
    await one.membership.leave();
    await other.membership.leave();
    expect(clock.pendingTimers + frozen.pendingTimers).toBe(0);
  });

  it('is put out when it does not join again within a session timeout, and the others go on', async () => {
    const { topic, clock } = world({ partitions: 2 });
    const stuck = new Member(topic);
    await clock.advance(10);
    stuck.whileRevoking = () => new Promise(() => undefined);
    const others = [new Member(topic), new Member(topic)];
    await clock.advance(SESSION_MS * 0.9);
    expect(others.flatMap(({ partitions }) => partitions)).toEqual([]);
    await clock.advance(SESSION_MS * 0.2);
    expect(others.flatMap(({ partitions }) => partitions).sort()).toEqual([0, 1]);
    for (const { heard } of others) expect(heard).toHaveLength(1);
    for (const { membership } of [stuck, ...others]) await membership.leave();
  });

  it('holds a rebalance for every member, the slowest last', async () => {
    const { topic, clock } = world({ partitions: 3 });
    const members = [new Member(topic), new Member(topic)];
    await clock.advance(100);
    const ends = [3000, 6000];
    for (const [index, member] of members.entries()) {
      member.whileRevoking = () => new Promise((resolve) => clock.timer(ends[index] ?? 0, resolve));
    }
    const third = new Member(topic);
    await clock.advance(5900);
    expect(third.partitions).toEqual([]);
    await clock.advance(200);
    expect(third.partitions).toHaveLength(1);
    for (const member of [...members, third]) await member.membership.leave();
  });

  it('keeps the epochs of what stays over many rebalances, and never gets one twice', async () => {
    const { topic, clock } = world({ partitions: 4 });
    const one = new Member(topic);
    await clock.advance(10);
    const seen = new Set(one.assigned.map(({ epoch }) => epoch));
    for (let round = 0; round < 5; round += 1) {
      const kept = new Map(one.assigned.map(({ partition, epoch }) => [partition, epoch]));
      topic.rebalance(GROUP);
      await clock.advance(10);
      for (const { partition, epoch } of one.assigned) expect(epoch).toBe(kept.get(partition));
      const other = new Member(topic);
      await clock.advance(10);
      await other.membership.leave();
      const before = new Set(one.assigned.map(({ epoch }) => epoch));
      await clock.advance(10);
      for (const { epoch } of one.assigned) {
        if (!before.has(epoch)) expect(seen.has(epoch)).toBe(false);
        seen.add(epoch);
      }
    }
    await one.membership.leave();
  });

  it('joins a topic that is made later, asking less and less often', async () => {
    const { topic, clock } = world();
    topic.delete();
    const member = new Member(topic);
    await clock.advance(60_000);
    const { length } = member.heard;
    expect(new Set(member.heard)).toEqual(new Set(['trouble UNKNOWN_TOPIC_OR_PARTITION']));
    expect(length).toBeGreaterThan(10);
    expect(length).toBeLessThan(25);
    topic.recreate();
    await clock.advance(6000);
    expect(member.partitions).toEqual([0]);
    await member.membership.leave();
    expect(clock.pendingTimers).toBe(0);
  });

  it('loses its offsets with the topic, and its reads end', async () => {
    const { topic, clock } = world();
    topic.produce({ value: 'a' });
    const member = new Member(topic);
    await clock.advance(10);
    const reader = member.read(0, 0);
    await clock.run(page(reader));
    topic.setCommitted(GROUP, 0, { offset: '1', metadata: 'x' });
    expect(topic.peekGroup(GROUP).committed.get(0)).toEqual({ offset: '1', metadata: 'x' });
    topic.recreate();
    await clock.advance(1000);
    expect(await clock.run(reader.next())).toMatchObject({ done: true });
    expect(topic.peekGroup(GROUP).committed.size).toBe(0);
    expect(member.heard.at(-1)).toMatch(/^assigned/u);
    await member.membership.leave();
  });

  it('ends without a word when it is killed, and its calls fail', async () => {
    const { topic, clock } = world();
    const member = new Member(topic);
    await clock.advance(10);
    member.membership.kill();
    await expect(member.membership.offsets()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(topic.peekGroup(GROUP).members).toHaveLength(1);
    await clock.advance(SESSION_MS);
    expect(topic.peekGroup(GROUP).members).toHaveLength(0);
    expect(member.heard).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes an offset that was set from outside back', () => {
    const { topic } = world();
    topic.setCommitted(GROUP, 0, { offset: '5' });
    topic.setCommitted(GROUP, 0, undefined);
    expect(topic.peekGroup(GROUP).committed.size).toBe(0);
  });
});
