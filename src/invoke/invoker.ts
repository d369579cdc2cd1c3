import PQueue from 'p-queue';
import type { Clock, EngineListener, Random, Tracer } from '../contract/index.ts';
import { type Deferred, deferred } from '../kit/index.ts';
import type { AccountLedger } from './account-ledger.ts';
import { BreakerGate } from './breaker-gate.ts';
import { ConcurrencyLedger } from './concurrency-ledger.ts';
import type { FunctionDefinition } from './function-definition.ts';
import { type InvokeOptions, isCutOff, Run, type Running } from './run.ts';

/** What a function shares with the others of its engine. */
export interface InvokerParts {
  readonly clock: Clock;
  readonly random: Random;
  /** The limit over all functions; without one there is none. */
  readonly account?: AccountLedger;
  readonly listener?: EngineListener;
  readonly tracer?: Tracer | undefined;
}

/** Runs the invocations of one function, through a p-queue that holds its reserved concurrency where it has one. */
export class Invoker {
  readonly definition: FunctionDefinition;
  readonly ledger: ConcurrencyLedger;
  readonly breaker: BreakerGate;
  /** Where spans go, if anywhere. */
  readonly tracer: Tracer | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Absent where nothing limits the function: a queue in which nothing ever waits costs a tenth of an invocation. */
  readonly #queue: PQueue | undefined;
  #running = 0;
  #idle: Deferred | undefined;

  constructor(definition: FunctionDefinition, { clock, random, account, listener = () => undefined, tracer }: InvokerParts) {
    this.definition = definition;
    this.tracer = tracer;
    this.#clock = clock;
    this.#random = random;
    this.ledger = new ConcurrencyLedger(definition.reservedConcurrency, account);
    this.breaker = new BreakerGate({ functionName: definition.name, settings: definition.breaker, clock, random, listener });
    this.#queue = Number.isFinite(this.ledger.limit) ? new PQueue({ concurrency: this.ledger.limit }) : undefined;
  }

  /** Starts an invocation. The caller holds a credit of the ledger until `ended`. */
  start(event: unknown, options: InvokeOptions): Running {
    const run = new Run(this.definition, this.#clock, this.#random.uuid(), options);
    if (options.trace !== undefined) run.recordIn(this.tracer, options.trace);
    // Before the caller listens: who sees that it failed sees what the breaker made of it.
    this.breaker.watch(run.outcome, isCutOff);
    this.#running += 1;
    if (this.#queue === undefined) run.begin(event, this.#onEnd);
    else {
      void this.#queue.add(() => {
        run.begin(event, this.#onEnd);
        return run.ended;
      });
    }
    return run;
  }

  readonly #onEnd = (): void => {
    this.#running -= 1;
    if (this.#running > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  };

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    this.#idle ??= deferred();
    return this.#idle.promise;
  }
}
