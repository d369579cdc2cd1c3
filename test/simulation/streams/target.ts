import type { KinesisStreamEvent } from 'aws-lambda';
import type { FunctionTarget, Invocation, InvocationContext, Outcome } from '../../../src/index.ts';
import { type Answer, brokenAnswer, doneAnswer, partialAnswer } from '../answers.ts';
import { never } from '../life.ts';
import { short, type Trace } from '../trace.ts';
import { type Surroundings, strikes } from './faulty.ts';
import type { AnsweredState, Concluded, MappingJudge } from './judge/index.ts';
import { type Audience, FUNCTION_ERROR, failingScript, perform, plainScript, type Script } from './performance.ts';
import type { StreamFunction } from './plan.ts';
import { type Offered, type StreamInvocation, textOf, type WindowCall } from './record.ts';
import { type WindowAnswer, windowAnswer, windowCallOf } from './window-call.ts';

/** What the function says. */
type Said = Answer | WindowAnswer;

/** A function that does what its plan and chance say, for every mapping of it. */
export class StreamTarget implements FunctionTarget<KinesisStreamEvent> {
  readonly remote: boolean;
  readonly #around: Surroundings;
  readonly #plan: StreamFunction;
  readonly #judgeOf: (event: KinesisStreamEvent) => MappingJudge;
  readonly #trace: Trace;

  constructor(around: Surroundings, plan: StreamFunction, judgeOf: (event: KinesisStreamEvent) => MappingJudge, trace: Trace) {
    this.#around = around;
    this.#plan = plan;
    this.remote = plan.remote !== undefined;
    this.#judgeOf = judgeOf;
    this.#trace = trace;
  }

  invoke(event: KinesisStreamEvent, context: InvocationContext): Invocation {
    const { life } = this.#around;
    if (!life.touch()) return { outcome: never(), ended: never() };
    const judge = this.#judgeOf(event);
    const records = event.Records.map(({ kinesis }) => judge.records.get(textOf(kinesis.data)));
    const isOther = records.some(({ data }, index) => event.Records[index]?.kinesis.data !== data);
    if (isOther) judge.bench.court.fail('R1', 'the data of a record is not what was put');
    const window = windowCallOf(event);
    const eventId = event.Records[0]?.eventID ?? '';
    const shardId = window?.shardId ?? eventId.slice(0, eventId.indexOf(':'));
    const invocation: StreamInvocation = {
      tenure: judge.tenureOf(life),
      requestId: context.requestId,
      shardId,
      records,
      window,
      hasAnswered: false,
      endedAt: undefined,
    };
    const { name, isFirst } = nameOf(judge);
    const names = records.map(({ text }) => text);
    const bounds =
      window === undefined ? '' : ` in ${String(window.start)}${window.isFinal ? ', final' : ''}${window.isEarly ? ', early' : ''}`;
    this.#trace.note(name, `invoked with ${short(names)} of ${shardId.slice(-3)}, try ${String(context.attempt)}${bounds}`);
    life.handlers += 1;
    judge.invoked(invocation);
    if (isFirst && records.some(({ killer, isFinished }) => killer && !isFinished)) {
      life.end();
      return { outcome: never(), ended: never() };
    }
    const script = this.#script(judge, invocation);
    return perform(this.#around, invocation, script, context.signal, this.#audience(judge, invocation));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #audience(judge: MappingJudge, invocation: StreamInvocation): Audience<Said> {
    const { name } = nameOf(judge);
    const request = `request ${invocation.requestId.slice(0, 4)}`;
    return {
      answered: (given, said) => {
        const concluded = conclude(judge, invocation.records, given, said);
        this.#trace.note(name, `answers ${given.kind}, ${String(concluded.handled)} done, ${request}`);
        judge.answered(invocation, given, concluded, given.kind === 'success' ? stateOf(said) : undefined);
      },
      tooLate: () => {
        this.#trace.note(name, `answers too late, ${request}`);
      },
      ended: () => {
        judge.ended(invocation);
      },
    };
  }

  #script(judge: MappingJudge, { records, window }: StreamInvocation): Script<Said> {
    const base = plainScript(this.#around, this.#plan);
    const failing = failingScript(this.#around, this.#plan, base);
    if (failing !== undefined) return failing;
    const { fields } = judge.bench.mapping;
    // Without a limit somebody mends the function in the end.
    const isPoisonous = fields.maximumRetryAttempts >= 0 || this.#around.clock.monotonic() < this.#around.faultsEndAt;
    const poison = isPoisonous ? records.filter((record) => record.poison) : [];
    if (poison.length > 0 && !fields.partial) return { ...base, outcome: FUNCTION_ERROR };
    const plain = this.#answer(records, poison);
    const answer = window === undefined ? plain : this.#inWindow(plain, window, records, fields.partial);
    const endMs = strikes(this.#around, this.#plan.behaviour.lateEnd) ? this.#around.random.integer(1, 3000) : 0;
    return { ...base, answer, endMs, outcome: { kind: 'success', text: answer.text } };
  }

  #inWindow(plain: Answer, call: WindowCall, records: readonly Offered[], partial: boolean): WindowAnswer {
    const { random } = this.#around;
    const isStateless = strikes(this.#around, this.#plan.behaviour.odd / 2);
    const isTooLarge = strikes(this.#around, this.#plan.largeState);
    return windowAnswer(plain, call, records, { random, isStateless, isTooLarge, partial });
  }

  #answer(records: readonly Offered[], poison: readonly Offered[]): Answer {
    const { random } = this.#around;
    const numbers = records.map(({ sequenceNumber }) => sequenceNumber);
    if (strikes(this.#around, this.#plan.behaviour.odd)) return brokenAnswer(random, numbers);
    const failed = new Set(poison.map(({ sequenceNumber }) => sequenceNumber));
    if (strikes(this.#around, this.#plan.behaviour.partial)) for (const number of numbers) if (random.chance(0.4)) failed.add(number);
    return failed.size > 0 ? partialAnswer(random, [...failed]) : doneAnswer(random);
  }
}

/** What may be taken for done after an answer: stated anew here, not taken from the engine. */
function conclude(judge: MappingJudge, records: readonly Offered[], given: Outcome, said: Said | undefined): Concluded {
  if (given.kind === 'function-error' || given.kind === 'timeout') return { handled: 0, failed: true };
  if (given.kind !== 'success') return { handled: 0, failed: false };
  if (said !== undefined && 'state' in said && said.state === undefined) return { handled: 0, failed: true };
  if (!judge.bench.mapping.fields.partial || said === undefined) return { handled: records.length, failed: false };
  if (said.failed === 'all') return { handled: 0, failed: true };
  const places = said.failed.map((number) => records.findIndex(({ sequenceNumber }) => sequenceNumber === number));
  const handled = Math.min(records.length, ...places);
  return { handled, failed: handled < records.length };
}

function stateOf(said: Said | undefined): AnsweredState | undefined {
  if (said === undefined || !('state' in said) || said.state === undefined) return undefined;
  return { state: said.state, isTooLarge: said.isTooLarge };
}

/** The first mapping is the one that killers kill. */
function nameOf({ bench }: MappingJudge): { readonly name: string; readonly isFirst: boolean } {
  const { mapping, court } = bench;
  return { name: mapping.name, isFirst: court.plan.mappings[0] === mapping };
}
