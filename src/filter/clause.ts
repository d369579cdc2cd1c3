/** One entry of the array behind a field's key: the field matches when any of them does. */
export type Clause =
  | { readonly op: 'exactly'; readonly value: string | boolean | null }
  /** A string that is an IP address equals every way to write that address. */
  | { readonly op: 'address'; readonly value: string; readonly digits: string }
  /** `value`: the double that is exactly this number, if there is one. */
  | { readonly op: 'number'; readonly text: string; readonly value: number | undefined }
  | { readonly op: 'numeric'; readonly range: NumberRange }
  | { readonly op: 'cidr'; readonly bottom: string; readonly top: string }
  | { readonly op: 'exists'; readonly present: boolean }
  | StringClause
  | { readonly op: 'anything-but'; readonly strings: readonly string[] }
  | { readonly op: 'anything-but-number'; readonly numbers: readonly number[] }
  | { readonly op: 'anything-but-match'; readonly of: readonly StringClause[] };

/** What only strings can match. */
export type StringClause =
  | { readonly op: 'prefix' | 'suffix'; readonly value: string; readonly ignoreCase: boolean }
  | { readonly op: 'equals-ignore-case' | 'wildcard'; readonly value: string };

/** Numbers between two bounds, each of which belongs to it or not. */
export interface NumberRange {
  readonly bottom: number;
  readonly openBottom: boolean;
  readonly top: number;
  readonly openTop: boolean;
}

/** A field of a pattern: a path and what may stand there. */
export interface Field {
  /** The keys that lead to it, joined by dots: keys with dots and nested keys are one. */
  readonly path: string;
  readonly clauses: readonly Clause[];
  /** The array of clauses as the pattern has it. */
  readonly text: string;
  /** Where that array begins in the pattern's text. */
  readonly offset: number;
}

/** Fields that must match together; a pattern is one or, with `$or`, several of which one has to match. In the order of their paths. */
export type Branch = readonly Field[];
