import { describe, expect, it } from 'vitest';
import { OTHERS } from '../../bench/measurement.ts';
import { suiteNames, usageOr } from '../../bench/options.ts';
import { asText } from '../../bench/report.ts';
import { bar, best, limit, summarize } from '../../bench/statistics.ts';

const rates = (name: string, ...values: number[]): ReturnType<typeof summarize> =>
  summarize(
    name,
    values.map((value) => ({ rate: value })),
  );

describe('the statistics of a benchmark', () => {
  it('take the middle, or the mean of the two in the middle', () => {
    expect(rates('odd', 90, 110, 100)).toMatchObject({ medians: { rate: 100 }, spreads: { rate: 0.2 } });
    expect(rates('even', 4, 1, 2, 3).medians).toEqual({ rate: 2.5 });
  });

  it('compare within each round, so that what slows a whole round changes no ratio', () => {
    const found = bar({ name: 'ours / theirs', figure: 'rate', ours: rates('a', 100, 50, 10), theirs: rates('b', 100, 50, 10), least: 1 });
    expect(found).toMatchObject({ ratio: 1, held: true, noisy: false });
  });

  it('leave out what others disturbed, as long as three rounds remain', () => {
    const ours = [100, 100, 100, 20].map((rate, index) => ({ rate, [OTHERS]: index === 3 ? 90 : 0 }));
    const theirs = [100, 100, 100, 100].map((rate) => ({ rate, [OTHERS]: 0 }));
    const compare = (count: number): number[] => [
      ...bar({ name: '', figure: 'rate', ours: summarize('a', ours.slice(-count)), theirs: summarize('b', theirs.slice(-count)) }).rounds,
    ];
    expect(compare(4)).toEqual([1, 1, 1]);
    expect(compare(3)).toEqual([1, 1, 0.2]);
    expect(summarize('a', ours)).toMatchObject({ calm: 3, medians: { rate: 100 }, spreads: { rate: 0 } });
  });

  it('hold a bar on both of its sides', () => {
    const ours = rates('a', 9, 9, 9);
    const theirs = rates('b', 10, 10, 10);
    expect(bar({ name: '', figure: 'rate', ours, theirs, least: 0.9 }).held).toBe(true);
    expect(bar({ name: '', figure: 'rate', ours, theirs, least: 0.95 }).held).toBe(false);
    expect(bar({ name: '', figure: 'rate', ours: theirs, theirs: ours, most: 1.1 }).held).toBe(false);
  });

  it('let a ceiling stand for a peer that is above it', () => {
    const found = bar({ name: '', figure: 'rate', ours: rates('a', 9), theirs: rates('b', 100), least: 0.9, cap: 10 });
    expect(found).toMatchObject({ ratio: 0.9, held: true });
  });

  it('hold a figure itself, or its share of what is possible', () => {
    expect(limit({ name: '', figure: 'rate', ours: rates('a', 1, 2, 3), most: 2 })).toMatchObject({ ratio: 2, held: true });
    expect(limit({ name: '', figure: 'rate', ours: rates('a', 9), unit: 10, least: 0.95 })).toMatchObject({ ratio: 0.9, held: false });
  });

  it('call what differs from round to round noisy, in bars and in tables', () => {
    const ours = rates('a', 10, 12);
    const bars = [bar({ name: 'a / b', figure: 'rate', ours, theirs: rates('b', 10, 10), least: 2 })];
    const text = asText({ suite: 's', notes: [], comparisons: [{ title: 't', conditions: 'c', contestants: [ours] }], bars });
    expect(text).toContain('11.0 (18 %, noisy)');
    expect(text).toContain('MISSED a / b: 1.100 (1.00 to 1.20, noisy), at least 2');
  });

  it('find the strongest peer', () => {
    expect(best([rates('a', 1, 2, 3), rates('b', 5, 5, 1), rates('c', 4, 4, 4)], 'rate')?.name).toBe('b');
    expect(best([], 'rate')).toBeUndefined();
  });
});

describe('the words of the command', () => {
  it('measure every suite unless some are named', () => {
    expect(usageOr([])).toMatchObject({ suites: suiteNames, short: false, strict: false });
    expect(usageOr(['sqs', '--short', '--json', 'file'])).toMatchObject({ suites: ['sqs'], short: true, json: 'file' });
  });

  it('are refused with the reason when they mean nothing', () => {
    expect(usageOr(['pulsar'])).toBe('there is no suite pulsar');
    expect(usageOr(['--rounds', 'many'])).toBe('--rounds must be a whole number from 1');
    expect(usageOr(['--fast'])).toContain("Unknown option '--fast'");
  });
});
