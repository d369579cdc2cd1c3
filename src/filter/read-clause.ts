import type { Clause, NumberRange, StringClause } from './clause.ts';
import { ipDigits, readCidr } from './ip-address.ts';
import type { JsonArray, JsonEntry, JsonNode, JsonObject } from './json-text.ts';
import { comparable } from './number-text.ts';
import { refuseAt } from './refusal.ts';
import { splitWildcard } from './wildcard.ts';

/** Reads one entry of a field's array. `path` names it in refusals. Throws a FilterPatternError. */
export function readClause(node: JsonNode, path: string): Clause {
  switch (node.kind) {
    case 'string': {
      const digits = ipDigits(node.value);
      return digits === undefined ? { op: 'exactly', value: node.value } : { op: 'address', value: node.value, digits };
    }
    case 'number':
      return { op: 'number', text: node.text, value: comparable(node.text) };
    case 'literal':
      return { op: 'exactly', value: node.value };
    case 'array':
      return refuseAt(path, node.start, 'Match value must be String, number, true, false, or null');
    case 'object':
      return readOperator(node, path);
  }
}

function readOperator(node: JsonObject, path: string): Clause {
  const { key, keyStart, value } = onlyEntry(node, path, 'Match expression name not found');
  const at = `${path}.${key}`;
  switch (key) {
    case 'exactly':
      return { op: 'exactly', value: readString(value, at, 'exact match pattern must be a string') };
    case 'prefix':
    case 'suffix':
      return readEnd(key, value, at);
    case 'equals-ignore-case':
      return { op: key, value: readString(value, at, 'equals-ignore-case match pattern must be a string') };
    case 'wildcard':
      return readWildcard(value, at);
    case 'anything-but':
      return readAnythingBut(value, at);
    case 'numeric':
      return { op: 'numeric', range: readNumeric(value, at) };
    case 'exists':
      if (value.kind !== 'literal' || value.value === null) refuseAt(at, value.start, 'exists match pattern must be either true or false.');
      return { op: 'exists', present: value.value };
    case 'cidr':
      return readBlock(value, at);
    default:
      return refuseAt(at, keyStart, `Unrecognized match type ${key}`);
  }
}

function onlyEntry(node: JsonObject, path: string, missing: string): JsonEntry {
  const [entry, second] = node.entries;
  if (entry === undefined) return refuseAt(path, node.start, missing);
  if (second !== undefined) refuseAt(`${path}.${second.key}`, second.keyStart, 'Only one key allowed in match expression');
  return entry;
}

function readString(node: JsonNode, path: string, reason: string): string {
  return node.kind === 'string' ? node.value : refuseAt(path, node.start, reason);
}

function readEnd(op: 'prefix' | 'suffix', node: JsonNode, path: string): StringClause {
  if (node.kind !== 'object') return { op, value: readString(node, path, `${op} match pattern must be a string`), ignoreCase: false };
  const label = op === 'prefix' ? 'Prefix' : 'Suffix';
  const { key, keyStart, value } = onlyEntry(node, path, `${label} expression name not found`);
  if (key !== 'equals-ignore-case') refuseAt(`${path}.${key}`, keyStart, `Unsupported ${op} pattern: ${key}`);
  return { op, value: readString(value, `${path}.${key}`, 'equals-ignore-case match pattern must be a string'), ignoreCase: true };
}

function readWildcard(node: JsonNode, path: string): StringClause {
  const value = readString(node, path, 'wildcard match pattern must be a string');
  const pieces = splitWildcard(value);
  if (typeof pieces === 'string') refuseAt(path, node.start, pieces);
  return { op: 'wildcard', value };
}

function readBlock(node: JsonNode, path: string): Clause {
  // EventBridge speaks of a prefix here, too.
  const range = readCidr(readString(node, path, 'prefix match pattern must be a string'));
  return typeof range === 'string' ? refuseAt(path, node.start, range) : { op: 'cidr', ...range };
}

function readAnythingBut(node: JsonNode, path: string): Clause {
  if (node.kind === 'object') return readAnythingButMatch(node, path);
  const values = node.kind === 'array' ? node.items : [node];
  if (node.kind === 'literal') refuseAt(path, node.start, 'Value of anything-but must be an array or single string/number value.');
  const strings: string[] = [];
  const numbers: number[] = [];
  for (const [index, value] of values.entries()) {
    const at = node.kind === 'array' ? `${path}[${String(index)}]` : path;
    if (value.kind === 'string') strings.push(value.value);
    else if (value.kind === 'number') numbers.push(readNumber(value.text, at, value.start));
    else refuseAt(at, value.start, 'Inside anything but list, start|null|boolean is not supported.');
  }
  if (strings.length > 0 === numbers.length > 0) {
    refuseAt(path, node.start, 'Inside anything but list, either all values are number or string, mixed type is not supported');
  }
  return strings.length > 0 ? { op: 'anything-but', strings } : { op: 'anything-but-number', numbers };
}

function readAnythingButMatch(node: JsonObject, path: string): Clause {
  const { key, keyStart, value } = onlyEntry(node, path, 'Anything-But expression name not found');
  const at = `${path}.${key}`;
  if (key !== 'prefix' && key !== 'suffix' && key !== 'equals-ignore-case' && key !== 'wildcard') {
    return refuseAt(at, keyStart, `Unsupported anything-but pattern: ${key}`);
  }
  if (value.kind === 'object' || value.kind === 'literal') {
    refuseAt(at, value.start, 'Value of anything-but must be an array or single string/number value.');
  }
  if (value.kind !== 'array') return { op: 'anything-but-match', of: [readExcluded(key, value, at)] };
  if (value.items.length === 0) refuseAt(at, value.start, 'Empty arrays are not allowed');
  return { op: 'anything-but-match', of: value.items.map((item, index) => readExcluded(key, item, `${at}[${String(index)}]`)) };
}

function readExcluded(op: StringClause['op'], node: JsonNode, path: string): StringClause {
  if (op === 'wildcard') return readWildcard(node, path);
  if (op === 'equals-ignore-case') {
    return {
      op,
      value: readString(node, path, 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.'),
    };
  }
  const value = readString(node, path, 'prefix/suffix match pattern must be a string');
  if (value === '') refuseAt(path, node.start, 'Null prefix/suffix not allowed');
  return { op, value, ignoreCase: false };
}

/** A number that is compared has to be one that a double holds. */
function readNumber(text: string, path: string, offset: number): number {
  return comparable(text) ?? refuseAt(path, offset, `Cannot compare number : ${text}`);
}

/** Whether a comparison opens its side of the range, and which side that is. */
const COMPARISONS: Readonly<Record<string, { readonly side: 'bottom' | 'top'; readonly open: boolean }>> = {
  '>': { side: 'bottom', open: true },
  '>=': { side: 'bottom', open: false },
  '<': { side: 'top', open: true },
  '<=': { side: 'top', open: false },
};

function readNumeric(node: JsonNode, path: string): NumberRange {
  if (node.kind !== 'array') return refuseAt(path, node.start, 'Value of numeric must be an array.');
  const name = node.items[0];
  if (name?.kind !== 'string')
    return refuseAt(`${path}[0]`, name?.start ?? node.start, 'Invalid member in numeric match: a comparison is expected');
  if (name.value === '=') {
    const value = readBound(node, 1, path, 'equals');
    endAt(node, 2, path, 'Too many elements in numeric expression');
    return { bottom: value, openBottom: false, top: value, openTop: false };
  }
  const first = Object.hasOwn(COMPARISONS, name.value) ? COMPARISONS[name.value] : undefined;
  if (first === undefined) return refuseAt(`${path}[0]`, name.start, `Unrecognized numeric range operator: ${name.value}`);
  const bound = readBound(node, 1, path, name.value);
  if (first.side === 'top') {
    endAt(node, 2, path, 'Too many elements in numeric expression');
    return { bottom: -Number.MAX_VALUE, openBottom: false, top: bound, openTop: first.open };
  }
  if (node.items.length === 2) return { bottom: bound, openBottom: first.open, top: Number.MAX_VALUE, openTop: false };
  return { bottom: bound, openBottom: first.open, ...readTop(node, bound, path) };
}

function readTop(node: JsonArray, bottom: number, path: string): Pick<NumberRange, 'top' | 'openTop'> {
  const name = node.items[2];
  if (name?.kind !== 'string') return refuseAt(`${path}[2]`, name?.start ?? node.start, 'Bad value in numeric range');
  if (name.value !== '<' && name.value !== '<=') return refuseAt(`${path}[2]`, name.start, `Bad numeric range operator: ${name.value}`);
  const top = readBound(node, 3, path, name.value);
  endAt(node, 4, path, 'Too many terms in numeric range expression');
  if (bottom >= top) refuseAt(`${path}[3]`, node.items[3]?.start ?? node.start, 'Bottom must be less than top');
  return { top, openTop: name.value === '<' };
}

function readBound(node: JsonArray, index: number, path: string, operator: string): number {
  const bound = node.items[index];
  const at = `${path}[${String(index)}]`;
  if (bound?.kind !== 'number') return refuseAt(at, bound?.start ?? node.end - 1, `Value of ${operator} must be numeric`);
  return readNumber(bound.text, at, bound.start);
}

function endAt(node: JsonArray, length: number, path: string, reason: string): void {
  const extra = node.items[length];
  if (extra !== undefined) refuseAt(`${path}[${String(length)}]`, extra.start, reason);
}
