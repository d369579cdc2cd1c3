import type { Outcome } from '../contract/index.ts';
import type { Invoker } from '../invoke/index.ts';
import type { FunctionName } from './function-name.ts';
import type { Qualifiers } from './qualifiers.ts';

/** A function of an engine, as it is registered. */
export interface FunctionSummary {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly reservedConcurrency: number | undefined;
  /** By number, `$LATEST` among them. */
  readonly versions: readonly { readonly version: string; readonly timeoutMs: number }[];
  readonly aliases: readonly string[];
}

/** What a FunctionName names: a function, or one of its versions and aliases. */
export interface FoundFunction {
  readonly name: string;
  /** As it was named; `undefined` without a version or alias. */
  readonly qualifier: string | undefined;
  /** What runs; of an alias with weights the main one. */
  readonly version: string;
  readonly arn: string;
  /** Of an alias the longest of its versions. */
  readonly timeoutMs: number;
  readonly function: FunctionSummary;
}

/** How an invocation that no mapping made came out. */
export type InvokeAnswer =
  | { readonly kind: 'no-credit'; readonly isReserved: boolean }
  | { readonly kind: 'answered'; readonly requestId: string; readonly version: string; readonly outcome: Outcome };

/** Describes a registered function, with what was said of it. */
export function summaryOf(
  invoker: Invoker,
  { versions, aliases }: Qualifiers,
  { description, reservedConcurrency }: Pick<FunctionSummary, 'description' | 'reservedConcurrency'>,
): FunctionSummary {
  const { name, arn } = invoker.definition;
  return {
    name,
    arn,
    description,
    reservedConcurrency,
    versions: [...versions.values()].map(({ version, timeoutMs }) => ({ version, timeoutMs })),
    aliases: [...aliases.keys()],
  };
}

/** Describes what was named. */
export function foundFunction(invoker: Invoker, { qualifier }: FunctionName, summary: FunctionSummary): FoundFunction {
  const { version, timeoutMs } = invoker.definition;
  const { name, arn } = summary;
  return { name, qualifier, version, timeoutMs, function: summary, arn: qualifier === undefined ? arn : `${arn}:${qualifier}` };
}
