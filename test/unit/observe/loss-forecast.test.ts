import { describe, expect, it } from 'vitest';
import { LossForecast } from '../../../src/observe/loss-forecast.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Looks every minute for so long; the last answer. */
function after(minutes: number, lagAt: (minute: number) => number | undefined, forecast = new LossForecast()): number | undefined {
  let answer: number | undefined;
  for (let minute = 0; minute <= minutes; minute += 1) answer = forecast.look(lagAt(minute), DAY, minute * MINUTE);
  return answer;
}

describe('the forecast of a loss', () => {
  it('is what is left of the retention while nothing is done', () => {
    expect(after(60, (minute) => minute * MINUTE)).toBeCloseTo((DAY - 60 * MINUTE) / 1000, 3);
  });

  it('is twice as far away while half of what comes is done', () => {
    expect(after(60, (minute) => (minute * MINUTE) / 2)).toBeCloseTo((2 * (DAY - 30 * MINUTE)) / 1000, 3);
  });

  it('is never while lag stays or shrinks, at the tip, and where the lag is not known', () => {
    expect(after(60, () => 5 * MINUTE)).toBeUndefined();
    expect(after(60, (minute) => (100 - minute) * MINUTE)).toBeUndefined();
    expect(after(60, () => 0)).toBeUndefined();
    expect(after(60, () => undefined)).toBeUndefined();
  });

  it('takes a lag that becomes known late, or old records that come late, for no faster loss than standing still', () => {
    const forecast = new LossForecast();
    forecast.look(0, DAY, 0);
    expect(forecast.look(61_000, DAY, 10_000)).toBeCloseTo((DAY - 61_000) / 1000, 3);
    expect(forecast.look(6 * 60 * MINUTE, DAY, 20_000)).toBeCloseTo((18 * 60 * MINUTE) / 1000, 3);
  });

  it('is now when the oldest record is as old as what is kept', () => {
    expect(after(1, () => DAY)).toBe(0);
  });

  it('forgets in minutes how it was before', () => {
    const forecast = new LossForecast();
    after(60, (minute) => minute * MINUTE, forecast);
    let answer: number | undefined;
    for (let minute = 61; minute < 100; minute += 1) answer = forecast.look(60 * MINUTE - (minute - 60) * MINUTE, DAY, minute * MINUTE);
    expect(answer).toBeUndefined();
  });
});
