import type { Branch } from './clause.ts';
import { consistentMatch, gather } from './consistent-match.ts';
import { shown } from './number-text.ts';
import { type FieldTest, fieldTests, type PathNode, pathTree, type TestCache } from './path-tree.ts';
import { BRANCHES_PER_WALK, plainMatch } from './plain-match.ts';
import { readPattern } from './read-pattern.ts';

/** A compiled filter pattern. */
export interface FilterPattern {
  /**
   * Whether the event matches; a value that is no JSON object never does. The event is a value as `JSON.parse` gives it and is
   * not changed. One that is nested too deep for the stack along the pattern's keys (thousands of levels) counts as matching.
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
    matches: anyBranch(branches, true),
    explain(event) {
      if (!isObject(event)) return { match: false, rejections: [WRONG_EVENT] };
      const rejections: FilterRejection[] = [];
      for (const branch of branches) {
        const rejection = explainBranch(branch(), event);
        if (rejection === undefined) return { match: true };
        rejections.push(rejection);
      }
      return { match: false, rejections };
    },
  };
}

/**
 * Whether an event matches any of the branches. `hasDots`: whether keys of the event itself may have dots; in objects within it
 * they always may.
 */
export function matchBranches(branches: readonly Branch[], hasDots: boolean): (event: unknown) => boolean {
  return anyBranch(compileBranches(branches), hasDots);
}

interface CompiledBranch {
  readonly fields: readonly FieldTest[];
  readonly tree: Lazy<PathNode>;
}

const WRONG_EVENT: FilterRejection = { path: '', pattern: '', offset: 0, found: [], reason: 'the event is no JSON object' };

/** Compiled when it is first needed: of a thousand combinations of `$or` few ever are. */
type Lazy<Value> = () => Value;

function lazy<Value>(make: () => Value): Lazy<Value> {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

function compileBranches(branches: readonly Branch[]): readonly Lazy<CompiledBranch>[] {
  const cache: TestCache = new Map();
  return branches.map((branch) =>
    lazy(() => {
      const fields = fieldTests(branch, cache);
      return { fields, tree: lazy(() => pathTree(fields)) };
    }),
  );
}

function anyBranch(branches: readonly Lazy<CompiledBranch>[], hasDots: boolean): (event: unknown) => boolean {
  const walks = Array.from({ length: Math.ceil(branches.length / BRANCHES_PER_WALK) }, (_, index) =>
    lazy(() => anyOfWalk(branches.slice(index * BRANCHES_PER_WALK, (index + 1) * BRANCHES_PER_WALK), hasDots)),
  );
  return (event) => {
    if (!isObject(event)) return false;
    try {
      for (const walk of walks) if (walk()(event)) return true;
    } catch (error) {
      // Nested so deep that the stack does not reach: a record that is passed on for nothing is not lost, and holds nothing up.
      if (error instanceof RangeError) return true;
      throw error;
    }
    return false;
  };
}

function anyOfWalk(lazyBranches: readonly Lazy<CompiledBranch>[], hasDots: boolean): (event: object) => boolean {
  const branches = lazyBranches.map((branch) => branch());
  const walk = plainMatch(
    branches.map(({ fields }) => fields),
    hasDots,
  );
  return (event) => {
    const { alive, unclear } = walk(event);
    if ((alive & ~unclear) !== 0) return true;
    const asked = alive & unclear;
    return (
      asked !== 0 && branches.some(({ fields, tree }, index) => (asked & (1 << index)) !== 0 && consistentMatch(fields, tree(), event))
    );
  };
}

function isObject(event: unknown): event is object {
  return typeof event === 'object' && event !== null && !Array.isArray(event);
}

function explainBranch(branch: CompiledBranch, event: object): FilterRejection | undefined {
  if (consistentMatch(branch.fields, branch.tree(), event)) return undefined;
  const gathered = gather(branch.fields.length, branch.tree(), event);
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
