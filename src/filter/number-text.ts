/**
 * Numbers as the rule engine compares them. A number counts by its value (300, 300.0 and 3e2 are one) when a double holds it
 * exactly as it is written: the shortest decimal that names the double is the same number. Any other (1e400, more digits than
 * a double has) is a mere text: it equals itself and is neither above nor below anything.
 */

/**
 * A number of an event that no double holds as it is written: a symbol with the text as its description. No JSON value is one
 * else, and `typeof` tells it from an object much faster than `instanceof` would.
 */
export type ExactNumber = symbol;

export function exactNumber(text: string): ExactNumber {
  return Symbol(text);
}

/** Shows a value to people and programs: an exact number becomes the nearest double. */
export function shown(value: unknown): unknown {
  return typeof value === 'symbol' ? Number(value.description) : value;
}

const FORM = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** The double that is exactly the number which `text` writes in JSON's form; `undefined` when there is none. */
export function comparable(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return decimal(text) === decimal(String(value)) ? value : undefined;
}

/** One text for all ways to write a number. */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = FORM.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = withoutZeros(digits);
  if (kept === '') return '0';
  return `${sign}${kept}e${String(Number(exponent) - fraction.length + digits.length - kept.length)}`;
}

/** Without the zeros at its end. An expression would look at every run of zeros from each of its places. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return digits.slice(0, end);
}

/** Where in a JSON text a number may stand that no double holds: 16 digits, or an exponent of three. */
const SUSPECT = /(?:^|[:,[\s])-?(?:[\d.]{16}|[\d.]+[eE][+-]?\d{3})/;
const LONG_EXPONENT = /[eE][+-]?\d{3}/;
const LONG_DIGITS = 16;

/** Whether the JSON text may hold a number that `JSON.parse` would change. Cheap, and sometimes true for nothing. */
export function mayHoldExactNumbers(text: string): boolean {
  return (hasLongDigits(text) || LONG_EXPONENT.test(text)) && SUSPECT.test(text);
}

/** Whether digits and points follow each other in such a number: looks at no more than one character in so many. */
function hasLongDigits(text: string): boolean {
  for (let at = LONG_DIGITS - 1; at < text.length; at += LONG_DIGITS) {
    if (!isDigit(text, at)) continue;
    let from = at;
    let to = at + 1;
    while (isDigit(text, from - 1)) from -= 1;
    while (isDigit(text, to)) to += 1;
    if (to - from >= LONG_DIGITS) return true;
  }
  return false;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 0x30 && code <= 0x39) || code === 0x2e;
}
