import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BREAKER_SABOTAGES } from './breaker-sabotages.ts';
import { SABOTAGES } from './sabotages.ts';
import { Workshop } from './workshop.ts';

const SEEDS = 200;
const workshop = new Workshop('queues');

beforeAll(() => {
  workshop.open();
}, 120_000);

afterAll(() => {
  workshop.close();
});

describe('the judge', () => {
  it.for([...SABOTAGES, ...BREAKER_SABOTAGES])('finds: $name', (sabotage) => {
    const text = workshop.simulate(workshop.build(sabotage), SEEDS);
    const rule = /^seed \d+ breaks (\w+)/m.exec(text)?.[1];
    expect(sabotage.rules, text).toContain(rule);
  });

  it('finds nothing in the engine as it is', () => {
    expect(workshop.simulate(workshop.sound, 40)).toContain('40 passed, 0 failed');
  });
});
