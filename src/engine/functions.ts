import { ConfigError, type FunctionTarget } from '../contract/index.ts';
import { Invoker, type InvokerParts } from '../invoke/index.ts';
import { type Checked, check } from '../mapping/index.ts';
import { checkTarget } from './given.ts';
import { FUNCTION_FIELDS, type FunctionOptions, type FunctionRef } from './options.ts';

/** A function's time-out unless told otherwise, s (AWS). */
const TIMEOUT_SECONDS_DEFAULT = 3;

/** The functions of one engine: each with one invoker, and so one concurrency ledger for all its mappings. */
export class FunctionRegistry {
  readonly #shared: InvokerParts;
  readonly #arnPrefix: string;
  readonly #byName = new Map<string, Invoker>();

  constructor(shared: InvokerParts, region: string, accountId: string) {
    this.#shared = shared;
    this.#arnPrefix = `arn:aws:lambda:${region}:${accountId}:function:`;
  }

  /** Registers a function; `name` defaults to a new one. */
  add<Event>(options: FunctionOptions<Event>, checked: Checked = {}): FunctionRef<Event> {
    const { target, ...rest } = options;
    checkTarget(target, checked);
    const fields = check(FUNCTION_FIELDS, rest, checked);
    const name = fields.name ?? `function-${this.#shared.random.uuid().slice(0, 8)}`;
    if (this.#byName.has(name)) {
      throw new ConfigError([{ field: checked.at ?? 'name', message: `there is a function ${name} already; give this one another name` }]);
    }
    const definition = {
      name,
      version: '$LATEST',
      arn: `${this.#arnPrefix}${name}`,
      target: target as FunctionTarget,
      timeoutMs: (fields.timeout ?? TIMEOUT_SECONDS_DEFAULT) * 1000,
      reservedConcurrency: fields.reservedConcurrentExecutions,
    };
    this.#byName.set(name, new Invoker(definition, this.#shared));
    return { kind: 'function', name, arn: definition.arn };
  }

  /** The name for the function of one mapping: the mapping's, where it can be one and is free. */
  nameFor(mapping: string | undefined): { readonly name?: string } {
    if (mapping === undefined || this.#byName.has(mapping)) return {};
    return FUNCTION_FIELDS.shape.name.safeParse(mapping).success ? { name: mapping } : {};
  }

  get(name: string): Invoker | undefined {
    return this.#byName.get(name);
  }
}
