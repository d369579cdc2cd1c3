import { ConfigError, type FunctionTarget, type Logger } from '../contract/index.ts';
import { Invoker, type InvokerParts } from '../invoke/index.ts';
import { nearest } from '../kit/index.ts';
import { type Checked, check } from '../mapping/index.ts';
import { type BreakerOption, resolveBreaker } from './breaker-options.ts';
import { type FunctionName, parseFunctionName } from './function-name.ts';
import { type FoundFunction, type FunctionSummary, foundFunction, summaryOf } from './function-summary.ts';
import { FunctionsElsewhere } from './functions-elsewhere.ts';
import { checkTarget } from './given.ts';
import { FUNCTION_FIELDS, type FunctionOptions, type FunctionRef } from './options.ts';
import { AliasInvoker, QualifiedInvoker } from './qualified-invoker.ts';
import { type Alias, LATEST, type Qualifiers, resolveQualifiers, type Version } from './qualifiers.ts';

/** A function's time-out unless told otherwise, s (AWS). */
const TIMEOUT_SECONDS_DEFAULT = 3;
/** For functions that are elsewhere, s: they have a time-out of their own, which is at most this. */
const TIMEOUT_SECONDS_ELSEWHERE = 900;

/** What a registry is made with. */
export interface FunctionRegistryParts {
  readonly shared: InvokerParts;
  /** The circuit breaker of functions whose target is remote. */
  readonly breaker: BreakerOption;
  readonly region: string;
  readonly accountId: string;
  readonly logger: Logger;
  /**
   * Makes a target of a function that is not registered, by its FunctionName as it was given; throws a ConfigError. `undefined`: such
   * a function does not exist.
   */
  readonly elsewhere: ((functionName: string) => FunctionTarget) | undefined;
}

/** A function: its own invoker, which has the ledger of all, and those of its versions and aliases once they are asked for. */
interface Registered {
  readonly invoker: Invoker;
  readonly qualifiers: Qualifiers;
  readonly byQualifier: Map<string, Invoker>;
  readonly description: string | undefined;
  /** As it was asked for. */
  readonly reservedConcurrency: number | undefined;
}

/**
 * The functions of one engine. A function has one concurrency ledger, whichever of its versions and aliases its mappings
 * name.
 */
export class FunctionRegistry {
  readonly #parts: FunctionRegistryParts;
  readonly #byName = new Map<string, Registered>();
  /** Those that are not registered, as long as mappings use them. */
  readonly elsewhere: FunctionsElsewhere;

  constructor(parts: FunctionRegistryParts) {
    this.#parts = parts;
    this.elsewhere = new FunctionsElsewhere(parts);
  }

  /** Registers a function; `name` defaults to a new one. Throws a ConfigError. */
  add<Event>(options: FunctionOptions<Event>, checked: Checked = {}): FunctionRef<Event> {
    const { target, versions = {}, aliases = {}, ...rest } = options;
    checkTarget(target, checked);
    const fields = check(FUNCTION_FIELDS, rest, checked);
    const { shared } = this.#parts;
    const name = fields.name ?? `function-${shared.random.uuid().slice(0, 8)}`;
    if (this.#byName.has(name)) {
      throw new ConfigError([{ field: checked.at ?? 'name', message: `there is a function ${name} already; give this one another name` }]);
    }
    const timeoutMs = (fields.timeout ?? TIMEOUT_SECONDS_DEFAULT) * 1000;
    const latest: Version = { version: LATEST, target, timeoutMs };
    const qualifiers = resolveQualifiers({ versions, aliases }, latest, checked);
    const arn = this.#arnOf({ name });
    const { reservedConcurrentExecutions: asked, description } = fields;
    const most = Math.min(asked ?? Number.POSITIVE_INFINITY, roomOf(qualifiers));
    const reservedConcurrency = Number.isFinite(most) ? most : undefined;
    // A function has one breaker, so it is on where any of its versions is remote.
    const isRemote = [...qualifiers.versions.values()].some((version) => version.target.remote === true);
    const breaker = resolveBreaker(fields.breaker, this.#parts.breaker, isRemote);
    const invoker = new Invoker({ ...latest, name, arn, reservedConcurrency, breaker }, shared);
    this.#byName.set(name, { invoker, qualifiers, byQualifier: new Map(), description, reservedConcurrency: asked });
    return { kind: 'function', name, arn };
  }

  /** Forgets a function. Invocations that it made go on. */
  remove(name: string): void {
    this.#byName.delete(name);
  }

  /** The name for the function of one mapping: the mapping's, where it can be one and is free. */
  nameFor(mapping: string | undefined): { readonly name?: string } {
    if (mapping === undefined || this.#byName.has(mapping)) return {};
    return FUNCTION_FIELDS.shape.name.safeParse(mapping).success ? { name: mapping } : {};
  }

  get(name: string): Invoker | undefined {
    return this.#byName.get(name)?.invoker;
  }

  /**
   * The function that a FunctionName of AWS's names: a registered one, or else one that is elsewhere. Throws a ConfigError that
   * begins with AWS's own `Function does not exist`. `timeoutMaxMs`: how long an invocation may take where nothing else limits it.
   */
  resolve(functionName: string, field: string, timeoutMaxMs = TIMEOUT_SECONDS_ELSEWHERE * 1000): Invoker {
    const name = parseFunctionName(functionName);
    if (typeof name === 'string') throw new ConfigError([{ field, message: name }]);
    const registered = this.#isHere(name) ? this.#byName.get(name.name) : undefined;
    if (registered !== undefined) return this.#qualified(registered, name, field);
    const { elsewhere } = this.#parts;
    if (elsewhere === undefined) throw missing(field, this.#reasonWhyNot(name));
    const timeoutMs = Math.min(timeoutMaxMs, TIMEOUT_SECONDS_ELSEWHERE * 1000);
    return this.elsewhere.resolve({ base: this.#arnOf(name), name, timeoutMs, make: () => elsewhere(functionName) });
  }

  /** All registered functions, in the order they were added. */
  get summaries(): readonly FunctionSummary[] {
    return [...this.#byName.values()].map((registered) => summaryOf(registered.invoker, registered.qualifiers, registered));
  }

  /** The registered function that a FunctionName names, with what invokes it; `undefined` when there is none. */
  find(functionName: string): { readonly found: FoundFunction; readonly invoker: Invoker } | undefined {
    const name = parseFunctionName(functionName);
    if (typeof name === 'string' || !this.#isHere(name)) return undefined;
    const registered = this.#byName.get(name.name);
    if (registered === undefined) return undefined;
    const { qualifier } = name;
    const { byQualifier, qualifiers } = registered;
    const known = qualifier === undefined ? registered.invoker : (byQualifier.get(qualifier) ?? this.#qualify(registered, qualifier));
    if (known === undefined) return undefined;
    if (qualifier !== undefined) byQualifier.set(qualifier, known);
    return { found: foundFunction(known, name, summaryOf(registered.invoker, qualifiers, registered)), invoker: known };
  }

  /** Closes the targets that it made itself. */
  async close(): Promise<void> {
    await this.elsewhere.close();
  }

  #isHere({ region = this.#parts.region, account = this.#parts.accountId }: FunctionName): boolean {
    return region === this.#parts.region && account === this.#parts.accountId;
  }

  #reasonWhyNot(name: FunctionName): string {
    if (!this.#isHere(name)) return `the functions of this engine are named ${this.#arnOf({ name: 'NAME' })}`;
    const names = [...this.#byName.keys()];
    const meant = nearest(name.name, names);
    if (meant !== undefined) return `${name.name} is not registered with this engine; did you mean ${meant}?`;
    return `${name.name} is not registered with this engine`;
  }

  #qualified(registered: Registered, { name, qualifier }: FunctionName, field: string): Invoker {
    if (qualifier === undefined) return registered.invoker;
    const { byQualifier, qualifiers } = registered;
    const known = byQualifier.get(qualifier);
    if (known !== undefined) return known;
    const made = this.#qualify(registered, qualifier);
    if (made === undefined) {
      const names = [...qualifiers.aliases.keys(), ...qualifiers.versions.keys()];
      throw missing(field, `${name} has no version or alias ${qualifier}; it has ${names.join(', ')}`);
    }
    byQualifier.set(qualifier, made);
    return made;
  }

  #qualify({ invoker, qualifiers }: Registered, qualifier: string): Invoker | undefined {
    const { shared } = this.#parts;
    const arn = `${invoker.definition.arn}:${qualifier}`;
    const version = qualifiers.versions.get(qualifier);
    if (version !== undefined) return new QualifiedInvoker(invoker, { ...invoker.definition, ...version, arn }, shared);
    const alias = qualifiers.aliases.get(qualifier);
    return alias && this.#aliased(invoker, alias, arn);
  }

  /** Handlers see the version that runs and, as on AWS, the ARN by which it was invoked. */
  #aliased(invoker: Invoker, { routes }: Alias, arn: string): AliasInvoker {
    const { shared } = this.#parts;
    const invokers = routes.map(({ version, weight }) => ({
      weight,
      invoker: new QualifiedInvoker(invoker, { ...invoker.definition, ...version, arn }, shared),
    }));
    // Whatever asks how long an invocation may take, before it is known which version runs, is told the longest.
    const timeoutMs = Math.max(...routes.map(({ version }) => version.timeoutMs));
    const [main] = invokers;
    const definition = main === undefined ? invoker.definition : main.invoker.definition;
    return new AliasInvoker(invoker, { ...definition, timeoutMs }, { ...shared, routes: invokers });
  }

  #arnOf({ name, partition = 'aws', region, account }: Partial<FunctionName> & { readonly name: string }): string {
    return `arn:${partition}:lambda:${region ?? this.#parts.region}:${account ?? this.#parts.accountId}:function:${name}`;
  }
}

/** What every version has room for: they share one ledger, and each may be the one that runs. */
function roomOf({ versions }: Qualifiers): number {
  return Math.min(...[...versions.values()].map(({ target }) => target.maxConcurrency ?? Number.POSITIVE_INFINITY));
}

function missing(field: string, reason: string): ConfigError {
  return new ConfigError([{ field, message: `Function does not exist: ${reason}` }]);
}
