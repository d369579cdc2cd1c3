/**
 * The rule language in the most obvious way: every way through a pattern's `$or`s, every value of the event by its path, every
 * combination of values. Slow, and for patterns without duplicate keys only.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

interface Found {
  readonly path: string;
  readonly value: Json;
  /** Element taken of each array, by the array's place in the event. */
  readonly inside: Readonly<Record<string, number>>;
}

const isObject = (json: Json): json is JsonObject => typeof json === 'object' && json !== null && !Array.isArray(json);

export function obviouslyMatches(pattern: JsonObject, event: Json): boolean {
  if (!isObject(event)) return false;
  const found = flatten(event, '', '$', {});
  return combinations(pattern, '').some((fields) => {
    const wanted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
    return canTake(wanted, found, {});
  });
}

type Fields = Readonly<Record<string, readonly Json[]>>;

function combinations(pattern: JsonObject, prefix: string): Fields[] {
  let all: Fields[] = [{}];
  for (const [key, value] of Object.entries(pattern)) {
    let more: Fields[];
    if (key === '$or') more = (value as readonly JsonObject[]).flatMap((one) => combinations(one, prefix));
    else if (isObject(value)) more = combinations(value, `${prefix}${key}.`);
    else more = [{ [prefix + key]: value as readonly Json[] }];
    all = all.flatMap((before) => more.map((after) => ({ ...before, ...after })));
  }
  return all;
}

function flatten(json: Json, path: string, place: string, inside: Readonly<Record<string, number>>): Found[] {
  if (Array.isArray(json)) {
    return (json as readonly Json[]).flatMap((item, index) => {
      const isNested = typeof item === 'object' && item !== null;
      return flatten(item, path, `${place}[${String(index)}]`, isNested ? { ...inside, [place]: index } : inside);
    });
  }
  if (!isObject(json)) return [{ path, value: json, inside }];
  return Object.entries(json).flatMap(([key, value]) => flatten(value, path === '' ? key : `${path}.${key}`, `${place}/${key}`, inside));
}

function canTake(
  [first, ...others]: readonly (readonly [string, readonly Json[]])[],
  found: readonly Found[],
  taken: Readonly<Record<string, number>>,
): boolean {
  if (first === undefined) return true;
  const [path, clauses] = first;
  const agreeing = found.filter(
    (one) => one.path === path && Object.entries(one.inside).every(([place, index]) => (taken[place] ?? index) === index),
  );
  const taking = agreeing.filter(({ value }) => clauses.some((clause) => clauseMatches(clause, value)));
  if (taking.some(({ inside }) => canTake(others, found, { ...taken, ...inside }))) return true;
  const mayBeAbsent = clauses.some((clause) => isObject(clause) && clause['exists'] === false);
  return mayBeAbsent && agreeing.length === 0 && canTake(others, found, taken);
}

function clauseMatches(clause: Json, value: Json): boolean {
  if (!isObject(clause)) return clause === value || (typeof clause === 'string' && typeof value === 'string' && sameAddress(clause, value));
  const [[operator, operand] = ['', null]] = Object.entries(clause);
  if (operator === 'exists') return operand === true;
  if (operator === 'anything-but') return !excluded(operand, value);
  if (operator === 'numeric') return typeof value === 'number' && inBounds(operand as readonly Json[], value);
  return typeof value === 'string' && textMatches(operator, operand, value);
}

function excluded(operand: Json, value: Json): boolean {
  if (!isObject(operand)) return [operand].flat().includes(value);
  const [[operator, inner] = ['', null]] = Object.entries(operand);
  return typeof value === 'string' && [inner].flat().some((one) => textMatches(operator, one, value));
}

function textMatches(operator: string, operand: Json, value: string): boolean {
  if (isObject(operand)) return textMatches(operator, (operand['equals-ignore-case'] as string).toLowerCase(), value.toLowerCase());
  const text = operand as string;
  switch (operator) {
    case 'exactly':
      return value === text;
    case 'prefix':
      return value.slice(0, text.length) === text;
    case 'suffix':
      return value.slice(Math.max(0, value.length - text.length)) === text;
    case 'equals-ignore-case':
      return value.toLowerCase() === text.toLowerCase();
    case 'wildcard':
      return wildcardMatches(text, value);
    case 'cidr':
      return inBlock(text, value);
    default:
      throw new Error(`no such operator: ${operator}`);
  }
}

function wildcardMatches(wildcard: string, value: string): boolean {
  if (wildcard === '') return value === '';
  if (wildcard.startsWith('*')) {
    const rest = wildcard.slice(1);
    return Array.from({ length: value.length + 1 }, (_, index) => value.slice(index)).some((tail) => wildcardMatches(rest, tail));
  }
  const escaped = wildcard.startsWith('\\');
  const letter = wildcard.charAt(escaped ? 1 : 0);
  return value.startsWith(letter) && value !== '' && wildcardMatches(wildcard.slice(escaped ? 2 : 1), value.slice(1));
}

function inBounds([operator, bound, ...others]: readonly Json[], value: number): boolean {
  const limit = bound as number;
  const holds = { '=': value === limit, '>': value > limit, '>=': value >= limit, '<': value < limit, '<=': value <= limit };
  return holds[operator as keyof typeof holds] && (others.length === 0 || inBounds(others, value));
}

/** The bits of an address of version 4. */
function bits(address: string): string | undefined {
  const parts = address.split('.').map(Number);
  if (!/^\d+(\.\d+){3}$/.test(address) || parts.some((part) => part > 255)) return undefined;
  return parts.map((part) => part.toString(2).padStart(8, '0')).join('');
}

function sameAddress(a: string, b: string): boolean {
  return bits(a) !== undefined && bits(a) === bits(b);
}

function inBlock(block: string, address: string): boolean {
  const [base = '', length = ''] = block.split('/');
  return bits(address)?.startsWith((bits(base) ?? '').slice(0, Number(length))) ?? false;
}
