import type { Rule } from './facts.ts';

/** A fault that is built into a copy of the engine, to see whether the judge finds it. */
export interface Sabotage {
  readonly name: string;
  /** A source of the engine. */
  readonly file: string;
  /** Text that stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Rules by which it may be found. */
  readonly rules: readonly Rule[];
}

/** The list of known ways to get it wrong. */
export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'delete before the outcome',
    file: 'src/mapping/queue-slot.ts',
    find: 'const outcome = await running.outcome;',
    replace: 'await this.#works.settler.delete(batch.deliveries); const outcome = await running.outcome;',
    rules: ['R1'],
  },
  {
    name: 'no group lock',
    file: 'src/lanes/group-locks.ts',
    find: 'if (groupId !== undefined && this.#busy.has(groupId)) locked.push(delivery);\n      else if',
    replace: 'if',
    rules: ['R2'],
  },
  {
    name: 'heartbeat after release',
    file: 'src/settle/in-flight.ts',
    find: 'if (members?.delete(delivery) === true && members.size === 0) this.#holds.delete(delivery.hold);',
    replace: 'void members;',
    rules: ['R10', 'R13', 'R11'],
  },
  {
    name: 'a credit leaks when a receive brings nothing',
    file: 'src/mapping/queue-slot.ts',
    find: 'if (batch.length > 0) await this.#start(batch, credit.isTrial === true);',
    replace: "if (batch.length > 0) await this.#start(batch, false); else return void this.#works.invoker.ledger.tryAcquire('leak');",
    rules: ['R11', 'R12'],
  },
  {
    name: 'a credit is released before the handler has stopped',
    file: 'src/mapping/queue-slot.ts',
    find: 'const batch = await this.#collector.collect(credit.isTrial);',
    replace: 'const batch = await this.#collector.collect(credit.isTrial); credit.release();',
    rules: ['R3', 'R9'],
  },
  {
    name: 'the window never opens',
    file: 'src/lanes/open-batch.ts',
    find: 'this.#openedAt + this.#limits.windowMs;',
    replace: 'this.#openedAt;',
    rules: ['R3'],
  },
  {
    name: 'the window does not close in time',
    file: 'src/lanes/open-batch.ts',
    find: 'this.#openedAt + this.#limits.windowMs;',
    replace: 'this.#openedAt + this.#limits.windowMs * 2;',
    rules: ['R3', 'R12'],
  },
  {
    name: 'MaximumConcurrency ignored',
    file: 'src/intake/scaler.ts',
    find: 'this.#max = maximumConcurrency ?? CONCURRENCY_MAX;',
    replace: 'this.#max = CONCURRENCY_MAX;',
    rules: ['R3', 'R9'],
  },
  {
    name: 'BatchSize ignored',
    file: 'src/mapping/queue-collector.ts',
    find: 'Math.min(TRIAL_RECORDS, options.batchSize) : options.batchSize,',
    replace: 'Math.min(TRIAL_RECORDS, options.batchSize) : options.batchSize + 1,',
    rules: ['R3', 'R9'],
  },
  {
    name: 'the partial response ignored',
    file: 'src/verdict/queue-verdict.ts',
    find: 'return question.policy.reportBatchItemFailures ? ',
    replace: "return question.policy.groupQuarantine === ('never' as never) ? ",
    rules: ['R1'],
  },
  {
    name: 'group quarantine ignored',
    file: 'src/verdict/queue-verdict.ts',
    find: 'if (isFailed && groupId !== undefined && policy.groupQuarantine)',
    replace: 'if (isFailed && groupId === undefined && policy.groupQuarantine)',
    rules: ['R1', 'R2'],
  },
  {
    name: 'the deadline of a message is not checked',
    file: 'src/lanes/group-locks.ts',
    find: 'delivery.hold.deadline <= now',
    replace: 'delivery.hold.deadline < 0',
    rules: ['R10'],
  },
  {
    name: 'failed entries of a delete are dropped',
    file: 'src/settle/entry-calls.ts',
    find: 'if (again.length === 0) break;',
    replace: 'break;',
    rules: ['R6'],
  },
  {
    name: 'a message that is in flight is invoked once more',
    file: 'src/settle/in-flight.ts',
    find: 'const known = this.#byId.get(message.messageId);',
    replace: 'const known = undefined as Delivery | undefined;',
    rules: ['R6', 'R2', 'R10'],
  },
  {
    name: 'what was received is not given back at a stop',
    file: 'src/mapping/queue-slot.ts',
    find: 'await settler.giveBack(await this.#collector.leftovers());',
    replace: 'await settler.leave(await this.#collector.leftovers());',
    rules: ['R13'],
  },
  {
    name: 'a throttled batch is tried beyond what was granted',
    file: 'src/verdict/queue-verdict.ts',
    find: "return at < until ? { kind: 'retry', at, cause }",
    replace: "return at < until + 60_000 ? { kind: 'retry', at, cause }",
    rules: ['R10'],
  },
  {
    name: 'a stop that still receives',
    file: 'src/mapping/queue-collector.ts',
    find: 'if (stopping.isSet && (this.#pending === undefined || open.items.length > 0)) break;',
    replace: '',
    rules: ['R13'],
  },
  {
    name: 'order inside a group is lost',
    file: 'src/mapping/queue-collector.ts',
    find: 'return open.items.map(({ delivery }) => delivery);',
    replace: 'return open.items.map(({ delivery }) => delivery).reverse();',
    rules: ['R2'],
  },
  {
    name: 'intervals are measured on the wall clock',
    file: 'src/intake/queue-poller.ts',
    find: 'messages, arrivedAt: this.#clock.monotonic(), asked',
    replace: 'messages, arrivedAt: this.#clock.wall() - Date.UTC(2026, 0, 1), asked',
    rules: ['R14', 'R10', 'R11'],
  },
  {
    name: 'a lost receive is never followed by another',
    file: 'src/intake/source-gate.ts',
    find: 'if (!(await this.#waitAfter(description))) return;',
    replace: 'return;',
    rules: ['R11', 'R12', 'R13'],
  },
  {
    name: 'a batch goes on being filled when the breaker has opened',
    file: 'src/mapping/queue-collector.ts',
    find: 'if (!isTrial && !invoker.breaker.isClosed && this.#pending === undefined) break;',
    replace: '',
    rules: ['R9'],
  },
  {
    name: 'a batch that is in flight is tried while the breaker is open',
    file: 'src/mapping/queue-slot.ts',
    find: 'if (invoker.breaker.isClosed) return true;',
    replace: 'return true;',
    rules: ['R9'],
  },
  {
    name: 'a trial that was not made is lost',
    file: 'src/invoke/breaker-gate.ts',
    find: 'if (breaker.term === term && breaker.giveBack(term, clock.monotonic(), random.next())) this.#dispatch();',
    replace: '',
    rules: ['R11'],
  },
  {
    name: 'the limit of all functions together is ignored',
    file: 'src/invoke/account-ledger.ts',
    find: 'return this.#inUse < this.limit;',
    replace: 'return true;',
    rules: ['R3', 'R9'],
  },
];
