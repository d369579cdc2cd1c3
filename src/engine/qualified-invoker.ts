import type { Random } from '../contract/index.ts';
import { Invoker, type InvokerParts } from '../invoke/index.ts';

type Definition = Invoker['definition'];

/** A version of a function: another thing runs, and what limits it is the function's own. */
export class QualifiedInvoker extends Invoker {
  override readonly ledger: Invoker['ledger'];
  override readonly breaker: Invoker['breaker'];

  constructor(of: Invoker, definition: Definition, parts: InvokerParts) {
    super(definition, parts);
    this.ledger = of.ledger;
    this.breaker = of.breaker;
  }
}

/** One of the versions of an alias, and the part of the invocations that it gets. */
export interface Route {
  readonly invoker: Invoker;
  readonly weight: number;
}

/** An alias of a function: each invocation goes to one of its versions, by chance and their weights. */
export class AliasInvoker extends QualifiedInvoker {
  readonly #routes: readonly Route[];
  readonly #random: Random;

  /** `routes` has at least one, and their weights add up to 1. */
  constructor(of: Invoker, definition: Definition, parts: InvokerParts & { readonly routes: readonly Route[] }) {
    super(of, definition, parts);
    this.#routes = parts.routes;
    this.#random = parts.random;
  }

  override start(...call: Parameters<Invoker['start']>): ReturnType<Invoker['start']> {
    return this.choose().start(...call);
  }

  override async idle(): Promise<void> {
    await Promise.all(this.#routes.map(({ invoker }) => invoker.idle()));
  }

  /** The version of one invocation. */
  choose(): Invoker {
    const [first, ...others] = this.#routes;
    if (first === undefined) throw new Error('an alias without a version');
    if (others.length === 0) return first.invoker;
    const point = this.#random.next();
    let sum = 0;
    // The first one gets what the others leave, so that sums which round to less than 1 lose nothing.
    for (const { invoker, weight } of others) {
      sum += weight;
      if (point < sum) return invoker;
    }
    return first.invoker;
  }
}
