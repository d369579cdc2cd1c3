/**
 * JSON as text: what `JSON.parse` forgets (every entry of a duplicate key, how a number is written, where a value stands) is
 * kept. The grammar is RFC 8259's, as `JSON.parse` has it.
 */

interface Span {
  /** Offset of the first text unit. */
  readonly start: number;
  /** Offset behind the last one. */
  readonly end: number;
}
/** One `"key": value` of an object. */
export interface JsonEntry {
  readonly key: string;
  readonly keyStart: number;
  readonly value: JsonNode;
}
export interface JsonObject extends Span {
  readonly kind: 'object';
  /** In the order of the text, duplicate keys included. */
  readonly entries: readonly JsonEntry[];
}
export interface JsonArray extends Span {
  readonly kind: 'array';
  readonly items: readonly JsonNode[];
}
export type JsonScalar = Span &
  (
    | { readonly kind: 'string'; readonly value: string }
    /** `text`: as it is written. */
    | { readonly kind: 'number'; readonly text: string }
    | { readonly kind: 'literal'; readonly value: boolean | null }
  );
export type JsonNode = JsonObject | JsonArray | JsonScalar;

/** The text is no JSON. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** How deep values may be nested: as deep as Jackson goes, on which AWS builds. */
const DEPTH_MAX = 1000;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What a string holds up to its end or the next escape; control characters have to be escaped. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const HEX = /[0-9a-fA-F]{4}/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const LITERALS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

/** Reads one JSON value that is the whole text. Throws a {@link JsonTextError}. */
export function readJsonText(text: string): JsonNode {
  const scanner = new Scanner(text);
  const node = scanner.value(0);
  scanner.end();
  return node;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonNode {
    this.#blank();
    const start = this.#at;
    const next = this.#text[start];
    if (next === '"') return { kind: 'string', value: this.#string(), start, end: this.#at };
    if (next === '{' || next === '[') {
      if (depth === DEPTH_MAX) this.#fail(`nested deeper than ${String(DEPTH_MAX)} levels`);
      this.#at += 1;
      if (next === '{') return { kind: 'object', entries: this.#entries(depth + 1), start, end: this.#at };
      return { kind: 'array', items: this.#items(depth + 1), start, end: this.#at };
    }
    for (const [word, value] of LITERALS) {
      if (!this.#text.startsWith(word, start)) continue;
      this.#at += word.length;
      return { kind: 'literal', value, start, end: this.#at };
    }
    const number = this.#take(NUMBER);
    if (number === '') this.#fail(next === undefined ? 'the text ends where a value is expected' : 'a JSON value is expected here');
    return { kind: 'number', text: number, start, end: this.#at };
  }

  end(): void {
    this.#blank();
    if (this.#at < this.#text.length) this.#fail('more text follows behind the end of the value');
  }

  #entries(depth: number): JsonEntry[] {
    const entries: JsonEntry[] = [];
    if (this.#skip('}')) return entries;
    do {
      this.#blank();
      const keyStart = this.#at;
      if (this.#text[keyStart] !== '"') this.#fail('a key in double quotes is expected here');
      const key = this.#string();
      if (!this.#skip(':')) this.#fail('a colon is expected here');
      entries.push({ key, keyStart, value: this.value(depth) });
    } while (this.#skip(','));
    if (!this.#skip('}')) this.#fail('a comma or the end of the object is expected here');
    return entries;
  }

  #items(depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.value(depth));
    while (this.#skip(','));
    if (!this.#skip(']')) this.#fail('a comma or the end of the array is expected here');
    return items;
  }

  #string(): string {
    this.#at += 1;
    let value = this.#take(PLAIN);
    while (this.#text[this.#at] === '\\') value += this.#escape() + this.#take(PLAIN);
    if (this.#text[this.#at] !== '"') {
      this.#fail(this.#at < this.#text.length ? 'a control character in a string has to be escaped' : 'the text ends within a string');
    }
    this.#at += 1;
    return value;
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    const short = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (short === undefined && letter !== 'u') this.#fail('no such escape in a JSON string');
    this.#at += 2;
    if (short !== undefined) return short;
    const hex = this.#take(HEX);
    if (hex === '') this.#fail('four hexadecimal digits are expected here');
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #blank(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at += 1;
    }
  }

  #skip(sign: string): boolean {
    this.#blank();
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #take(form: RegExp): string {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #fail(message: string): never {
    throw new JsonTextError(message, this.#at);
  }
}
