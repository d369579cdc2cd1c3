import { describe, expect, it } from 'vitest';
import { ShardPace } from '../../../../adapters/source/kinesis/pace.ts';

const MIB = 1_048_576;

function read(pace: ShardPace, at: number, bytes: number): void {
  pace.begin(at);
  pace.charge(at, bytes);
}

describe("a shard's pace", () => {
  it('lets five calls through at once, the sixth a second after the first', () => {
    const pace = new ShardPace();
    for (const at of [0, 10, 20, 30, 40]) {
      expect(pace.waitMs(at)).toBe(0);
      read(pace, at, 0);
    }
    expect(pace.waitMs(50)).toBe(950);
    read(pace, 1000, 0);
    expect(pace.waitMs(1000)).toBe(10);
  });

  it('makes up for calls that came a little late, so that 2 MiB a second are reached', () => {
    const pace = new ShardPace();
    read(pace, 0, 2 * MIB);
    expect(pace.waitMs(0)).toBe(1000);
    read(pace, 1040, 2 * MIB);
    expect(pace.waitMs(1040)).toBe(960);
  });

  it('saves nothing up while it is not used', () => {
    const pace = new ShardPace();
    read(pace, 0, 2 * MIB);
    read(pace, 60_000, 2 * MIB);
    expect(pace.waitMs(60_000)).toBe(1000);
  });

  it('makes two reads pay for both of their pages', () => {
    const pace = new ShardPace();
    pace.begin(0);
    pace.begin(0);
    pace.charge(0, MIB);
    pace.charge(0, MIB);
    expect(pace.waitMs(0)).toBe(1000);
  });
});
