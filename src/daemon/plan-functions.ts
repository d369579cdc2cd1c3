import type { FunctionTarget } from '../contract/index.ts';
import { type BreakerOption, FUNCTION_FIELDS, type FunctionAliasOptions, LATEST, resolveQualifiers } from '../engine/index.ts';
import { kindOf, pascal } from '../mapping/index.ts';
import type { ProcessPlan } from './catalog.ts';
import type { FileFields } from './file-fields.ts';
import { findHandler, type HandlerFile } from './handler-file.ts';
import { camelFields, isPlainObject } from './pascal-schema.ts';
import { planProcess, refuseProcessFields } from './plan-process.ts';
import type { Problems } from './problems.ts';

/** A function of the file. */
export interface FunctionPlan {
  readonly name: string;
  /** Where it stands in the file. */
  readonly at: string;
  readonly target: TargetPlan;
  /** Timeout, ReservedConcurrentExecutions, Breaker and Description as the engine takes them. */
  readonly settings: VersionPlan['settings'] & {
    readonly reservedConcurrentExecutions?: number;
    readonly breaker?: NonNullable<BreakerOption>;
  };
  readonly versions: readonly VersionPlan[];
  /** As the engine takes them. */
  readonly aliases: Readonly<Record<string, FunctionAliasOptions>>;
}

/** What is invoked. */
export type TargetPlan =
  | { readonly kind: 'handler'; readonly handler: HandlerFile }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'process'; readonly options: ProcessPlan }
  /** `field`: what of the file names the function. */
  | { readonly kind: 'lambda'; readonly functionName: string; readonly field: 'Lambda' | 'FunctionName' };

/** A version of a function of the file. */
export interface VersionPlan {
  readonly version: string;
  readonly at: string;
  /** `undefined`: the function's own. */
  readonly target: TargetPlan | undefined;
  readonly settings: { readonly timeout?: number; readonly description?: string };
}

type FunctionFields = NonNullable<FileFields['functions']>[string];
type VersionFields = NonNullable<FunctionFields['Versions']>[string];

/** Checks the functions of the file; finds their files and loads none. */
export function planFunctions(given: NonNullable<FileFields['functions']>, folder: string, problems: Problems): FunctionPlan[] {
  return Object.entries(given).flatMap(([name, fields]) => {
    const at = `functions.${name}`;
    if (!FUNCTION_FIELDS.shape.name.safeParse(name).success) {
      problems.add(at, `must be named by 1 to 64 letters, digits, - and _, but is ${kindOf(name)}`);
    }
    const target = problems.try(() => targetOf(fields, at, folder, problems));
    const versions = Object.entries(fields.Versions ?? {}).map(([version, own]): VersionPlan => {
      const place = `${at}.Versions.${version}`;
      // Processes of a version may be as many as the function may run invocations.
      const entry = { ...own, ReservedConcurrentExecutions: fields.ReservedConcurrentExecutions };
      return { version, at: place, target: targetOfVersion(entry, place, folder, problems), settings: textsOf(own) };
    });
    const aliases = Object.fromEntries(Object.entries(fields.Aliases ?? {}).map(([alias, own]) => [alias, camelFields(own, ignore)]));
    checkQualifiers({ versions, aliases }, at, problems);
    return target === undefined
      ? []
      : [{ name, at, target, settings: settingsOf(fields), versions, aliases: aliases as FunctionPlan['aliases'] }];
  });
}

const NO_TARGET: FunctionTarget = {
  invoke: () => ({ outcome: Promise.resolve({ kind: 'timeout' }), ended: Promise.resolve() }),
  close: () => Promise.resolve(),
};

/** By the engine's own rules, before anything is loaded. */
function checkQualifiers(
  given: { readonly versions: readonly VersionPlan[]; readonly aliases: object },
  at: string,
  problems: Problems,
): void {
  const versions = Object.fromEntries(given.versions.map(({ version, settings }) => [version, settings]));
  const latest = { version: LATEST, target: NO_TARGET, timeoutMs: 1 };
  problems.try(() => resolveQualifiers({ versions, aliases: given.aliases as FunctionPlan['aliases'] }, latest, { at, spell: pascal }));
}

function ignore(): void {
  // The schema of the file has told it.
}

/** What a version invokes, where that is not what its function does. */
function targetOfVersion(fields: FunctionFields, at: string, folder: string, problems: Problems): TargetPlan | undefined {
  const { Handler, Url, Command, Lambda } = fields;
  if ([Handler, Url, Command, Lambda].some((given) => given !== undefined)) {
    return problems.try(() => targetOf(fields, at, folder, problems));
  }
  refuseProcessFields(fields, at, problems);
  return undefined;
}

function targetOf(fields: FunctionFields, at: string, folder: string, problems: Problems): TargetPlan | undefined {
  const { Handler, Url, Command, Lambda, Process = false } = fields;
  const given = Object.entries({ Handler, Url, Command, Lambda }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 1) {
    problems.add(at, `has a ${given.join(' and a ')}; a function is one or the other, take one out`);
    return undefined;
  }
  const isProcess = Command !== undefined || (Process && Handler !== undefined);
  if (!isProcess) refuseProcessFields(fields, at, problems);
  if (Url !== undefined && Process)
    problems.add(`${at}.Process`, 'is for a Handler; the function behind a Url runs where it is, take it out');
  if (isProcess) return { kind: 'process', options: planProcess(fields, at, folder) };
  if (Handler !== undefined) return { kind: 'handler', handler: findHandler(Handler, folder, `${at}.Handler`) };
  if (Url !== undefined) return { kind: 'http', url: Url };
  if (Lambda !== undefined) return { kind: 'lambda', functionName: Lambda, field: 'Lambda' };
  problems.add(
    at,
    'must have a Handler, such as ./file.mjs#handler, a Command, such as [python3, -m, awslambdaric, app.handler], a Url, such as http://127.0.0.1:8080/, or a Lambda, the name of a function of AWS Lambda',
  );
  return undefined;
}

function settingsOf(fields: FunctionFields): FunctionPlan['settings'] {
  const { ReservedConcurrentExecutions: reserved, Breaker: breaker } = fields;
  return {
    ...textsOf(fields),
    ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
    ...(breaker === undefined ? {} : { breaker: isPlainObject(breaker) ? camelFields(breaker, ignore) : breaker === true }),
  };
}

function textsOf({ Timeout: timeout, Description: description }: VersionFields): VersionPlan['settings'] {
  return { ...(timeout === undefined ? {} : { timeout }), ...(description === undefined ? {} : { description }) };
}
