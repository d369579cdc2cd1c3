/** How many `*` one wildcard may hold. AWS does not publish its measure of complexity; the example that it refuses has six. */
const WILDCARDS_MAX = 5;

/** Needles up to this length are left to `indexOf`, whose worst case is their length times the text's. */
const SHORT = 16;

/** The pieces of text between the stars of a wildcard, escapes taken out; a text instead when it is refused: the reason. */
export function splitWildcard(wildcard: string): readonly string[] | string {
  const pieces: string[] = [];
  let piece = '';
  for (let at = 0; at < wildcard.length; at += 1) {
    const sign = wildcard.charAt(at);
    const next = wildcard.charAt(at + 1);
    if (sign === '\\') {
      if (next !== '*' && next !== '\\') return `Invalid escape character at pos ${position(wildcard, at)}`;
      piece += next;
      at += 1;
    } else if (sign === '*') {
      if (next === '*') return `Consecutive wildcard characters at pos ${position(wildcard, at)}`;
      pieces.push(piece);
      piece = '';
    } else {
      piece += sign;
    }
  }
  pieces.push(piece);
  if (pieces.length > WILDCARDS_MAX + 1) {
    return 'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character';
  }
  return pieces;
}

/** As EventBridge counts: bytes of UTF-8, the opening quote included. */
function position(wildcard: string, at: number): string {
  return String(1 + new TextEncoder().encode(wildcard.slice(0, at)).length);
}

/** Whether texts consist of the pieces, in order, with anything between them. In time linear in the text. */
export function wildcardTest(pieces: readonly string[]): (text: string) => boolean {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return (text) => text === first;
  const finds = others.map(finder);
  const least = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return (text) => {
    if (text.length < least || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const find of finds) {
      at = find(text, at);
      if (at < 0) return false;
    }
    return at + last.length <= text.length;
  };
}

/** Gives the offset behind the first occurrence of the needle from `from` on, or -1. */
function finder(needle: string): (text: string, from: number) => number {
  if (needle.length <= SHORT) {
    return (text, from) => {
      const at = text.indexOf(needle, from);
      return at < 0 ? at : at + needle.length;
    };
  }
  const borders = bordersOf(needle);
  return (text, from) => {
    let matched = 0;
    for (let at = from; at < text.length; at += 1) {
      matched = advance(needle, borders, matched, text.charCodeAt(at));
      if (matched === needle.length) return at + 1;
    }
    return -1;
  };
}

/** Knuth, Morris and Pratt: how much of the needle still fits when it fails behind each prefix. */
function bordersOf(needle: string): Int16Array {
  const borders = new Int16Array(needle.length + 1);
  let matched = 0;
  for (let at = 1; at < needle.length; at += 1) {
    matched = advance(needle, borders, matched, needle.charCodeAt(at));
    borders[at + 1] = matched;
  }
  return borders;
}

function advance(needle: string, borders: Int16Array, from: number, code: number): number {
  let matched = from;
  while (matched > 0 && needle.charCodeAt(matched) !== code) matched = borders[matched] ?? 0;
  return needle.charCodeAt(matched) === code ? matched + 1 : matched;
}
