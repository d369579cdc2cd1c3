import { type JsonNode, readJsonText } from './json-text.ts';
import { comparable, exactNumber, mayHoldExactNumbers } from './number-text.ts';

/** What `text` is as JSON, or that it is none. */
export type ParsedText = { readonly json: true; readonly value: unknown } | { readonly json: false };

const NO_JSON: ParsedText = { json: false };
const JSON_START = /^[\t\n\r ]*[[{"\-\dtfn]/;

/**
 * Parses the text of an event. With `exact` a number that no double holds as it is written becomes an ExactNumber; that
 * takes the slower way only for texts that may hold one.
 */
export function parseEventText(text: string, exact: boolean): ParsedText {
  if (!JSON_START.test(text)) return NO_JSON;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return NO_JSON;
  }
  if (!exact || !mayHoldExactNumbers(text)) return { json: true, value };
  try {
    return { json: true, value: exactValue(readJsonText(text)) };
  } catch {
    // Nested deeper than the reader goes: what JSON.parse made of the numbers has to do.
    return { json: true, value };
  }
}

/** The value that a node stands for; of a duplicate key the last, as `JSON.parse` has it. */
export function exactValue(node: JsonNode): unknown {
  switch (node.kind) {
    case 'object': {
      const object = Object.create(null) as Record<string, unknown>;
      for (const { key, value } of node.entries) object[key] = exactValue(value);
      return object;
    }
    case 'array':
      return node.items.map(exactValue);
    case 'number':
      return comparable(node.text) ?? exactNumber(node.text);
    default:
      return node.value;
  }
}
