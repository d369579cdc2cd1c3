import * as z from 'zod';
import { ConfigError, type ConfigProblem, type FunctionTarget } from '../contract/index.ts';
import { type Checked, check } from '../mapping/index.ts';
import { checkTarget } from './given.ts';

/** What is invoked where nobody names a version (AWS). */
export const LATEST = '$LATEST';
/** How many versions an alias may weigh against each other (AWS). */
const WEIGHED_MAX = 2;

/** A text that explains something to people. */
export const DESCRIPTION = z.string().max(256).optional().describe('a text of at most 256 characters');
/** A function's time-out. */
export const TIMEOUT = z.number().min(0.001).max(900).optional().describe('a number of seconds up to 900 (default 3)');

/** Settings of a version. */
export const VERSION_FIELDS = z
  .strictObject({
    timeout: TIMEOUT.describe('a number of seconds up to 900 (default: of the function)'),
    description: DESCRIPTION,
    target: z.unknown().optional(),
  })
  .describe('an object with target, timeout and description');

/** Settings of an alias. */
export const ALIAS_FIELDS = z
  .strictObject({
    functionVersion: z
      .string()
      .regex(/^(\$LATEST|[1-9]\d{0,18})$/)
      .describe('a version such as "1", or $LATEST'),
    description: DESCRIPTION,
    routingConfig: z
      .strictObject({
        additionalVersionWeights: z
          .record(z.string(), z.number().min(0).max(1).describe('a number from 0 to 1'))
          .optional()
          .describe('an object with a second version and the part of the invocations that it gets, such as { "2": 0.05 }'),
      })
      .optional()
      .describe('an object with additionalVersionWeights'),
  })
  .describe('an object with functionVersion, and routingConfig where a second version gets a part');

/** A version of a function: what it differs in from the function. */
export interface FunctionVersionOptions<Event> extends Omit<z.input<typeof VERSION_FIELDS>, 'target'> {
  /** Default: the function's own target, which is told the version. */
  readonly target?: FunctionTarget<Event>;
}

/** An alias of a function, in AWS's words. `additionalVersionWeights` holds one version at most, which gets that part (0 to 1) of the invocations. */
export type FunctionAliasOptions = z.input<typeof ALIAS_FIELDS>;

/** A version, complete. */
export interface Version {
  readonly version: string;
  readonly target: FunctionTarget;
  readonly timeoutMs: number;
}

/** What an alias points to: versions, and the part of the invocations that each gets. They add up to 1. */
export interface Alias {
  readonly alias: string;
  readonly routes: readonly { readonly version: Version; readonly weight: number }[];
}

/** Versions and aliases as a user gave them. */
export interface GivenQualifiers {
  readonly versions: Readonly<Record<string, FunctionVersionOptions<never>>>;
  readonly aliases: Readonly<Record<string, FunctionAliasOptions>>;
}

/** Versions and aliases by name, `$LATEST` among them. */
export interface Qualifiers {
  readonly versions: ReadonlyMap<string, Version>;
  readonly aliases: ReadonlyMap<string, Alias>;
}

const BY_NAME = z.record(z.string(), z.unknown()).describe('an object with one entry for each name');
const VERSION = /^[1-9]\d{0,18}$/;
const ALIAS = /^(?!\d+$)[\w-]{1,128}$/;

/** Checks the versions and aliases of a function and joins them. Throws a ConfigError with everything that is wrong. */
export function resolveQualifiers(given: GivenQualifiers, latest: Version, checked: Checked): Qualifiers {
  const problems = new Collected();
  for (const field of ['versions', 'aliases'] as const) {
    problems.try(() => check(BY_NAME, given[field], { ...checked, at: under(checked, field) }));
  }
  problems.throwIfAny();
  const versions = new Map([[latest.version, latest]]);
  for (const [version, options] of Object.entries(given.versions)) {
    const at = under(checked, 'versions', version);
    if (!VERSION.test(version)) problems.add(at, 'must be named by a number from 1, as AWS numbers versions');
    const resolved = problems.try(() => resolveVersion(version, options, latest, { ...checked, at }));
    if (resolved !== undefined) versions.set(version, resolved);
  }
  const aliases = new Map<string, Alias>();
  for (const [alias, options] of Object.entries(given.aliases)) {
    const at = under(checked, 'aliases', alias);
    if (!ALIAS.test(alias)) problems.add(at, 'must be named by 1 to 128 letters, digits, - and _, and not by a number alone');
    const resolved = problems.try(() => resolveAlias(alias, options, versions, { ...checked, at }));
    if (resolved !== undefined) aliases.set(alias, resolved);
  }
  problems.throwIfAny();
  return { versions, aliases };
}

function resolveVersion(version: string, options: unknown, latest: Version, checked: Checked): Version {
  const { target, timeout } = check(VERSION_FIELDS, options, checked);
  if (target !== undefined) checkTarget(target, checked);
  return {
    version,
    target: (target as FunctionTarget | undefined) ?? latest.target,
    timeoutMs: timeout === undefined ? latest.timeoutMs : timeout * 1000,
  };
}

function resolveAlias(alias: string, options: unknown, versions: ReadonlyMap<string, Version>, checked: Checked): Alias {
  const { functionVersion, routingConfig } = check(ALIAS_FIELDS, options, checked);
  const additional = Object.entries(routingConfig?.additionalVersionWeights ?? {});
  const problems = new Collected();
  const find = (version: string, at: string): Version | undefined => {
    const found = versions.get(version);
    if (found === undefined) problems.add(at, `there is no version ${version}; there are ${[...versions.keys()].join(', ')}`);
    return found;
  };
  const main = find(functionVersion, under(checked, 'functionVersion'));
  const weightsAt = under({ ...checked, at: under(checked, 'routingConfig') }, 'additionalVersionWeights');
  if (additional.length >= WEIGHED_MAX) problems.add(weightsAt, `must hold one version; an alias weighs ${String(WEIGHED_MAX)} in all`);
  if (additional.length > 0 && [functionVersion, ...additional.map(([version]) => version)].includes(LATEST)) {
    problems.add(weightsAt, `cannot weigh ${LATEST}; it is no version that stays what it is`);
  }
  if (additional.some(([version]) => version === functionVersion)) {
    problems.add(weightsAt, `must hold another version than ${functionVersion}, which gets the rest`);
  }
  const routes = additional.flatMap(([name, weight]) => {
    const version = find(name, `${weightsAt}.${name}`);
    return version === undefined ? [] : [{ version, weight }];
  });
  problems.throwIfAny();
  const rest = 1 - additional.reduce((sum, [, weight]) => sum + weight, 0);
  return { alias, routes: main === undefined ? routes : [{ version: main, weight: rest }, ...routes] };
}

function under({ at = '', spell = (name) => name }: Checked, field: string, name?: string): string {
  return [at, spell(field), name].filter((part) => part !== undefined && part !== '').join('.');
}

/** What is wrong, all of it. */
class Collected {
  readonly #problems: ConfigProblem[] = [];

  add(field: string, message: string): void {
    this.#problems.push({ field, message });
  }

  try<Value>(action: () => Value): Value | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#problems.push(...error.problems);
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }
}
