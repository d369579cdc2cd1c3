/**
 * How an invocation may come out, a row each: what happens at or behind a target, and the kind of outcome by which the engine
 * tells it from all others. Every target takes part with a factory that brings about what can happen to it.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { FunctionTarget, Outcome } from '../../src/index.ts';
import { faultOf, type TargetFault } from '../../src/invoke/target-fault.ts';
import { invocationContext } from './target-suite.ts';

/** What happens, and what the engine is told of it. */
export const OUTCOMES = {
  'the function returns': 'success',
  'the function fails': 'function-error',
  'the function cannot be loaded': 'function-error',
  'the answer is longer than may be read': 'function-error',
  'the function does not answer before the deadline': 'timeout',
  'the function was ended elsewhere at its own time-out': 'timeout',
  'there is no capacity': 'throttled',
  'the service fails': 'service-error',
  'nobody listens': 'service-error',
  'the connection is lost': 'service-error',
  'the answer is no answer': 'service-error',
  'there is no such function': 'terminal',
  'access is denied': 'terminal',
  'the service refuses the event for its size': 'terminal',
  'the event has no JSON': 'terminal',
} as const satisfies Readonly<Record<string, Outcome['kind']>>;

/** What of it is the target's, so that its breaker opens. All else says nothing against the target. */
const OF_THE_TARGET: Readonly<Partial<Record<Happening, TargetFault>>> = {
  'the function cannot be loaded': 'failed',
  'there is no capacity': 'throttled',
  'the service fails': 'failed',
  'nobody listens': 'failed',
  'the connection is lost': 'failed',
  'the answer is no answer': 'failed',
  'there is no such function': 'failed',
  'access is denied': 'failed',
};

/** One row. */
export type Happening = keyof typeof OUTCOMES;

/** Rows that a target cannot meet, each with the reason. */
export type Impossible = Readonly<Partial<Record<Happening, string>>>;

/** A target to which one thing happens, whatever it is invoked with. */
export interface OutcomeRig {
  readonly target: FunctionTarget;
  dispose(): Promise<void>;
}

/** Declares the table for one target. `make` is asked for every row that is not impossible. */
export function outcomeTable(name: string, make: (happening: Happening) => Promise<OutcomeRig>, impossible: Impossible = {}): void {
  describe(`outcomes: ${name}`, () => {
    const rigs: OutcomeRig[] = [];
    afterEach(async () => {
      await Promise.all(rigs.splice(0).map((rig) => rig.dispose()));
    });

    const rows = (Object.keys(OUTCOMES) as Happening[]).filter((happening) => impossible[happening] === undefined);
    test.each(rows.map((happening) => [happening, OUTCOMES[happening]] as const))('%s: %s', async (happening, kind) => {
      const rig = await make(happening);
      rigs.push(rig);
      const deadline = new AbortController();
      const event = happening === 'the event has no JSON' ? { id: 1n } : { Records: [] };
      const { outcome, ended } = rig.target.invoke(event, invocationContext(deadline.signal));
      if (happening === 'the function does not answer before the deadline') setImmediate(() => deadline.abort());
      const told = await outcome;
      expect(told.kind).toBe(kind);
      expect(faultOf(told)).toBe(OF_THE_TARGET[happening] ?? 'reached');
      // Nothing else of it is told later, and it ends.
      await ended;
      expect(await outcome).toBe(told);
    });

    test('has a reason for every row that is left out', () => {
      expect(Object.values(impossible).filter((reason) => reason.length < 10)).toEqual([]);
    });
  });
}
