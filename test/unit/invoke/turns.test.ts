import { describe, expect, it } from 'vitest';
import { newShare, type Share, Turns } from '../../../src/invoke/turns.ts';

interface Claimant {
  readonly name: string;
  readonly share: Share;
}

/** Turns that are over at once: the names of the next `count`. */
function order(turns: Turns<Claimant>, count: number): string {
  let names = '';
  for (let times = 0; times < count; times += 1) {
    const claimant = turns.next();
    if (claimant === undefined) break;
    turns.granted(claimant);
    names += claimant.name;
  }
  return names;
}

describe('turns', () => {
  it('go round among equals, in the order in which they came', () => {
    const turns = new Turns<Claimant>();
    for (const name of ['a', 'b', 'c']) turns.enter({ name, share: newShare() });
    expect(order(turns, 7)).toBe('abcabca');
  });

  it('come as often as the weight says, and not all in a row', () => {
    const turns = new Turns<Claimant>();
    turns.enter({ name: 'a', share: newShare(3) });
    turns.enter({ name: 'b', share: newShare() });
    const names = order(turns, 400);
    expect(names.replaceAll('b', '')).toHaveLength(300);
    expect(names).not.toContain('bb');
    expect(names).not.toContain('aaaaa');
  });

  it('are not saved up by who does not ask', () => {
    const turns = new Turns<Claimant>();
    turns.enter({ name: 'a', share: newShare() });
    turns.enter({ name: 'b', share: newShare() });
    order(turns, 1000);
    turns.enter({ name: 'c', share: newShare() });
    expect(order(turns, 9).replaceAll(/[ab]/g, '')).toHaveLength(3);
  });

  it('go first to who holds least for its weight', () => {
    const turns = new Turns<Claimant>();
    const [heavy, light] = [
      { name: 'h', share: { ...newShare(4), inUse: 3 } },
      { name: 'l', share: { ...newShare(), inUse: 1 } },
    ];
    turns.enter(light);
    turns.enter(heavy);
    expect(turns.next()).toBe(heavy);
    heavy.share.inUse = 5;
    expect(turns.next()).toBe(light);
    expect(turns.next(({ name }) => name !== 'l')).toBe(heavy);
    turns.leave(light);
    turns.leave(heavy);
    expect(turns.next()).toBeUndefined();
  });
});
