import type { SQSEvent } from 'aws-lambda';
import type { Clock, FunctionTarget, Invocation, InvocationContext, Outcome, SeededRandom } from '../../src/index.ts';
import { type Answer, brokenAnswer, conclude, doneAnswer, partialAnswer } from './answers.ts';
import type { InvocationFacts, MappingFacts, Tell } from './facts.ts';
import { type Life, never } from './life.ts';
import type { Behaviour, FunctionPlan } from './plan.ts';
import { faultOf, remoteFailure } from './remote.ts';
import { short, type Trace } from './trace.ts';

/** What a simulated function works with. */
export interface TargetParts {
  readonly life: Life;
  readonly plan: FunctionPlan;
  readonly random: SeededRandom;
  readonly clock: Clock;
  readonly tell: Tell;
  readonly trace: Trace;
  readonly faultsEndAt: number;
  readonly mappingOf: (arn: string) => MappingFacts;
  /** The function always fails this message. */
  readonly isPoison: (messageId: string) => boolean;
}

/** What an invocation will do, unless it is cut off. */
interface Script {
  readonly afterMs: number;
  readonly outcome: Outcome;
  readonly answer: Answer | undefined;
  /** How long after its answer, or after it was told to stop, it really stops, ms. */
  readonly endMs: number;
  readonly stopMs: number;
  /** It does not listen, and answers after its deadline. */
  readonly isLate?: true;
}

/** Below this no event can come near the cap. */
const SMALL_BYTES = 3_000_000;

/** A function that does what its plan and chance say. */
export class SimulatedTarget implements FunctionTarget<SQSEvent> {
  readonly remote: boolean;
  readonly #parts: TargetParts;

  constructor(parts: TargetParts) {
    this.#parts = parts;
    this.remote = parts.plan.remote !== undefined;
  }

  invoke(event: SQSEvent, context: InvocationContext): Invocation {
    const { life, tell, trace, plan } = this.#parts;
    if (!life.touch()) return { outcome: never(), ended: never() };
    const invocation = this.#facts(event, context);
    const ids = invocation.records.map(({ messageId }) => messageId);
    trace.note(plan.name, `invoked with ${short(ids)}, try ${String(context.attempt)}`);
    life.handlers += 1;
    tell('invoked', invocation);
    return this.#perform(invocation, this.#script(invocation), context.signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #facts(event: SQSEvent, context: InvocationContext): InvocationFacts {
    const { life, clock, mappingOf } = this.#parts;
    const mapping = mappingOf(event.Records[0]?.eventSourceARN ?? '');
    const bound = event.Records.reduce((sum, { body }) => sum + body.length * 6 + 4000, 0);
    return {
      life,
      mapping,
      requestId: context.requestId,
      attempt: context.attempt,
      startedAt: clock.monotonic(),
      records: event.Records.map(({ messageId, receiptHandle, attributes }) => ({
        messageId,
        receiptHandle,
        groupId: mapping.fifo ? attributes['MessageGroupId'] : undefined,
      })),
      bytes: bound < SMALL_BYTES ? bound : Buffer.byteLength(JSON.stringify(event)),
      answered: false,
      ended: false,
    };
  }

  #perform(invocation: InvocationFacts, script: Script, signal: AbortSignal): Invocation {
    const { life, clock, tell, trace, plan } = this.#parts;
    let resolveOutcome: (outcome: Outcome) => void = () => undefined;
    let resolveEnded: () => void = () => undefined;
    const outcome = new Promise<Outcome>((resolve) => {
      resolveOutcome = resolve;
    });
    const ended = new Promise<void>((resolve) => {
      resolveEnded = resolve;
    });
    const end = (): void => {
      if (invocation.ended || !life.touch()) return;
      invocation.ended = true;
      life.handlers -= 1;
      trace.note(plan.name, `stopped, request ${invocation.requestId.slice(0, 4)}`);
      tell('ended', { invocation });
      resolveEnded();
    };
    const endAfter = (ms: number): void => {
      if (ms <= 0) end();
      else clock.timer(ms, end);
    };
    const answer = (given: Outcome, concluded: { handled: readonly string[]; listed: readonly string[] }, endMs: number): void => {
      if (invocation.answered || !life.touch()) return;
      invocation.answered = true;
      trace.note(plan.name, `answers ${given.kind}, request ${invocation.requestId.slice(0, 4)}`);
      tell('answered', { invocation, kind: given.kind, fault: faultOf(given), ...concluded });
      resolveOutcome(given);
      endAfter(endMs);
    };
    const cancel = clock.timer(script.afterMs, () => {
      if (script.isLate === true && invocation.answered) {
        // The engine has gone on without it: what it says now must change nothing.
        trace.note(plan.name, `answers too late, request ${invocation.requestId.slice(0, 4)}`);
        resolveOutcome(script.outcome);
        end();
        return;
      }
      const none = { handled: [], listed: [] };
      answer(
        script.outcome,
        script.answer === undefined ? none : conclude(script.answer, invocation.records, invocation.mapping),
        script.endMs,
      );
    });
    const onAbort = (): void => {
      if (script.isLate === true) {
        if (!life.touch()) return;
        invocation.answered = true;
        tell('answered', { invocation, kind: 'timeout', fault: 'reached', handled: [], listed: [] });
        return;
      }
      cancel();
      answer({ kind: 'timeout' }, { handled: [], listed: [] }, script.stopMs);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    return { outcome, ended };
  }

  #script(invocation: InvocationFacts): Script {
    const { random, clock, faultsEndAt, plan, isPoison } = this.#parts;
    const { behaviour, timeoutSeconds } = plan;
    const areFaultsOn = clock.monotonic() < faultsEndAt;
    const [least, most] = behaviour.workMs;
    const afterMs = Math.min(random.integer(least, most), timeoutSeconds * 1000 - 1);
    const base = { afterMs, answer: undefined, endMs: 0, stopMs: 0 };
    const poison = invocation.records.filter(({ messageId }) => isPoison(messageId)).map(({ messageId }) => messageId);
    const gone = remoteFailure(plan.remote, { now: clock.monotonic(), timeoutMs: timeoutSeconds * 1000, areFaultsOn, random });
    if (gone !== undefined) return { ...base, ...gone };
    const failure = areFaultsOn ? this.#failure(behaviour, base) : undefined;
    if (failure !== undefined) return failure;
    const { partial } = invocation.mapping;
    const answer = this.#answer(invocation, poison, areFaultsOn);
    if (poison.length > 0 && !partial) {
      return { ...base, outcome: { kind: 'function-error', errorType: 'Error', errorMessage: 'poison' } };
    }
    const endMs = areFaultsOn && random.chance(behaviour.lateEnd) ? random.integer(1, 3000) : 0;
    return { ...base, answer, endMs, outcome: { kind: 'success', text: answer.text } };
  }

  #answer({ records }: InvocationFacts, poison: readonly string[], areFaultsOn: boolean): Answer {
    const { random, plan } = this.#parts;
    const { partial, odd } = plan.behaviour;
    const ids = records.map(({ messageId }) => messageId);
    if (areFaultsOn && odd > 0 && random.chance(odd)) return brokenAnswer(random, ids);
    const failed =
      areFaultsOn && partial > 0 && random.chance(partial) ? ids.filter((id) => poison.includes(id) || random.chance(0.4)) : poison;
    return failed.length > 0 ? partialAnswer(random, failed) : doneAnswer(random);
  }

  #failure(behaviour: Behaviour, base: Omit<Script, 'outcome'>): Script | undefined {
    const { random, plan } = this.#parts;
    const timeoutMs = plan.timeoutSeconds * 1000;
    const retryAfterMs = random.chance(0.3) ? random.integer(0, 30_000) : undefined;
    const message = 'a fault of the simulation';
    if (random.chance(behaviour.functionError))
      return { ...base, outcome: { kind: 'function-error', errorType: 'Error', errorMessage: message } };
    if (random.chance(behaviour.throttled)) return { ...base, outcome: { kind: 'throttled', message, retryAfterMs } };
    if (random.chance(behaviour.serviceError)) return { ...base, outcome: { kind: 'service-error', message, retryAfterMs } };
    if (random.chance(behaviour.terminal)) return { ...base, outcome: { kind: 'terminal', code: 'AccessDenied', message } };
    const late: Outcome = { kind: 'success', text: () => '' };
    const lateAnswer: Answer = { text: () => '', failed: [] };
    if (random.chance(behaviour.timeout)) {
      return {
        ...base,
        afterMs: timeoutMs + random.integer(0, 5000),
        outcome: late,
        answer: lateAnswer,
        stopMs: random.pick([0, 0, 50, 3000]),
      };
    }
    if (random.chance(behaviour.hang)) {
      const hangMs = random.integer(1000, behaviour.hangMs);
      return { ...base, afterMs: timeoutMs + hangMs, outcome: late, answer: lateAnswer, stopMs: hangMs };
    }
    return undefined;
  }
}
