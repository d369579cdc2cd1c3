/** What one of several who share a limit has of it. */
export interface Share {
  /** How much it counts beside the others; 1 unless told otherwise. */
  weight: number;
  /** What it holds now. */
  inUse: number;
  /** Grows with every grant by 1 / weight: who is behind goes first. */
  pass: number;
}

/** A share that holds nothing yet. */
export function newShare(weight = 1): Share {
  return { weight, inUse: 0, pass: 0 };
}

/**
 * Whose turn it is among those who wait. First who holds least for its weight, so that slow work of one does not take what
 * belongs to the others; among equals who was granted least for its weight since it began to wait (start-time fair queueing),
 * so nobody who holds nothing is passed over for ever. Asking costs a look at everybody who waits.
 */
export class Turns<Claimant extends { readonly share: Share }> {
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<Claimant>();
  /** The pass of the last grant: what was idle begins here and has saved up nothing. */
  #now = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** Begins to wait; who waits already keeps its place. */
  enter(claimant: Claimant): void {
    if (this.#waiting.has(claimant)) return;
    claimant.share.pass = Math.max(claimant.share.pass, this.#now);
    this.#waiting.add(claimant);
  }

  leave(claimant: Claimant): void {
    this.#waiting.delete(claimant);
  }

  /** Whose turn it is among those who may; `undefined` when there is nobody. */
  next(mayGo: (claimant: Claimant) => boolean = () => true): Claimant | undefined {
    let first: Claimant | undefined;
    for (const claimant of this.#waiting) {
      if (mayGo(claimant) && (first === undefined || isBefore(claimant.share, first.share))) first = claimant;
    }
    return first;
  }

  /** Takes note of a turn. */
  granted({ share }: Claimant): void {
    this.#now = Math.max(this.#now, share.pass);
    share.pass += 1 / share.weight;
  }
}

function isBefore(a: Share, b: Share): boolean {
  const byUse = a.inUse / a.weight - b.inUse / b.weight;
  return byUse === 0 ? a.pass < b.pass : byUse < 0;
}
