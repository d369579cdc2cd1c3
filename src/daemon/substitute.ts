import { parse } from 'yaml';
import type { Problems } from './problems.ts';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `$${` is a literal `${`; `${NAME}` and `${NAME:-default}` are replaced. Whatever else begins with `${` is a slip. */
const PLACE = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\$\{/g;
/** A text that is one substitution and nothing else: what comes out is read again, so that numbers and flags can be given. */
const WHOLE = /^\$\{[^}]*\}$/;

/**
 * Replaces variables of the environment in the texts of a configuration; keys stay as they are. A text that is a variable alone
 * is read as a YAML scalar, so `BatchSize: ${SIZE}` is a number. What cannot be replaced is told by `at` and field, without
 * any value.
 */
export function substitute(content: unknown, environment: Environment, problems: Problems, at = ''): unknown {
  if (typeof content === 'string') return inText(content, environment, problems, at === '' ? 'options' : at);
  if (Array.isArray(content)) {
    return content.map((item: unknown, index) => substitute(item, environment, problems, `${at}[${String(index)}]`));
  }
  if (typeof content !== 'object' || content === null) return content;
  return Object.fromEntries(
    Object.entries(content).map(([key, value]) => [key, substitute(value, environment, problems, at === '' ? key : `${at}.${key}`)]),
  );
}

function inText(text: string, environment: Environment, problems: Problems, field: string): unknown {
  if (!text.includes('${')) return text;
  let isWhole = WHOLE.test(text);
  const replaced = text.replaceAll(PLACE, (place: string, name: string | undefined, preset: string | undefined) => {
    if (place === '$${') return '${';
    if (name === undefined) {
      problems.add(field, 'has a ${ that begins no variable; write ${NAME} or ${NAME:-default}, and $${ for the characters themselves');
      isWhole = false;
      return place;
    }
    const value = environment[name];
    // As in shells, `:-` stands in for an empty variable too.
    if (value !== undefined && (value !== '' || preset === undefined)) return value;
    if (preset !== undefined) return preset;
    problems.add(field, `needs the environment variable ${name}, which is not set; set it, or write \${${name}:-default}`);
    isWhole = false;
    return '';
  });
  return isWhole ? scalarOf(replaced) : replaced;
}

/** Numbers and flags as YAML has them; everything else stays the text that it is. */
function scalarOf(text: string): unknown {
  if (!/^(?:[-+.\d][-+.\deExXoa-fA-F]*|true|false|null|~)$/i.test(text)) return text;
  try {
    const value: unknown = parse(text);
    return typeof value === 'object' && value !== null ? text : value;
  } catch {
    return text;
  }
}
