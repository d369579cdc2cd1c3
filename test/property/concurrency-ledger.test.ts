import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccountLedger, ConcurrencyLedger, type Credit } from '../../src/invoke/index.ts';

/** Mappings of two functions: `fa` is mapping a of function f. */
const NAMES = ['fa', 'fb', 'fc', 'ga', 'gb'] as const;
type Name = (typeof NAMES)[number];

interface Ask {
  readonly name: Name;
  readonly serial: number;
}

/** What is held and what waits, as plain lists. */
class Model {
  readonly weights: Record<Name, number>;
  readonly limits: { readonly account: number; readonly f: number; readonly g: number };
  held: Ask[] = [];
  waiting: Ask[] = [];

  constructor(weights: Record<Name, number>, limits: Model['limits']) {
    this.weights = weights;
    this.limits = limits;
  }

  inUse(prefix: string): number {
    return this.held.filter(({ name }) => name.startsWith(prefix)).length;
  }

  functionOf(name: Name): 'f' | 'g' {
    return name.startsWith('f') ? 'f' : 'g';
  }

  hasRoom(name: Name): boolean {
    const owner = this.functionOf(name);
    return this.held.length < this.limits.account && this.inUse(owner) < this.limits[owner];
  }

  /** Whether a grant of a free credit was fair: the account's turn for the functions, the function's for its mappings. */
  isFair({ name }: Ask, could: readonly Ask[]): boolean {
    const owner = this.functionOf(name);
    const isLeastFunction = could.every((other) => this.inUse(owner) <= this.inUse(this.functionOf(other.name)));
    const shareOf = (one: Name): number => this.inUse(one) / this.weights[one];
    const rivals = could.filter((other) => this.functionOf(other.name) === owner);
    return isLeastFunction && rivals.every((other) => shareOf(name) <= shareOf(other.name));
  }
}

type Step = { readonly kind: 'ask'; readonly name: Name } | { readonly kind: 'release' | 'cancel'; readonly which: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), name: fc.constantFrom(...NAMES) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(9) }) },
  ),
  { maxLength: 80 },
);
const weight = fc.constantFrom(1, 1, 2, 5, 0.5);
const weights = fc.record({ fa: weight, fb: weight, fc: weight, ga: weight, gb: weight });
const limits = fc.record({ account: fc.integer({ min: 1, max: 6 }), f: fc.integer({ min: 1, max: 4 }), g: fc.integer({ min: 1, max: 4 }) });

describe('the ledgers of an engine', () => {
  it('never go beyond a limit, leave nothing free while somebody could use it, and give it to who holds least', async () => {
    await fc.assert(
      fc.asyncProperty(steps, weights, limits, async (plan, given, bounds) => {
        const account = new AccountLedger(bounds.account);
        const ledgers = { f: new ConcurrencyLedger(bounds.f, account), g: new ConcurrencyLedger(bounds.g, account) };
        const model = new Model(given, bounds);
        for (const name of NAMES) ledgers[model.functionOf(name)].weigh(name, given[name]);
        const credits = new Map<number, Credit>();
        const cancels: (() => void)[] = [];
        const granted: Ask[] = [];
        for (const step of plan) {
          if (step.kind === 'ask') {
            const ask = { name: step.name, serial: cancels.length };
            model.waiting.push(ask);
            const { credit, cancel } = ledgers[model.functionOf(step.name)].acquire(step.name);
            cancels.push(cancel);
            void credit.then((got) => {
              if (got === undefined) return;
              credits.set(ask.serial, got);
              granted.push(ask);
            });
          } else if (step.kind === 'release' && model.held.length > 0) {
            const [ask] = model.held.splice(step.which % model.held.length, 1);
            credits.get(ask?.serial ?? -1)?.release();
          } else if (step.kind === 'cancel' && cancels.length > 0) {
            const serial = step.which % cancels.length;
            model.waiting = model.waiting.filter((ask) => ask.serial !== serial);
            cancels[serial]?.();
          }
          await Promise.resolve();
          for (const ask of granted.splice(0)) {
            const could = model.waiting.filter(({ name }) => model.hasRoom(name));
            expect(could).toContainEqual(ask);
            expect(model.isFair(ask, could)).toBe(true);
            const sameLine = model.waiting.filter(({ name }) => name === ask.name);
            expect(sameLine[0]).toEqual(ask);
            model.waiting = model.waiting.filter(({ serial }) => serial !== ask.serial);
            model.held.push(ask);
          }
          expect(model.waiting.filter(({ name }) => model.hasRoom(name))).toEqual([]);
          expect(account.inUse).toBe(model.held.length);
          for (const owner of ['f', 'g'] as const) {
            expect(ledgers[owner].inUse).toBe(model.inUse(owner));
            expect(ledgers[owner].inUse).toBeLessThanOrEqual(bounds[owner]);
            expect(ledgers[owner].isContended).toBe(model.waiting.some(({ name }) => model.functionOf(name) === owner));
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('starve no mapping: over a long time each gets its part by weight, however long the work of the others takes', async () => {
    const work = fc.record({ weight: fc.constantFrom(1, 2, 4), holds: fc.integer({ min: 1, max: 20 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(work, { minLength: 2, maxLength: 5 }), fc.integer({ min: 1, max: 8 }), async (mappings, limit) => {
        const ledger = new ConcurrencyLedger(limit);
        const got = mappings.map(() => 0);
        const held: { readonly credit: Credit; readonly until: number }[] = [];
        let tick = 0;
        const always = async (index: number, holds: number): Promise<void> => {
          for (;;) {
            const credit = await ledger.acquire(`m${String(index)}`).credit;
            if (credit === undefined) return;
            got[index] = (got[index] ?? 0) + 1;
            held.push({ credit, until: tick + holds });
          }
        };
        mappings.forEach((mapping, index) => {
          ledger.weigh(`m${String(index)}`, mapping.weight);
          for (let slot = 0; slot < limit; slot += 1) void always(index, mapping.holds);
        });
        const ticks = 1000;
        for (; tick < ticks; tick += 1) {
          for (const one of held.filter(({ until }) => until <= tick)) {
            held.splice(held.indexOf(one), 1);
            one.credit.release();
            for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
          }
          await Promise.resolve();
        }
        const longest = Math.max(...mappings.map(({ holds }) => holds));
        for (const count of got) expect(count).toBeGreaterThanOrEqual(Math.floor(ticks / (longest * mappings.length * 4)) - 1);
        expect(Math.min(...got)).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });
});
