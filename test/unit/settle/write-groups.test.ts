import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/index.ts';
import { sleep } from '../../../src/kit/index.ts';
import { Latch } from '../../../src/kit/latch.ts';
import { WriteGroups } from '../../../src/settle/write-groups.ts';

const INTERVAL_MS = 100;

/** Groups whose writes take so long; each write as when it began and what it wrote. */
function groups(writeMs: number) {
  const clock = new VirtualClock();
  const writes: [at: number, rows: string][] = [];
  const write = async (rows: readonly string[]): Promise<boolean> => {
    writes.push([clock.monotonic(), rows.join()]);
    await sleep(clock, writeMs, new Latch());
    return true;
  };
  return { clock, writes, groups: new WriteGroups<string>({ clock, intervalMs: INTERVAL_MS, write }) };
}

describe('groups of writes', () => {
  it('begin an interval after the first change, however much changes, and not one after another without a pause', async () => {
    const { clock, writes, groups: made } = groups(5);
    for (let ms = 0; ms < 1000; ms += 1) {
      made.changed('a', String(ms));
      await clock.advance(1);
    }
    expect(writes.map(([at]) => at)).toEqual(Array.from({ length: 10 }, (_, index) => (index + 1) * INTERVAL_MS));
  });

  it('write what changed during a write as soon as it is due, and at the end of that write where it is late', async () => {
    const { clock, writes, groups: made } = groups(250);
    made.changed('a', 'one');
    await clock.advance(110);
    made.changed('a', 'two');
    await clock.advance(1000);
    expect(writes).toEqual([
      [100, 'one'],
      [350, 'two'],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('are written at once for who waits, also where they were to wait', async () => {
    const { clock, writes, groups: made } = groups(10);
    made.changed('a', 'one');
    await clock.advance(105);
    made.changed('b', 'two');
    await clock.advance(10);
    expect(writes).toHaveLength(1);
    const flushed = made.flush();
    await clock.advance(10);
    expect([await flushed, writes]).toEqual([
      true,
      [
        [100, 'one'],
        [115, 'two'],
      ],
    ]);
  });

  it('leave no timer behind when they are over', async () => {
    const { clock, writes, groups: made } = groups(10);
    made.changed('a', 'one');
    made.end();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1000);
    expect([writes, await made.flush()]).toEqual([[], false]);
  });
});
