/**
 * The fast way to match: one walk along the keys that the branches name decides up to {@link BRANCHES_PER_WALK} branches at once, each a
 * bit of a number. It decides all but two rare shapes, which it leaves to consistent-match.ts: keys with dots in the event
 * that a field may name, and arrays below which a branch has a field that may be absent, or fields at more than one depth.
 */
import type { FieldTest } from './path-tree.ts';

/** A number has so many bits beside its sign. */
export const BRANCHES_PER_WALK = 31;

/** What a walk found: a bit for each branch. */
export interface Walked {
  /** The branches that match, as far as this way can tell. */
  readonly alive: number;
  /** Those of them that it cannot tell. */
  readonly unclear: number;
}

/** Arrays nested deeper are not looked into: no deeper JSON is read by the service. */
const ARRAY_DEPTH_MAX = 1000;
/** So many joined keys are looked up in an object; beyond, the object's own keys are looked through for dots. */
const JOINED_KEYS_MAX = 24;

type Entries = Readonly<Record<string, unknown>>;

/** Takes the bits of those out of `alive` that the value at a path rejects; `undefined`: there is no value. */
type Decide = (value: unknown, alive: number) => number;

/** One field of some branches. */
interface Leaf {
  readonly field: FieldTest;
  mask: number;
}

/** What the branches name at a path. */
interface Node {
  /** By field. */
  readonly leaves: Map<FieldTest['field'], Leaf>;
  readonly children: Map<string, Node>;
}

/** Compiles up to {@link BRANCHES_PER_WALK} branches. `hasDots`: whether keys of the event itself may have dots. */
export function plainMatch(branches: readonly (readonly FieldTest[])[], hasDots: boolean): (event: object) => Walked {
  const root = joined(branches);
  const all = 2 ** branches.length - 1;
  const walked = { alive: 0, unclear: 0 };
  const decide = new Compiler((unclear) => (walked.unclear |= unclear)).node(root, hasDots);
  return (event) => {
    walked.unclear = 0;
    walked.alive = decide(event, all);
    return walked;
  };
}

function joined(branches: readonly (readonly FieldTest[])[]): Node {
  const root: Node = { leaves: new Map(), children: new Map() };
  for (const [index, fields] of branches.entries()) {
    for (const field of fields) {
      let node = root;
      for (const step of field.field.path.split('.')) {
        const next: Node = node.children.get(step) ?? { leaves: new Map(), children: new Map() };
        node.children.set(step, next);
        node = next;
      }
      const leaf = node.leaves.get(field.field) ?? { field, mask: 0 };
      leaf.mask |= 1 << index;
      node.leaves.set(field.field, leaf);
    }
  }
  return root;
}

/** The branches with fields at or below a node, and those of them that have a field there which may (or may not) be absent. */
interface Masks {
  readonly all: number;
  readonly absent: number;
  readonly present: number;
}

function leafMasks({ leaves }: Node): Masks {
  const masks = { all: 0, absent: 0, present: 0 };
  for (const { field, mask } of leaves.values()) {
    masks.all |= mask;
    if (field.absent) masks.absent |= mask;
    else masks.present |= mask;
  }
  return masks;
}

/** Masks of all fields below a node. */
function masksBelow(node: Node): Masks {
  const masks = { all: 0, absent: 0, present: 0 };
  for (const child of node.children.values()) {
    for (const { all, absent, present } of [leafMasks(child), masksBelow(child)]) {
      masks.all |= all;
      masks.absent |= absent;
      masks.present |= present;
    }
  }
  return masks;
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

class Compiler {
  readonly #markUnclear: (branches: number) => void;

  constructor(markUnclear: (branches: number) => void) {
    this.#markUnclear = markUnclear;
  }

  node(node: Node, hasDots: boolean): Decide {
    const leaf = leafDecision([...node.leaves.values()]);
    return node.children.size === 0 ? leaf : this.#inner(node, leaf, hasDots);
  }

  #inner(node: Node, decideLeaf: Decide, hasDots: boolean): Decide {
    const markUnclear = this.#markUnclear;
    const here = leafMasks(node);
    const below = masksBelow(node);
    /** Branches that an array can be decided for without a look at others: by its objects, by its values. */
    const byObjects = below.all & ~below.absent & ~here.all;
    const byValues = here.all & ~below.all;
    const decideBelow = chain([...node.children].map(([key, child]) => entryDecision(key, this.node(child, true))));
    const isDotted = hasDots ? dottedKeys(node) : undefined;

    const decideObject = (object: Entries, alive: number): number => {
      const left = alive & ~here.present;
      if (isDotted?.(object) !== true) return decideBelow(object, left);
      markUnclear(left & below.all);
      return left;
    };
    const decideElements = (elements: readonly unknown[], alive: number, depth: number): number => {
      let found = 0;
      for (const element of elements) {
        if (isScalar(element)) continue;
        const wanted = alive & ~found;
        if (wanted === 0) break;
        if (!Array.isArray(element)) found |= decideObject(element as Entries, wanted);
        else if (depth < ARRAY_DEPTH_MAX) found |= decideElements(element, wanted, depth + 1);
      }
      return found;
    };
    const decideArray = (elements: readonly unknown[], alive: number): number => {
      const involved = here.all | below.all;
      const unclear = alive & involved & ~byObjects & ~byValues;
      if (unclear !== 0) markUnclear(unclear);
      return (alive & ~involved) | unclear | decideLeaf(elements, alive & byValues) | decideElements(elements, alive & byObjects, 1);
    };
    return (value, alive) => {
      if (value === undefined) return alive & ~here.present & ~below.present;
      if (isScalar(value)) return decideLeaf(value, alive & ~below.present);
      return Array.isArray(value) ? decideArray(value, alive) : decideObject(value as Entries, alive);
    };
  }
}

const decideNothing: Decide = (_value, alive) => alive;

/** Decides the fields whose path ends here. */
function leafDecision(leaves: readonly Leaf[]): Decide {
  const decisions = leaves.map(({ field: { test, absent }, mask }): Decide => {
    const rejected = ~mask;
    const whenAbsent = absent ? -1 : rejected;
    return (value, alive) => {
      if ((alive & mask) === 0) return alive;
      if (value === undefined) return alive & whenAbsent;
      if (isScalar(value)) return test(value) ? alive : alive & rejected;
      if (!Array.isArray(value)) return alive & whenAbsent;
      const found = inElements(value, test, 1);
      if (found === undefined) return alive & whenAbsent;
      return found ? alive : alive & rejected;
    };
  });
  const [first = decideNothing, second, ...others] = decisions;
  if (second === undefined) return first;
  return (value, alive) => {
    let left = second(value, first(value, alive));
    for (const decide of others) left = decide(value, left);
    return left;
  };
}

/** Whether any scalar of the array, or of arrays in it, passes; `undefined` when there is none. */
function inElements(elements: readonly unknown[], test: (value: unknown) => boolean, depth: number): boolean | undefined {
  if (depth > ARRAY_DEPTH_MAX) return undefined;
  let found: boolean | undefined;
  for (const element of elements) {
    let matched: boolean | undefined;
    if (Array.isArray(element)) matched = inElements(element, test, depth + 1);
    else if (isScalar(element)) matched = test(element);
    if (matched === true) return true;
    found ??= matched;
  }
  return found;
}

/** Decides what one entry of an object holds. */
type DecideEntry = (object: Entries, alive: number) => number;

function entryDecision(key: string, decide: Decide): DecideEntry {
  if (!(key in Object.prototype)) return (object, alive) => decide(object[key], alive);
  // Names such as `constructor` are inherited by every object.
  return (object, alive) => decide(Object.hasOwn(object, key) ? object[key] : undefined, alive);
}

/** Decides several entries one after another, until no branch is left. */
function chain([first, second, ...others]: readonly DecideEntry[]): DecideEntry {
  if (first === undefined) return (_object, alive) => alive;
  if (second === undefined) return first;
  const rest = others.length === 0 ? second : chain([second, ...others]);
  return (object, alive) => {
    const left = first(object, alive);
    return left === 0 ? 0 : rest(object, left);
  };
}

/** Whether an object has a key with dots that leads to a node below; `undefined` when none can. */
function dottedKeys(node: Node): ((object: Entries) => boolean) | undefined {
  const keys = joinedKeys(node, JOINED_KEYS_MAX + 1);
  const [only, second] = keys;
  if (only === undefined) return undefined;
  if (second === undefined) return (object) => object[only] !== undefined;
  if (keys.length > JOINED_KEYS_MAX) return (object) => Object.keys(object).some((key) => key.includes('.'));
  return (object) => {
    for (const key of keys) if (object[key] !== undefined) return true;
    return false;
  };
}

/** The ways to write two or more steps below a node as one key, at most so many. */
function joinedKeys(node: Node, most: number): readonly string[] {
  const keys: string[] = [];
  const collect = ({ children }: Node, prefix: string | undefined): void => {
    for (const [step, child] of children) {
      if (keys.length >= most) return;
      const key = prefix === undefined ? step : `${prefix}.${step}`;
      if (prefix !== undefined) keys.push(key);
      collect(child, key);
    }
  };
  collect(node, undefined);
  return keys;
}
