import type { Branch, Field } from './clause.ts';
import { type ValueTest, valueTest } from './value-test.ts';

/** A field with its compiled test. */
export interface FieldTest {
  readonly field: Field;
  /** Its place among the fields of its branch, in the order of their paths. */
  readonly index: number;
  readonly test: ValueTest;
  /** Whether the field matches where it is absent (`exists: false`). */
  readonly absent: boolean;
}

/** The fields of one branch by the steps of their paths: a key with dots in an event goes several steps at once. */
export interface PathNode {
  /** The field whose path ends here. */
  leaf: FieldTest | undefined;
  readonly children: Map<string, PathNode>;
}

/** Compiled tests by field: the branches of a pattern share many of their fields. */
export type TestCache = Map<Field, Omit<FieldTest, 'field' | 'index'>>;

/** Compiles the tests of a branch's fields. */
export function fieldTests(branch: Branch, cache: TestCache): readonly FieldTest[] {
  return branch.map((field, index) => {
    let compiled = cache.get(field);
    if (compiled === undefined) {
      const absent = field.clauses.some((clause) => clause.op === 'exists' && !clause.present);
      compiled = { test: valueTest(field.clauses), absent };
      cache.set(field, compiled);
    }
    return { field, index, ...compiled };
  });
}

/** Arranges the fields of a branch by the steps of their paths. */
export function pathTree(fields: readonly FieldTest[]): PathNode {
  const root: PathNode = { leaf: undefined, children: new Map() };
  for (const field of fields) {
    let node = root;
    for (const step of field.field.path.split('.')) {
      let next = node.children.get(step);
      if (next === undefined) {
        next = { leaf: undefined, children: new Map() };
        node.children.set(step, next);
      }
      node = next;
    }
    node.leaf = field;
  }
  return root;
}

/** The node where a key of an event leads to. */
export function stepInto(node: PathNode, key: string): PathNode | undefined {
  if (!key.includes('.')) return node.children.get(key);
  let at: PathNode | undefined = node;
  for (const step of key.split('.')) at = at?.children.get(step);
  return at;
}
