import type { SelfManagedKafkaEvent } from 'aws-lambda';
import type { FunctionTarget, Invocation, InvocationContext, Outcome } from '../../../src/index.ts';
import { type Answer, doneAnswer } from '../answers.ts';
import { never } from '../life.ts';
import { strikes } from '../streams/faulty.ts';
import { type Audience, FUNCTION_ERROR, failingScript, perform, plainScript, type Script } from '../streams/performance.ts';
import type { StreamFunction } from '../streams/plan.ts';
import { type Offered, textOf } from '../streams/record.ts';
import { short, type Trace } from '../trace.ts';
import { brokenTopicAnswer, type Named, partialTopicAnswer } from './answers.ts';
import type { TopicSurroundings } from './faulty-topic.ts';
import type { TopicInvocation } from './judge/index.ts';

/** The function as one process calls it; it does what its plan and chance say. */
export class TopicTarget implements FunctionTarget<SelfManagedKafkaEvent> {
  readonly remote: boolean;
  readonly #around: TopicSurroundings;
  readonly #plan: StreamFunction;
  readonly #trace: Trace;

  constructor(around: TopicSurroundings, plan: StreamFunction, trace: Trace) {
    this.#around = around;
    this.#plan = plan;
    this.remote = plan.remote !== undefined;
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
    return perform(this.#around, invocation, this.#script(records), context.signal, this.#audience(invocation));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get #who(): string {
    return `p${String(this.#around.life.number)}`;
  }

  #audience(invocation: TopicInvocation): Audience<Answer> {
    const { judge } = this.#around;
    const request = `request ${invocation.requestId.slice(0, 4)}`;
    return {
      answered: (given, said) => {
        const concluded = conclude(judge.bench.mapping.fields.partial, invocation.records, given, said);
        this.#trace.note(this.#who, `answers ${given.kind}, ${String(concluded.handled)} done, ${request}`);
        judge.answered(invocation, given, concluded);
      },
      tooLate: () => {
        this.#trace.note(this.#who, `answers too late, ${request}`);
      },
      ended: () => {
        judge.ended(invocation);
      },
    };
  }

  #script(records: readonly Offered[]): Script<Answer> {
    const { random, judge, clock, faultsEndAt } = this.#around;
    const base = plainScript(this.#around, this.#plan);
    const failing = failingScript(this.#around, this.#plan, base);
    if (failing !== undefined) return failing;
    const { fields } = judge.bench.mapping;
    // Without a limit somebody mends the function in the end.
    const isPoisonous = fields.maximumRetryAttempts >= 0 || clock.monotonic() < faultsEndAt;
    const poison = isPoisonous ? records.filter((record) => record.poison) : [];
    if (poison.length > 0 && !fields.partial) return { ...base, outcome: FUNCTION_ERROR };
    const answer = this.#answer(records, poison);
    const endMs = strikes(this.#around, this.#plan.behaviour.lateEnd) ? random.integer(1, 3000) : 0;
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
