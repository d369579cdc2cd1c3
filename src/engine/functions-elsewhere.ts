import type { FunctionTarget, Logger } from '../contract/index.ts';
import { Invoker, type InvokerParts } from '../invoke/index.ts';
import { type BreakerOption, resolveBreaker } from './breaker-options.ts';
import type { FunctionName } from './function-name.ts';
import { QualifiedInvoker } from './qualified-invoker.ts';
import { LATEST } from './qualifiers.ts';

/** What functions elsewhere are made with. */
export interface FunctionsElsewhereParts {
  readonly shared: InvokerParts;
  /** The circuit breaker of those whose target is remote. */
  readonly breaker: BreakerOption;
  readonly logger: Logger;
}

/** How a function that is elsewhere is named and reached. */
export interface Reach {
  /** Without its qualifier. */
  readonly base: string;
  readonly name: FunctionName;
  readonly timeoutMs: number;
  readonly make: () => FunctionTarget;
}

interface Used {
  readonly invoker: Invoker;
  readonly target: FunctionTarget;
  readonly mappings: Set<string>;
}

/**
 * Functions of which nothing is known but their names, as long as mappings use them. Whichever of the versions and aliases of one is
 * named first has the ledger and the breaker of all.
 */
export class FunctionsElsewhere {
  readonly #parts: FunctionsElsewhereParts;
  /** By ARN without and then with qualifier and time-out. */
  readonly #functions = new Map<string, Map<string, Used>>();
  readonly #byInvoker = new WeakMap<Invoker, Used>();
  /** Of targets that are forgotten and still let something come to its end. */
  readonly #closing = new Set<Promise<void>>();

  constructor(parts: FunctionsElsewhereParts) {
    this.#parts = parts;
  }

  /** What invokes one. It is forgotten with the next mapping that goes, unless {@link use} comes before. */
  resolve({ base, name, timeoutMs, make }: Reach): Invoker {
    const arn = name.qualifier === undefined ? base : `${base}:${name.qualifier}`;
    const ofFunction = this.#functions.get(base) ?? new Map<string, Used>();
    const key = `${arn} ${String(timeoutMs)}`;
    const known = ofFunction.get(key);
    if (known !== undefined) return known.invoker;
    const target = make();
    const version = name.qualifier ?? LATEST;
    const { breaker: wanted, shared } = this.#parts;
    const breaker = resolveBreaker(undefined, wanted, target.remote === true);
    const definition = { name: name.name, version, arn, target, timeoutMs, reservedConcurrency: undefined, breaker };
    const [first] = ofFunction.values();
    const invoker = first === undefined ? new Invoker(definition, shared) : new QualifiedInvoker(first.invoker, definition, shared);
    const used = { invoker, target, mappings: new Set<string>() };
    this.#byInvoker.set(invoker, used);
    this.#functions.set(base, ofFunction.set(key, used));
    return invoker;
  }

  /** A mapping uses one; nothing happens for invokers of other functions. */
  use(invoker: Invoker, mapping: string): void {
    this.#byInvoker.get(invoker)?.mappings.add(mapping);
  }

  /** A mapping is gone: what none uses is forgotten. Its target is closed in the background, once what still runs has come to its end. */
  leave(mapping: string): void {
    for (const [base, ofFunction] of this.#functions) {
      for (const [key, used] of ofFunction) {
        used.mappings.delete(mapping);
        if (used.mappings.size > 0) continue;
        ofFunction.delete(key);
        this.#retire(used);
      }
      if (ofFunction.size === 0) this.#functions.delete(base);
    }
  }

  /** Closes all targets; resolves when those that were forgotten are closed, too. */
  async close(): Promise<void> {
    await Promise.all([...this.#closing, ...this.#all.map(({ target }) => target.close())]);
  }

  #retire({ invoker, target }: Used): void {
    const closing = target
      .close()
      .catch((error: unknown) => {
        this.#parts.logger.warn({ function: invoker.definition.arn, err: error }, 'a part could not be closed');
      })
      .finally(() => {
        this.#closing.delete(closing);
      });
    this.#closing.add(closing);
  }

  get #all(): readonly Used[] {
    return [...this.#functions.values()].flatMap((ofFunction) => [...ofFunction.values()]);
  }
}
