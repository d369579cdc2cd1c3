/**
 * The fast way to match one branch: it walks the pattern's keys, not the event's. It decides everything but two rare shapes,
 * which it leaves to consistent-match.ts: keys with dots in the event that a field may name, and arrays of objects below which
 * a field may be absent, or which hold values of a field themselves.
 */
import type { FieldTest, PathNode } from './path-tree.ts';

/** Whether the fields match, as far as this way can tell. */
export type Verdict = typeof NO | typeof YES | typeof UNCLEAR;
export const NO = 0;
export const YES = 1;
export const UNCLEAR = 2;

/** Decides the fields at and below a path from the value there; `undefined`: there is none. */
type Decide = (value: unknown) => Verdict;

/** Arrays nested deeper are not looked into: no deeper JSON is read by the service. */
const ARRAY_DEPTH_MAX = 1000;
/** So many joined keys are looked up in an object; beyond, the object's own keys are looked through for dots. */
const JOINED_KEYS_MAX = 24;

/** Compiles the fields of a branch. */
export function plainMatch(root: PathNode): Decide {
  return root.children.size === 0 ? leafDecision(root.leaf) : innerDecision(root);
}

const verdict = (matched: boolean): Verdict => (matched ? YES : NO);
const decideNothing: Decide = () => YES;

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function leafDecision(leaf: FieldTest | undefined): Decide {
  if (leaf === undefined) return decideNothing;
  const { test } = leaf;
  const absent = verdict(leaf.absent);
  return (value) => {
    if (value === undefined) return absent;
    if (isScalar(value)) return test(value) ? YES : NO;
    if (!Array.isArray(value)) return absent;
    const found = inElements(value, test, 1);
    return found === undefined ? absent : verdict(found);
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

function innerDecision(node: PathNode): Decide {
  const { leaf } = node;
  const hasDots = dottedKeys(node);
  const below = belowDecision([...node.children].map(([key, child]) => entryDecision(key, plainMatch(child))));
  const absentBelow = [...node.children.values()].every(mayBeAbsent);
  const absent = verdict(absentBelow && leaf?.absent !== false);
  const isPositive = leaf === undefined && ![...node.children.values()].some(holdsAbsent);

  const decideObject = (object: Readonly<Record<string, unknown>>): Verdict => {
    if (leaf?.absent === false) return NO;
    return hasDots?.(object) === true ? UNCLEAR : below(object);
  };
  const decideArray = (elements: readonly unknown[], depth: number): Verdict => {
    if (depth > ARRAY_DEPTH_MAX) return NO;
    let decided: Verdict = NO;
    for (const element of elements) {
      if (isScalar(element)) continue;
      const one = Array.isArray(element) ? decideArray(element, depth + 1) : decideObject(element as Readonly<Record<string, unknown>>);
      if (one === YES) return YES;
      if (one === UNCLEAR) decided = UNCLEAR;
    }
    return decided;
  };
  return (value) => {
    if (value === undefined) return absent;
    if (isScalar(value)) return verdict(absentBelow && (leaf === undefined || leaf.test(value)));
    if (!Array.isArray(value)) return decideObject(value as Readonly<Record<string, unknown>>);
    return isPositive ? decideArray(value, 1) : UNCLEAR;
  };
}

/** Whether all fields at and below match where nothing is. */
function mayBeAbsent({ leaf, children }: PathNode): boolean {
  return leaf?.absent !== false && [...children.values()].every(mayBeAbsent);
}

/** Whether any field at or below matches where nothing is. */
function holdsAbsent({ leaf, children }: PathNode): boolean {
  return leaf?.absent === true || [...children.values()].some(holdsAbsent);
}

/** Decides what one entry of an object holds. */
type DecideEntry = (object: Readonly<Record<string, unknown>>) => Verdict;

function entryDecision(key: string, decide: Decide): DecideEntry {
  if (!(key in Object.prototype)) return (object) => decide(object[key]);
  // Names such as `constructor` are inherited by every object.
  return (object) => decide(Object.hasOwn(object, key) ? object[key] : undefined);
}

/** Decides several entries one after another: the first NO decides. */
function belowDecision([first, second, ...others]: readonly DecideEntry[]): DecideEntry {
  if (first === undefined) return () => YES;
  if (second === undefined) return first;
  const rest = others.length === 0 ? second : belowDecision([second, ...others]);
  return (object) => {
    const one = first(object);
    if (one === NO) return NO;
    const more = rest(object);
    return more === YES ? one : more;
  };
}

/** Whether an object has a key with dots that leads to a node below; `undefined` when none can. */
function dottedKeys(node: PathNode): ((object: Readonly<Record<string, unknown>>) => boolean) | undefined {
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
function joinedKeys(node: PathNode, most: number): readonly string[] {
  const keys: string[] = [];
  const collect = ({ children }: PathNode, prefix: string | undefined): void => {
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
