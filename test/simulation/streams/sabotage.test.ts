import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BREAKER_SABOTAGES } from '../breaker-sabotages.ts';
import { Workshop } from '../workshop.ts';
import { STREAM_SABOTAGES } from './sabotages.ts';
import { WINDOW_SABOTAGES } from './window-sabotages.ts';

const SEEDS = 400;
const workshop = new Workshop('streams');

beforeAll(() => {
  workshop.open();
}, 120_000);

afterAll(() => {
  workshop.close();
});

describe('the judge of streams', () => {
  it.for([...STREAM_SABOTAGES, ...WINDOW_SABOTAGES, ...BREAKER_SABOTAGES])('finds: $name', (sabotage) => {
    const text = workshop.simulate(workshop.build(sabotage), SEEDS);
    const rule = /^seed \d+ breaks (\w+)/m.exec(text)?.[1];
    expect(sabotage.rules, text).toContain(rule);
  });

  it('finds nothing in the engine as it is', () => {
    expect(workshop.simulate(workshop.sound, 40)).toContain('40 passed, 0 failed');
  });
});
