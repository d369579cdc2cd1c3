import { nearest } from '../kit/index.ts';

/** What an unknown name probably meant, or what there is. */
export function hint(word: string, names: readonly string[], what: string): string {
  const meant = nearest(word, names);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return names.length === 0 ? `it has no ${what}` : `its ${what} are ${names.join(', ')}`;
}
