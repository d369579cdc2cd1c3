/** What happened in a world, as lines and as one number that two runs can be compared by. */
export class Trace {
  readonly #now: () => number;
  readonly #write: ((line: string) => void) | undefined;
  #hash = 0x811c9dc5;
  #lines = 0;

  /** `now`: virtual ms. `write` receives each line; without it only the hash is kept. */
  constructor(now: () => number, write?: (line: string) => void) {
    this.#now = now;
    this.#write = write;
  }

  /** FNV-1a over all lines. */
  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  get lines(): number {
    return this.#lines;
  }

  note(who: string, what: string): void {
    const line = `${(this.#now() / 1000).toFixed(3).padStart(10)} ${who.padEnd(8)} ${what}`;
    this.#lines += 1;
    let hash = this.#hash;
    for (let index = 0; index < line.length; index += 1) hash = Math.imul(hash ^ line.charCodeAt(index), 0x01000193);
    this.#hash = hash >>> 0;
    this.#write?.(line);
  }
}

/** Ids short enough to be read. */
export function short(ids: readonly string[]): string {
  const shown = ids.slice(0, 12).map((id) => id.slice(0, 4));
  return ids.length > shown.length ? `${shown.join(' ')} … (${String(ids.length)})` : shown.join(' ');
}
