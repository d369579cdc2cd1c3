import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BREAKER_DEFAULTS, CircuitBreaker } from '../../src/invoke/circuit-breaker.ts';

type Step =
  | { readonly kind: 'enter' }
  | { readonly kind: 'end'; readonly which: number; readonly fault: 'reached' | 'throttled' | 'failed' }
  | { readonly kind: 'giveBack' }
  | { readonly kind: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: 'enter' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      which: fc.nat(20),
      fault: fc.constantFrom('reached' as const, 'failed' as const, 'failed' as const, 'throttled' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'giveBack' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 100, 1000, 70_000) }) },
);

/** What a breaker was asked and told, and what must hold of it at every step. */
class Watch {
  readonly breaker: CircuitBreaker;
  now = 0;
  /** Terms of invocations that run. */
  running: number[] = [];
  trial: number | undefined;
  openedAt: number | undefined;

  constructor(failures: number) {
    this.breaker = new CircuitBreaker({ ...BREAKER_DEFAULTS, failures });
  }

  enter(): void {
    const { kind } = this.breaker.state;
    const entry = this.breaker.enter(this.now);
    if (kind === 'closed') expect(entry).toBe('pass');
    else expect(entry).not.toBe('pass');
    if (entry === 'trial') {
      // K2: never two at once, and never before the pause is over.
      expect(this.trial).toBeUndefined();
      expect(this.now - (this.openedAt ?? 0)).toBeGreaterThanOrEqual(BREAKER_DEFAULTS.pause.baseMs / 2);
      this.trial = this.breaker.term;
    }
    if (entry !== 'wait') this.running.push(this.breaker.term);
  }

  end(which: number, fault: 'reached' | 'throttled' | 'failed', chance: number): void {
    const [term] = this.running.splice(which % Math.max(1, this.running.length), 1);
    if (term === undefined) return;
    const before = this.breaker.state;
    const hasChanged = this.breaker.ended({ term, fault, now: this.now, chance, retryAfterMs: undefined });
    const { state } = this.breaker;
    if (!hasChanged) expect(state).toBe(before);
    // K3: what was reached never opens it.
    if (fault === 'reached') expect(state.kind === 'open' && before.kind !== 'open').toBe(false);
    if (term === this.trial) {
      expect(hasChanged).toBe(true);
      expect(state.kind).toBe(fault === 'reached' ? 'closed' : 'open');
      this.trial = undefined;
    } else if (before.kind !== 'closed') expect(hasChanged).toBe(false);
    if (hasChanged && state.kind === 'open') {
      this.openedAt = this.now;
      expect(state.until - this.now).toBeLessThanOrEqual(BREAKER_DEFAULTS.pause.capMs);
    }
  }

  giveBack(chance: number): void {
    const { trial } = this;
    if (trial === undefined) return;
    expect(this.breaker.giveBack(trial, this.now, chance)).toBe(true);
    this.running = this.running.filter((term) => term !== trial);
    this.trial = undefined;
  }
}

describe('the breaker of a function', () => {
  it('goes from closed to open to one trial and back, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 1, max: 6 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (plan, failures, chance) => {
          const watch = new Watch(failures);
          for (const one of plan) {
            if (one.kind === 'enter') watch.enter();
            else if (one.kind === 'end') watch.end(one.which, one.fault, chance);
            else if (one.kind === 'giveBack') watch.giveBack(chance);
            else watch.now += one.ms;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('closes again after any history, once the target works', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (plan) => {
        const watch = new Watch(2);
        for (const one of plan) {
          if (one.kind === 'enter') watch.enter();
          else if (one.kind === 'end') watch.end(one.which, one.fault, 0.5);
          else if (one.kind === 'giveBack') watch.giveBack(0.5);
          else watch.now += one.ms;
        }
        watch.giveBack(0.5);
        watch.now += 2 * BREAKER_DEFAULTS.pause.capMs;
        watch.enter();
        if (watch.trial !== undefined) watch.end(watch.running.indexOf(watch.trial), 'reached', 0.5);
        expect(watch.breaker.isClosed).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
