import { compileFilterPattern, type FilterExplanation } from './compile.ts';
import { exactValue } from './event-text.ts';
import { type JsonNode, JsonTextError, readJsonText } from './json-text.ts';
import { FilterPatternError } from './refusal.ts';

/**
 * Answers one line of `millrace filter test`: `{"pattern": object or text, "event": any JSON}` gives `{"match": true}`,
 * `{"match": false}` or `{"error": "..."}`; a blank line gives nothing. Pattern and event are taken from the line as they are
 * written there: duplicate keys and the forms of numbers count. Never throws.
 */
export function answerFilterLine(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  return JSON.stringify(
    answer(() => {
      const node = readJsonText(line);
      if (node.kind !== 'object') throw new JsonTextError('an object with "pattern" and "event" is expected', node.start);
      const pattern = valueOf(node.entries, 'pattern', node.end);
      const event = valueOf(node.entries, 'event', node.end);
      const text = pattern.kind === 'string' ? pattern.value : line.slice(pattern.start, pattern.end);
      return { match: compileFilterPattern(text).matches(exactValue(event)) };
    }),
  );
}

/** Answers `millrace filter`: does the text of an event match the text of a pattern, and if not, why? Never throws. */
export function answerFilter(pattern: string, event: string): FilterExplanation | { readonly error: string } {
  return answer(() => compileFilterPattern(pattern).explain(exactValue(readJsonText(event))));
}

function answer<Answer>(make: () => Answer): Answer | { readonly error: string } {
  try {
    return make();
  } catch (error) {
    if (error instanceof FilterPatternError) return { error: describeRefusal(error) };
    if (error instanceof JsonTextError) return { error: `Not valid JSON: ${error.message} (at character ${String(error.offset)})` };
    throw error;
  }
}

/** AWS's message with the reason and the place: one line for people. */
function describeRefusal({ message, detail: { reason, path, offset } }: FilterPatternError): string {
  const place = path === '' ? '' : `${path}, `;
  return `${message} Reason: ${reason} (at ${place}character ${String(offset)})`;
}

function valueOf(entries: readonly { readonly key: string; readonly value: JsonNode }[], key: string, end: number): JsonNode {
  const entry = entries.findLast((one) => one.key === key);
  if (entry === undefined) throw new JsonTextError(`the line has no "${key}"`, end - 1);
  return entry.value;
}
