import type { Result } from './simulate.ts';

/** Between two lines of progress, ms. */
const EVERY_MS = 3000;

/** Counts seeds and says from time to time how far it is. */
export class Progress {
  readonly #seeds: number;
  readonly #write: (line: string) => void;
  readonly #startedAt = performance.now();
  #saidAt = performance.now();
  #passed = 0;
  #messages = 0;
  #virtualMs = 0;
  failed = 0;
  readonly #allowed = new Map<string, number>();

  constructor(seeds: number, write: (line: string) => void) {
    this.#seeds = seeds;
    this.#write = write;
  }

  add(result: Result): void {
    if (result.verdict === undefined) this.#passed += 1;
    else this.failed += 1;
    this.#messages += result.messages;
    this.#virtualMs += result.lasted;
    const now = performance.now();
    if (now - this.#saidAt < EVERY_MS) return;
    this.#saidAt = now;
    const done = this.#passed + this.failed;
    const hours = (this.#virtualMs / 3_600_000).toFixed(0);
    const seconds = ((now - this.#startedAt) / 1000).toFixed(0);
    this.#write(
      `${String(done)} of ${String(this.#seeds)} seeds, ${String(this.#messages)} messages, ${hours} h of virtual time in ${seconds} s; ${String(this.failed)} failed`,
    );
  }

  /** What a world did that is allowed, and counted. */
  allow(allowed: Readonly<Record<string, number>>): void {
    for (const [what, count] of Object.entries(allowed)) this.#allowed.set(what, (this.#allowed.get(what) ?? 0) + count);
  }

  /** What was allowed, in words; `undefined`: nothing was to be counted. */
  get allowed(): string | undefined {
    const counts = [...this.#allowed].map(([what, count]) => `${String(count)} ${what}`);
    return counts.length === 0 ? undefined : `allowed and counted: ${counts.join(', ')}`;
  }

  /** The closing line. */
  get summary(): string {
    return `${String(this.#passed)} passed, ${String(this.failed)} failed`;
  }
}

/** What a failing seed did, and how to see it again. */
export function describeFailure({ seed, verdict }: Result, kind: string): string {
  if (verdict === undefined) return '';
  const at = (verdict.at / 1000).toFixed(3);
  return `seed ${String(seed)} breaks ${verdict.rule} at ${at} s: ${verdict.text}\n  again: npm run simulate -- --kind ${kind} --seed ${String(seed)} --trace`;
}
