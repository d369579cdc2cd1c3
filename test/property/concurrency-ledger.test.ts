import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConcurrencyLedger, type Credit } from '../../src/invoke/index.ts';

const MAPPINGS = ['a', 'b', 'c'] as const;
type Mapping = (typeof MAPPINGS)[number];

/** The obvious model: a line for each mapping, and a turn that goes round among those who wait. */
class Model {
  readonly limit: number;
  inUse = 0;
  lines: { readonly mapping: Mapping; readonly asks: number[] }[] = [];
  readonly granted: number[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  ask(mapping: Mapping, serial: number): void {
    if (this.inUse < this.limit && this.lines.length === 0) this.grant(serial);
    else {
      const line = this.lines.find((one) => one.mapping === mapping);
      if (line === undefined) this.lines.push({ mapping, asks: [serial] });
      else line.asks.push(serial);
    }
  }

  cancel(serial: number): void {
    this.lines = this.lines
      .map(({ mapping, asks }) => ({ mapping, asks: asks.filter((one) => one !== serial) }))
      .filter(({ asks }) => asks.length > 0);
  }

  release(): void {
    this.inUse -= 1;
    const [line, ...others] = this.lines;
    if (line === undefined) return;
    const [serial, ...rest] = line.asks;
    this.lines = rest.length > 0 ? [...others, { mapping: line.mapping, asks: rest }] : others;
    this.grant(serial ?? 0);
  }

  grant(serial: number): void {
    this.inUse += 1;
    this.granted.push(serial);
  }
}

type Step = { readonly kind: 'ask'; readonly mapping: Mapping } | { readonly kind: 'release' | 'cancel'; readonly which: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), mapping: fc.constantFrom(...MAPPINGS) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(9) }) },
  ),
  { maxLength: 60 },
);

describe('the ledger of a function', () => {
  it('grants what a model with one line per mapping grants, in its order, and never beyond the limit', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (plan, limit) => {
        const ledger = new ConcurrencyLedger(limit);
        const model = new Model(limit);
        const held: Credit[] = [];
        const granted: number[] = [];
        const cancels: (() => void)[] = [];
        for (const step of plan) {
          if (step.kind === 'ask') {
            const serial = cancels.length;
            const { credit, cancel } = ledger.acquire(step.mapping);
            cancels.push(cancel);
            void credit.then((got) => {
              if (got === undefined) return;
              granted.push(serial);
              held.push(got);
            });
            model.ask(step.mapping, serial);
          } else if (step.kind === 'release') {
            const [credit] = held.splice(step.which % Math.max(1, held.length), 1);
            if (credit !== undefined) model.release();
            credit?.release();
          } else if (cancels.length > 0) {
            const serial = step.which % cancels.length;
            model.cancel(serial);
            cancels[serial]?.();
          }
          await Promise.resolve();
          expect(granted).toEqual(model.granted);
          expect(ledger.inUse).toBe(model.inUse);
          expect(ledger.inUse).toBeLessThanOrEqual(limit);
          expect(ledger.isContended).toBe(model.lines.length > 0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
