import type { Branch, Field } from './clause.ts';
import { type JsonArray, type JsonEntry, type JsonNode, type JsonObject, JsonTextError, readJsonText } from './json-text.ts';
import { readClause } from './read-clause.ts';
import { FilterPatternError, refuseAt } from './refusal.ts';

/** The longest pattern, in characters. */
const PATTERN_LENGTH_MAX = 4096;
/** How many combinations of fields the `$or`s of one pattern may come to. AWS publishes no number for it. */
const OR_COMBINATIONS_MAX = 1000;
/** How many fields of one combination the rule engine takes. */
const FIELDS_MAX = 256;

const OR = '$or';
/** Names that no field inside `$or` may have: the engine's operators, and those it reserves. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['exactly', 'equals-ignore-case', 'prefix', 'suffix', 'anything-but', 'exists', 'wildcard', 'numeric', 'cidr'],
  ...['=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case'],
  ...['date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range'],
  ...['ip-address-in-range', 'ip-address-not-in-range'],
]);

/** Reads the text of a filter pattern. Throws a {@link FilterPatternError}. */
export function readPattern(text: string): readonly Branch[] {
  if (text.length > PATTERN_LENGTH_MAX) {
    refuseAt(
      '',
      PATTERN_LENGTH_MAX,
      `The pattern has ${String(text.length)} characters; at most ${String(PATTERN_LENGTH_MAX)} are allowed`,
    );
  }
  const node = readText(text);
  if (node.kind !== 'object') return refuseAt('', node.start, 'Filter is not an object');
  try {
    return new PatternReader(text, true).read(node);
  } catch (error) {
    // A pattern whose $or is not of the form of the operator may still be one with a field of that name.
    if (!(error instanceof FilterPatternError) || !holdsOr(node)) throw error;
    try {
      return new PatternReader(text, false).read(node);
    } catch {
      throw error;
    }
  }
}

function readText(text: string): JsonNode {
  try {
    return readJsonText(text);
  } catch (error) {
    if (error instanceof JsonTextError) return refuseAt('', error.offset, `Not valid JSON: ${error.message}`);
    throw error;
  }
}

function holdsOr(node: JsonNode): boolean {
  return node.kind === 'object' && node.entries.some(({ key, value }) => key === OR || holdsOr(value));
}

/** Every way to satisfy what has been read so far: a field by its path. */
type Combination = Map<string, Field>;

class PatternReader {
  readonly #text: string;
  readonly #withOr: boolean;
  /** None yet, while nothing was read. */
  #combinations: Combination[] = [];

  constructor(text: string, withOr: boolean) {
    this.#text = text;
    this.#withOr = withOr;
  }

  read(node: JsonObject): Branch[] {
    this.#object(node, undefined, '', false);
    return this.#combinations.map((combination) => {
      if (combination.size > FIELDS_MAX) {
        refuseAt('', node.start, `The pattern names ${String(combination.size)} fields; at most ${String(FIELDS_MAX)} are allowed`);
      }
      return [...combination.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    });
  }

  /** `base`: the path of keys so far, `undefined` at the root; `shown`: the place as refusals name it. */
  #object(node: JsonObject, base: string | undefined, shown: string, insideOr: boolean): void {
    if (node.entries.length === 0) refuseAt(shown, node.start, 'Empty objects are not allowed');
    for (const entry of node.entries) {
      const at = shown === '' ? entry.key : `${shown}.${entry.key}`;
      if (this.#withOr && entry.key === OR) this.#or(entry, base, at);
      else this.#entry(entry, base, at, insideOr);
    }
  }

  #entry({ key, keyStart, value }: JsonEntry, base: string | undefined, at: string, insideOr: boolean): void {
    if (insideOr && RESERVED.has(key)) refuseAt(at, keyStart, `${key} is Ruler reserved fieldName which cannot be used inside $or.`);
    if (value.kind === 'object') this.#object(value, base === undefined ? key : `${base}.${key}`, at, insideOr);
    // The rule engine drops an empty key that stands alone before a field's own.
    else if (value.kind === 'array') this.#field(value, base === undefined || base === '' ? key : `${base}.${key}`, at);
    else refuseAt(at, value.start, `"${key}" must be an object or an array`);
  }

  /** A field that is named again replaces the one before. */
  #field(node: JsonArray, path: string, at: string): void {
    if (node.items.length === 0) refuseAt(at, node.start, 'Empty arrays are not allowed');
    const clauses = node.items.map((item, index) => readClause(item, `${at}[${String(index)}]`));
    const field: Field = { path, clauses, text: this.#text.slice(node.start, node.end), offset: node.start };
    if (this.#combinations.length === 0) this.#combinations.push(new Map());
    for (const combination of this.#combinations) combination.set(path, field);
  }

  #or({ value: node }: JsonEntry, base: string | undefined, at: string): void {
    if (node.kind !== 'array') return refuseAt(at, node.start, 'It must be an Array followed with $or.');
    const before = this.#combinations;
    const after: Combination[] = [];
    for (const [index, item] of node.items.entries()) {
      const place = `${at}[${String(index)}]`;
      if (item.kind !== 'object') return refuseAt(place, item.start, 'Only JSON object is allowed in array of $or relationship.');
      this.#combinations = before.map((combination) => new Map(combination));
      this.#object(item, base, place, true);
      after.push(...this.#combinations);
      if (after.length > OR_COMBINATIONS_MAX) {
        refuseAt(place, item.start, `Rule is too complex - more than ${String(OR_COMBINATIONS_MAX)} combinations of $or`);
      }
    }
    if (node.items.length < 2) refuseAt(at, node.start, 'There must have at least 2 Objects in $or relationship.');
    this.#combinations = after;
  }
}
