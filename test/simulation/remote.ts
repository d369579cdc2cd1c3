import type { Outcome, SeededRandom } from '../../src/index.ts';
import type { Outage, RemotePlan } from './plan.ts';

/** What an outcome says of the target itself, as a reader of the rules concludes it; not what the engine does. */
export type Fault = 'reached' | 'throttled' | 'failed';

/** How long after its deadline a late answer comes at most, ms. */
const LATE_MS_MAX = 8000;

const OUTAGES: Readonly<Record<Outage['kind'], Outcome>> = {
  refused: { kind: 'service-error', message: 'connect ECONNREFUSED', retryAfterMs: undefined },
  throttled: { kind: 'throttled', message: '429', retryAfterMs: undefined },
  init: { kind: 'function-error', errorType: 'Error', errorMessage: 'no database', duringInit: true },
};

/** What a remote target does instead of its work. */
export interface RemoteFailure {
  readonly outcome: Outcome;
  /** When, ms; `undefined`: when it would have answered. */
  readonly afterMs?: number;
  /** It does not listen, and answers after its deadline. */
  readonly isLate?: true;
}

/** What is wrong with a target at `now`, if anything; without `areFaultsOn` only outages are. */
export function remoteFailure(
  remote: RemotePlan | undefined,
  { now, timeoutMs, areFaultsOn, random }: { now: number; timeoutMs: number; areFaultsOn: boolean; random: SeededRandom },
): RemoteFailure | undefined {
  if (remote === undefined) return undefined;
  const outage = remote.outages.find(({ from, to }) => from <= now && now < to);
  if (outage !== undefined) return { outcome: OUTAGES[outage.kind], afterMs: random.integer(0, 20) };
  if (!areFaultsOn) return undefined;
  if (random.chance(remote.crash)) {
    return { outcome: { kind: 'function-error', errorType: 'Runtime.ExitError', errorMessage: 'exit status 1' } };
  }
  if (!random.chance(remote.late)) return undefined;
  return { outcome: { kind: 'success', text: () => '' }, afterMs: timeoutMs + random.integer(1, LATE_MS_MAX), isLate: true };
}

export function faultOf(outcome: Outcome): Fault {
  if (outcome.kind === 'throttled') return 'throttled';
  if (outcome.kind === 'service-error' || outcome.kind === 'terminal') return 'failed';
  return outcome.kind === 'function-error' && outcome.duringInit === true ? 'failed' : 'reached';
}
