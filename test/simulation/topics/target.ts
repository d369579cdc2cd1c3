import type { SelfManagedKafkaEvent } from 'aws-lambda';
import type { FunctionTarget, Invocation, InvocationContext, Outcome } from '../../../src/index.ts';
import { type Answer, doneAnswer } from '../answers.ts';
import { never } from '../life.ts';
import { cross, isOut, strikes } from '../streams/faulty.ts';
import type { StreamFunction } from '../streams/plan.ts';
import { type Offered, textOf } from '../streams/record.ts';
import { short, type Trace } from '../trace.ts';
import { brokenTopicAnswer, type Named, partialTopicAnswer } from './answers.ts';
import type { TopicSurroundings } from './faulty-topic.ts';
import type { TopicInvocation } from './judge/index.ts';

/** What an invocation will do, unless it is cut off. */
interface Script {
  readonly outcome: Outcome;
  readonly answer: Answer | undefined;
  readonly afterMs: number;
  readonly endMs: number;
  readonly stopMs: number;
}

/** The function as one process calls it; it does what its plan and chance say. */
export class TopicTarget implements FunctionTarget<SelfManagedKafkaEvent> {
  readonly #around: TopicSurroundings;
  readonly #plan: StreamFunction;
  readonly #trace: Trace;

  constructor(around: TopicSurroundings, plan: StreamFunction, trace: Trace) {
    this.#around = around;
    this.#plan = plan;
    this.#trace = trace;
  }

  invoke(event: SelfManagedKafkaEvent, context: InvocationContext): Invocation {
    const { life, judge } = this.#around;
    if (!life.touch()) return { outcome: never(), ended: never() };
    const [[shardId, shown] = ['', []], ...others] = Object.entries(event.records);
    if (others.length > 0) judge.bench.court.fail('R2', 'an event has records of several partitions');
    const records = shown.map(({ value }) => judge.records.get(textOf(value)));
    const isOther = records.some(
      ({ data, sequenceNumber }, index) => shown[index]?.value !== data || String(shown[index].offset) !== sequenceNumber,
    );
    if (isOther) judge.bench.court.fail('R1', 'a record is not what was produced');
    const invocation = judge.invocation(life, shardId, records, context.requestId, context.signal);
    const names = records.map(({ text }) => text);
    this.#trace.note(
      this.#who,
      `invoked with ${short(names)} of ${shardId}, try ${String(context.attempt)}, request ${context.requestId.slice(0, 4)}`,
    );
    life.handlers += 1;
    judge.invoked(invocation);
    if (records.some(({ killer, isFinished }) => killer && !isFinished)) {
      life.end();
      return { outcome: never(), ended: never() };
    }
    return this.#perform(invocation, this.#script(records), context.signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get #who(): string {
    return `p${String(this.#around.life.number)}`;
  }

  #perform(invocation: TopicInvocation, script: Script, signal: AbortSignal): Invocation {
    const { life, clock, judge } = this.#around;
    let resolveOutcome: (outcome: Outcome) => void = () => undefined;
    let resolveEnded: () => void = () => undefined;
    const outcome = new Promise<Outcome>((resolve) => {
      resolveOutcome = resolve;
    });
    const ended = new Promise<void>((resolve) => {
      resolveEnded = resolve;
    });
    const end = async (): Promise<void> => {
      await cross(this.#around);
      life.handlers -= 1;
      judge.ended(invocation);
      resolveEnded();
    };
    const answer = async (meant: Outcome, said: Answer | undefined, endMs: number): Promise<void> => {
      if (invocation.hasAnswered) return;
      invocation.hasAnswered = true;
      await cross(this.#around);
      // Nobody waits any more for what comes while the process is held.
      const given: Outcome = signal.aborted ? { kind: 'timeout' } : meant;
      const concluded = conclude(judge.bench.mapping.fields.partial, invocation.records, given, said);
      const request = invocation.requestId.slice(0, 4);
      this.#trace.note(this.#who, `answers ${given.kind}, ${String(concluded.handled)} done, request ${request}`);
      judge.answered(invocation, concluded);
      resolveOutcome(given);
      if (endMs <= 0) await end();
      else clock.timer(endMs, () => void end());
    };
    const cancel = clock.timer(script.afterMs, () => void answer(script.outcome, script.answer, script.endMs));
    const onAbort = (): void => {
      cancel();
      void answer({ kind: 'timeout' }, undefined, script.stopMs);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    return { outcome, ended };
  }

  #script(records: readonly Offered[]): Script {
    const { random, judge, clock, faultsEndAt } = this.#around;
    const { behaviour, timeoutSeconds } = this.#plan;
    const [least, most] = behaviour.workMs;
    const base = { afterMs: Math.min(random.integer(least, most), timeoutSeconds * 1000 - 1), answer: undefined, endMs: 0, stopMs: 0 };
    const message = 'a fault of the simulation';
    const error: Outcome = { kind: 'function-error', errorType: 'Error', errorMessage: message };
    const late: Outcome = { kind: 'success', text: () => '' };
    const strike = (probability: number): boolean => strikes(this.#around, probability);
    if (isOut(this.#around, 'functions')) return { ...base, outcome: { kind: 'service-error', message, retryAfterMs: undefined } };
    if (strike(behaviour.functionError)) return { ...base, outcome: error };
    if (strike(behaviour.throttled)) return { ...base, outcome: { kind: 'throttled', message, retryAfterMs: undefined } };
    if (strike(behaviour.serviceError)) return { ...base, outcome: { kind: 'service-error', message, retryAfterMs: undefined } };
    if (strike(behaviour.terminal)) return { ...base, outcome: { kind: 'terminal', code: 'AccessDenied', message } };
    if (strike(behaviour.timeout)) return { ...base, outcome: late, afterMs: timeoutSeconds * 1000 + 5000 };
    if (strike(behaviour.hang)) return { ...base, outcome: late, afterMs: timeoutSeconds * 1000 + 5000, stopMs: behaviour.hangMs };
    const { fields } = judge.bench.mapping;
    // Without a limit somebody mends the function in the end.
    const isPoisonous = fields.maximumRetryAttempts >= 0 || clock.monotonic() < faultsEndAt;
    const poison = isPoisonous ? records.filter((record) => record.poison) : [];
    if (poison.length > 0 && !fields.partial) return { ...base, outcome: error };
    const answer = this.#answer(records, poison);
    const endMs = strike(behaviour.lateEnd) ? random.integer(1, 3000) : 0;
    return { ...base, answer, endMs, outcome: { kind: 'success', text: answer.text } };
  }

  #answer(records: readonly Named[], poison: readonly Named[]): Answer {
    const { random } = this.#around;
    if (strikes(this.#around, this.#plan.behaviour.odd)) return brokenTopicAnswer(random, records);
    const failed = new Set(poison);
    if (strikes(this.#around, this.#plan.behaviour.partial)) for (const record of records) if (random.chance(0.4)) failed.add(record);
    return failed.size > 0 ? partialTopicAnswer(random, [...failed]) : doneAnswer(random);
  }
}

/** What may be taken for done after an answer: stated anew here, not taken from the engine. */
function conclude(
  isPartial: boolean,
  records: readonly Offered[],
  given: Outcome,
  said: Answer | undefined,
): { readonly handled: number; readonly failed: boolean } {
  if (given.kind === 'function-error' || given.kind === 'timeout') return { handled: 0, failed: true };
  if (given.kind !== 'success') return { handled: 0, failed: false };
  if (!isPartial || said === undefined) return { handled: records.length, failed: false };
  if (said.failed === 'all') return { handled: 0, failed: true };
  const places = said.failed.map((number) => records.findIndex(({ sequenceNumber }) => sequenceNumber === number));
  const handled = Math.min(records.length, ...places);
  return { handled, failed: handled < records.length };
}
