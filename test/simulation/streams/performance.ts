import type { FunctionOptions, Invocation, Outcome } from '../../../src/index.ts';
import { remoteFailure } from '../remote.ts';
import { cross, isOut, type Surroundings, strikes } from './faulty.ts';
import type { StreamFunction } from './plan.ts';
import type { StreamInvocation } from './record.ts';

/** What an invocation will do, unless it is cut off. */
export interface Script<Said> {
  readonly outcome: Outcome;
  readonly answer: Said | undefined;
  readonly afterMs: number;
  /** How long after its answer, or after it was told to stop, it really stops, ms. */
  readonly endMs: number;
  readonly stopMs: number;
  /** It does not listen, and answers after its deadline. */
  readonly isLate?: true;
}

const FAULT = 'a fault of the simulation';
export const FUNCTION_ERROR: Outcome = { kind: 'function-error', errorType: 'Error', errorMessage: FAULT };

/** How a function is registered beside its name and its time-out. */
export function limitsOf({ reserved, remote }: StreamFunction): Pick<FunctionOptions<unknown>, 'reservedConcurrentExecutions' | 'breaker'> {
  return {
    ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
    ...(remote?.breaker === undefined ? {} : { breaker: remote.breaker }),
  };
}

/** A script that does nothing but work for a while. */
export function plainScript({ random }: Surroundings, { behaviour, timeoutSeconds }: StreamFunction): Omit<Script<never>, 'outcome'> {
  const [least, most] = behaviour.workMs;
  return { afterMs: Math.min(random.integer(least, most), timeoutSeconds * 1000 - 1), answer: undefined, endMs: 0, stopMs: 0 };
}

/** What goes wrong with an invocation that begins now, whatever its records are. */
export function failingScript(
  around: Surroundings,
  { behaviour, timeoutSeconds, remote }: StreamFunction,
  base: Omit<Script<never>, 'outcome'>,
): Script<never> | undefined {
  const { random, clock, faultsEndAt } = around;
  const timeoutMs = timeoutSeconds * 1000;
  const now = clock.monotonic();
  const gone = remoteFailure(remote, { now, timeoutMs, areFaultsOn: now < faultsEndAt, random });
  if (gone !== undefined) return { ...base, ...gone };
  const late: Outcome = { kind: 'success', text: () => '' };
  const strike = (probability: number): boolean => strikes(around, probability);
  if (isOut(around, 'functions')) return { ...base, outcome: { kind: 'service-error', message: FAULT, retryAfterMs: undefined } };
  if (strike(behaviour.functionError)) return { ...base, outcome: FUNCTION_ERROR };
  if (strike(behaviour.throttled)) return { ...base, outcome: { kind: 'throttled', message: FAULT, retryAfterMs: undefined } };
  if (strike(behaviour.serviceError)) return { ...base, outcome: { kind: 'service-error', message: FAULT, retryAfterMs: undefined } };
  if (strike(behaviour.terminal)) return { ...base, outcome: { kind: 'terminal', code: 'AccessDenied', message: FAULT } };
  if (strike(behaviour.timeout)) return { ...base, outcome: late, afterMs: timeoutMs + 5000 };
  if (strike(behaviour.hang)) return { ...base, outcome: late, afterMs: timeoutMs + 5000, stopMs: behaviour.hangMs };
  return undefined;
}

/** Who hears of what an invocation does. */
export interface Audience<Said> {
  /** What it says, or that it was cut off. */
  answered(given: Outcome, said: Said | undefined): void;
  /** It says something when nobody listens any more. */
  tooLate(): void;
  ended(): void;
}

/** Does what a script says. */
export function perform<Said>(
  around: Surroundings,
  invocation: StreamInvocation,
  script: Script<Said>,
  signal: AbortSignal,
  audience: Audience<Said>,
): Invocation {
  const { life, clock } = around;
  let resolveOutcome: (outcome: Outcome) => void = () => undefined;
  let resolveEnded: () => void = () => undefined;
  const outcome = new Promise<Outcome>((resolve) => {
    resolveOutcome = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve;
  });
  const end = async (): Promise<void> => {
    await cross(around);
    life.handlers -= 1;
    audience.ended();
    resolveEnded();
  };
  const endAfter = async (ms: number): Promise<void> => {
    if (ms <= 0) await end();
    else clock.timer(ms, () => void end());
  };
  const answer = async (meant: Outcome, said: Said | undefined, endMs: number): Promise<void> => {
    if (invocation.hasAnswered) return;
    invocation.hasAnswered = true;
    await cross(around);
    // Nobody waits any more for what comes while the process is held.
    const given: Outcome = signal.aborted ? { kind: 'timeout' } : meant;
    audience.answered(given, said);
    resolveOutcome(given);
    await endAfter(endMs);
  };
  const onTime = async (): Promise<void> => {
    if (script.isLate !== true || !invocation.hasAnswered) return answer(script.outcome, script.answer, script.endMs);
    await cross(around);
    // The engine has gone on without it: what it says now must change nothing.
    audience.tooLate();
    resolveOutcome(script.outcome);
    return end();
  };
  const cancel = clock.timer(script.afterMs, () => void onTime());
  const ignore = async (): Promise<void> => {
    if (invocation.hasAnswered) return;
    invocation.hasAnswered = true;
    await cross(around);
    audience.answered({ kind: 'timeout' }, undefined);
  };
  const onAbort = (): void => {
    if (script.isLate === true) {
      void ignore();
      return;
    }
    cancel();
    void answer({ kind: 'timeout' }, undefined, script.stopMs);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return { outcome, ended };
}
