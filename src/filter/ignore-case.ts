/**
 * Equality without regard to case, text unit by text unit: each unit of the pattern stands for itself, its lower and its upper
 * case by Unicode's rules without a locale. So `ß` matches `ß` and `SS`, and `ss` matches no `ß`.
 */

/** Walks along a text with the pattern's units. */
export interface CaseFolding {
  /** Whether the text is the pattern. */
  readonly equals: (text: string) => boolean;
  readonly startsWith: (text: string) => boolean;
  readonly endsWith: (text: string) => boolean;
}

/** Prepares a pattern. */
export function foldCase(pattern: string): CaseFolding {
  const units = pattern.split('').map((unit) => [...new Set([unit, unit.toLowerCase(), unit.toUpperCase()])]);
  const reversed = [...units].reverse();
  const forwards = (text: string): number => walk(text, units, 0, 1);
  return {
    equals: (text) => forwards(text) === text.length,
    startsWith: (text) => forwards(text) >= 0,
    endsWith: (text) => walk(text, reversed, text.length, -1) >= 0,
  };
}

/**
 * Where the units end when they begin at `from`, or -1. No spelling of a unit is the beginning or the end of another spelling of
 * the same unit, so the first one that fits is the only one.
 */
function walk(text: string, units: readonly (readonly string[])[], from: number, step: 1 | -1): number {
  let at = from;
  for (const spellings of units) {
    const found = spellings.find((spelling) => {
      const place = step === 1 ? at : at - spelling.length;
      return place >= 0 && text.startsWith(spelling, place);
    });
    if (found === undefined) return -1;
    at += step * found.length;
  }
  return at;
}
