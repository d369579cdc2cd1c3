import { describe, expect, it } from 'vitest';
import { TopicWorld } from '../../support/topic-world.ts';

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => String(from + index));

describe('a mapping of a topic', () => {
  it('hands over every record once, in order, and commits behind the last', async () => {
    const world = new TopicWorld();
    world.produce(0, 25);
    const member = world.member({ batchSize: 10 });
    await world.idle(member);
    expect(world.seen.map(({ text }) => text)).toEqual(numbers(0, 25));
    expect(member.batches.map(({ length }) => length)).toEqual([10, 10, 5]);
    await world.stop(member);
    expect(world.committed(0)?.offset).toBe('25');
  });

  it('commits where it begins before it hands anything over', async () => {
    const world = new TopicWorld();
    world.produce(0, 3);
    let atFirst: string | undefined;
    const member = world.member({}, () => {
      atFirst ??= world.committed(0)?.offset;
    });
    await world.idle(member);
    expect(atFirst).toBe('0');
    await world.stop(member);
  });

  it('goes on where the group is after a restart', async () => {
    const world = new TopicWorld();
    world.produce(0, 10);
    const first = world.member({});
    await world.idle(first);
    await world.stop(first);
    world.produce(10, 20);
    const second = world.member({ startingPosition: 'TRIM_HORIZON' });
    await world.idle(second);
    await world.stop(second);
    expect(second.batches.flat().map(({ text }) => text)).toEqual(numbers(10, 20));
  });

  it('begins with LATEST at what came after it was made', async () => {
    const world = new TopicWorld({ partitions: 2 });
    world.produce(0, 10, { keys: 2, partitions: 2 });
    await world.clock.advance(1000);
    const member = world.member({ startingPosition: 'LATEST' });
    await world.clock.advance(5000);
    world.produce(10, 20, { keys: 2, partitions: 2 });
    await world.idle(member);
    await world.stop(member);
    expect(world.seen.map(({ text }) => text).toSorted()).toEqual(numbers(10, 20));
  });

  it('reads partitions that were added later from their beginning, with LATEST too', async () => {
    const world = new TopicWorld();
    const member = world.member({ startingPosition: 'LATEST' });
    await world.idle(member);
    world.topic.addPartitions(2);
    world.topic.produce({ key: 'k', value: 'new', partition: 1 });
    await world.clock.advance(60_000);
    await world.idle(member);
    await world.stop(member);
    expect(world.seen).toEqual([{ partition: 1, offset: 0, key: 'k', text: 'new' }]);
  });

  it('stands still when the offset of the group is no longer in the log, and leaves it as it is', async () => {
    const world = new TopicWorld();
    world.produce(0, 10);
    const first = world.member({ batchSize: 4 });
    await world.idle(first);
    await world.stop(first);
    const before = world.committed(0);
    world.produce(10, 20);
    world.topic.deleteRecords(0, '15');
    const second = world.member({});
    await world.clock.advance(30_000);
    expect(second.mapping.waits().map(({ reason }) => reason.kind)).toContain('trimmed');
    expect(second.batches).toEqual([]);
    await world.stop(second);
    expect(world.committed(0)).toEqual(before);
    const third = world.member({ onTrimmed: 'resumeAtTrimHorizon' });
    await world.idle(third);
    await world.stop(third);
    expect(third.batches.flat().map(({ text }) => text)).toEqual(numbers(15, 20));
  });

  it('stands still when the offset of the group is not in the log yet', async () => {
    const world = new TopicWorld();
    world.produce(0, 10);
    const first = world.member({});
    await world.idle(first);
    await world.stop(first);
    world.topic.setCommitted('m', 0, { offset: '99', metadata: world.committed(0)?.metadata ?? '' });
    const second = world.member({});
    await world.clock.advance(30_000);
    const reasons = second.mapping.waits().map(({ reason }) => reason);
    expect(reasons).toContainEqual(
      expect.objectContaining({ kind: 'trimmed', message: expect.stringContaining('beyond the end of the log') as string }),
    );
    await world.stop(second);
    expect(world.committed(0)?.offset).toBe('99');
  });

  it('takes an answer that names offsets of the partition, and tries again from the lowest', async () => {
    const world = new TopicWorld();
    world.produce(0, 5);
    let calls = 0;
    const member = world.member({ functionResponseTypes: ['ReportBatchItemFailures'] }, () => {
      calls += 1;
      if (calls > 1) return undefined;
      return { batchItemFailures: [{ itemIdentifier: { partition: 'orders-0', offset: 3 } }] };
    });
    await world.idle(member);
    await world.stop(member);
    expect(member.batches.map((batch) => batch.map(({ text }) => text))).toEqual([numbers(0, 5), numbers(3, 5)]);
  });

  it('fails the whole batch when an answer names another partition, or names nothing of it', async () => {
    const world = new TopicWorld();
    world.produce(0, 3);
    const answers = [{ partition: 'orders-1', offset: 1 }, 'orders-0', { partition: 'orders-0', offset: 99 }];
    const member = world.member({ functionResponseTypes: ['ReportBatchItemFailures'] }, () => {
      const itemIdentifier = answers.shift();
      return itemIdentifier === undefined ? undefined : { batchItemFailures: [{ itemIdentifier }] };
    });
    await world.idle(member);
    await world.stop(member);
    expect(member.batches.map((batch) => batch.map(({ text }) => text))).toEqual([0, 0, 0, 0].map(() => numbers(0, 3)));
  });

  it('gives up after ten retries when there is a destination and no limit was set', async () => {
    const world = new TopicWorld();
    world.produce(0, 1);
    const member = world.member({ destinationConfig: { onFailure: { destination: world.destination } } }, () => {
      throw new Error('never');
    });
    await world.idle(member);
    await world.stop(member);
    expect(member.batches).toHaveLength(11);
    expect(world.destination.received).toHaveLength(1);
    expect(world.committed(0)?.offset).toBe('1');
  });
});

describe('a group of two', () => {
  it('shares the partitions, and repeats nothing when the second joins and leaves', async () => {
    const world = new TopicWorld({ partitions: 4 });
    world.produce(0, 40, { keys: 4, partitions: 4 });
    const first = world.member({ batchSize: 1 }, () => new Promise((resolve) => world.clock.timer(200, () => resolve(undefined))));
    await world.clock.advance(1000);
    const second = world.member({ batchSize: 1 }, () => new Promise((resolve) => world.clock.timer(200, () => resolve(undefined))));
    await world.clock.advance(1000);
    await world.stop(second);
    await world.idle(first);
    await world.stop(first);
    expect(second.batches.length).toBeGreaterThan(0);
    expect(world.seen.map(({ text }) => text).toSorted()).toEqual(numbers(0, 40).toSorted());
    for (let partition = 0; partition < 4; partition += 1) {
      const offsets = world.seen.filter((record) => record.partition === partition).map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    }
  });

  it('cuts off at the deadline what does not come to an end, and says so', async () => {
    const world = new TopicWorld({ partitions: 2, sessionTimeoutMs: 10_000 });
    world.produce(0, 2, { keys: 2, partitions: 2 });
    const aborted: boolean[] = [];
    const first = world.member(
      { timeout: 600 },
      (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.push(true);
            resolve(undefined);
          });
        }),
    );
    await world.clock.advance(1000);
    const second = world.member({});
    await world.clock.advance(60_000);
    expect(aborted.length).toBeGreaterThan(0);
    expect(second.batches.length).toBe(1);
    await world.stop(second);
    await world.stop(first);
  });
});
