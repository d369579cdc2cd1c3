/** What the options of the embedded sources have in common, and how they are checked. */
import type { Clock, ConfigProblem, Random } from '../../src/index.ts';

/** Where an embedded source seems to be, and what it goes by. */
export interface EmbeddedPlace {
  /** Region in its ARN and in events, default `us-east-1`. */
  readonly region?: string | undefined;
  /** Account in its ARN, twelve digits, default `000000000000`. */
  readonly account?: string | undefined;
  /** Default: the process's clock. */
  readonly clock?: Clock | undefined;
  /** Default: the process's random source. */
  readonly random?: Random | undefined;
}

/** The same with everything that was left out filled in. */
export type Resolved<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** What a text must look like; `rule` says it in words. */
export interface TextRule {
  readonly pattern: RegExp;
  readonly rule: string;
}

/** The range of a whole number. */
export interface NumberRule {
  readonly least: number;
  readonly most: number;
}

/** The texts of {@link EmbeddedPlace}. */
export const PLACE_TEXTS = {
  region: { pattern: /^[a-z0-9-]{1,40}$/u, rule: 'a region such as us-east-1' },
  account: { pattern: /^\d{12}$/u, rule: 'twelve digits' },
} as const;
export const DEFAULT_REGION = 'us-east-1';
export const DEFAULT_ACCOUNT = '000000000000';

/** What keeps its rule not, texts first. `told` says after a comma what a value is. */
export function wrongValues(
  values: object,
  texts: Readonly<Record<string, TextRule>>,
  numbers: Readonly<Record<string, NumberRule>>,
  told: (value: unknown) => string,
): ConfigProblem[] {
  const given = new Map<string, unknown>(Object.entries(values));
  const problems: ConfigProblem[] = [];
  for (const [field, { pattern, rule }] of Object.entries(texts)) {
    const value = given.get(field);
    if (typeof value !== 'string' || !pattern.test(value)) problems.push({ field, message: `must be ${rule}, ${told(value)}` });
  }
  for (const [field, { least, most }] of Object.entries(numbers)) {
    const value = given.get(field);
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) continue;
    problems.push({ field, message: `must be a whole number from ${String(least)} to ${String(most)}, ${told(value)}` });
  }
  return problems;
}
