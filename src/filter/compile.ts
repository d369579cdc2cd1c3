import type { Branch } from './clause.ts';
import { consistentMatch, gather } from './consistent-match.ts';
import { shown } from './number-text.ts';
import { type FieldTest, fieldTests, type PathNode, pathTree, type TestCache } from './path-tree.ts';
import { NO, plainMatch, UNCLEAR, type Verdict, YES } from './plain-match.ts';
import { readPattern } from './read-pattern.ts';

/** A compiled filter pattern. */
export interface FilterPattern {
  /**
   * Whether the event matches; a value that is no JSON object never does. The event is a value as `JSON.parse` gives it and is
   * not changed.
   */
  matches(event: unknown): boolean;
  /** The same with the reason. Slow: for people, not for every record. */
  explain(event: unknown): FilterExplanation;
}

/** Why an event matches or does not. */
export type FilterExplanation =
  | { readonly match: true }
  /** One entry for each way to satisfy the pattern: one, or with `$or` as many as there are combinations. */
  | { readonly match: false; readonly rejections: readonly FilterRejection[] };

/** The first field, in the order of their paths, that rejected an event. */
export interface FilterRejection {
  /** The keys that lead to the field, joined by dots; empty when the event as a whole was rejected. */
  readonly path: string;
  /** What the pattern allows there, as it is written. */
  readonly pattern: string;
  /** Where in the pattern that stands. */
  readonly offset: number;
  /** The values that the event has there. */
  readonly found: readonly unknown[];
  readonly reason: string;
}

/**
 * Compiles the text of a filter pattern: EventBridge's rule language as the open-source engine event-ruler has it. Throws a
 * FilterPatternError with AWS's message; its `detail` holds the reason and the place.
 *
 * Numbers of an event count as doubles. A number that no double holds as it is written has lost its text in a parsed event and
 * counts as the nearest double; the filters of a mapping read such numbers from the record's text and compare them exactly.
 */
export function compileFilterPattern(text: string): FilterPattern {
  const branches = compileBranches(readPattern(text));
  return {
    matches: anyBranch(branches),
    explain(event) {
      if (!isObject(event)) return { match: false, rejections: [WRONG_EVENT] };
      const rejections: FilterRejection[] = [];
      for (const branch of branches) {
        const rejection = explainBranch(branch.compiled(), event);
        if (rejection === undefined) return { match: true };
        rejections.push(rejection);
      }
      return { match: false, rejections };
    },
  };
}

/** Whether an event matches any of the branches. */
export function matchBranches(branches: readonly Branch[]): (event: unknown) => boolean {
  return anyBranch(compileBranches(branches));
}

interface CompiledBranch {
  readonly fields: readonly FieldTest[];
  readonly tree: PathNode;
  readonly decide: (event: object) => Verdict;
}

/** Up to so many ways to match are simply tried one after another. */
const FEW_BRANCHES = 5;

const WRONG_EVENT: FilterRejection = { path: '', pattern: '', offset: 0, found: [], reason: 'the event is no JSON object' };

/** A branch that is compiled when it is first looked at: of a thousand combinations few ever are. */
interface LazyBranch {
  readonly branch: Branch;
  readonly compiled: () => CompiledBranch;
}

function compileBranches(branches: readonly Branch[]): readonly LazyBranch[] {
  const cache: TestCache = new Map();
  return branches.map((branch) => {
    let made: CompiledBranch | undefined;
    const compiled = (): CompiledBranch => {
      if (made !== undefined) return made;
      const fields = fieldTests(branch, cache);
      const tree = pathTree(fields);
      made = { fields, tree, decide: plainMatch(tree) };
      return made;
    };
    return { branch, compiled };
  });
}

function anyBranch(branches: readonly LazyBranch[]): (event: unknown) => boolean {
  if (branches.length > FEW_BRANCHES) return anyOfMany(branches);
  const few = branches.map(({ compiled }) => compiled());
  return (event) => {
    if (!isObject(event)) return false;
    for (const branch of few) if (matchesBranch(branch, event)) return true;
    return false;
  };
}

/** The same where `$or`s combine the same few fields again and again: each field is looked at alone first, and only once. */
function anyOfMany(branches: readonly LazyBranch[]): (event: unknown) => boolean {
  const distinct = fieldTests([...new Set(branches.flatMap(({ branch }) => branch))], new Map());
  // What matches by its absence may be absent beside other fields, in the element of an array that those are in.
  const positive = distinct.filter(({ absent }) => !absent);
  const alone = positive.map((field) => plainMatch(pathTree([{ ...field, index: 0 }])));
  const indexes = new Map(positive.map(({ field }, index) => [field, index]));
  const candidates = branches.map(({ branch, compiled }) => ({ needed: branch.flatMap((field) => indexes.get(field) ?? []), compiled }));
  return (event) => {
    if (!isObject(event)) return false;
    const decided = Array<Verdict | undefined>(alone.length).fill(undefined);
    const isPossible = (index: number): boolean => (decided[index] ??= alone[index]?.(event)) !== NO;
    return candidates.some(({ needed, compiled }) => needed.every(isPossible) && matchesBranch(compiled(), event));
  };
}

function matchesBranch({ fields, tree, decide }: CompiledBranch, event: object): boolean {
  const decided = decide(event);
  return decided === YES || (decided === UNCLEAR && consistentMatch(fields, tree, event));
}

function isObject(event: unknown): event is object {
  return typeof event === 'object' && event !== null && !Array.isArray(event);
}

function explainBranch(branch: CompiledBranch, event: object): FilterRejection | undefined {
  if (matchesBranch(branch, event)) return undefined;
  const gathered = gather(branch.fields.length, branch.tree, event);
  const places = branch.fields.map(({ field, test, absent, index }) => {
    const values = (gathered[index] ?? []).map(({ value }) => value);
    return { field, values, matches: values.length === 0 ? absent : values.some(test) };
  });
  const rejecting = places.find(({ matches }) => !matches);
  // Each field matches somewhere: the last one that has a value shows where they part.
  const { field, values } = rejecting ?? places.findLast((place) => place.values.length > 0) ?? {};
  if (field === undefined || values === undefined) return WRONG_EVENT;
  return {
    path: field.path,
    pattern: field.text,
    offset: field.offset,
    found: values.map(shown),
    reason: rejecting === undefined ? 'the fields match, but not in one element of the array' : reasonOf(values),
  };
}

function reasonOf(values: readonly unknown[]): string {
  return values.length === 0 ? 'the event has no such field' : 'no value of the event matches';
}
