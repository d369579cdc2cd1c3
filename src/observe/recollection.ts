import type { Clock, EngineEvents, EngineListener, ErrorExplanation, MappingProblem } from '../contract/index.ts';

/** An error's text is cut here, characters. */
const ERROR_TEXT_MAX = 500;

interface Remembered {
  error: ErrorExplanation | undefined;
  /** How old the first record of the last batch was, ms. */
  batchAgeMs: number | undefined;
  readonly shards: Map<string, ErrorExplanation>;
}

/** What is worth remembering of what happened to mappings: their last errors. One look-up for each batch. */
export class Recollection {
  readonly #clock: Clock;
  readonly #byMapping = new Map<string, Remembered>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly listener: EngineListener = (name, event) => {
    const note = NOTES[name];
    if (note !== undefined) note(this, event);
  };

  lastErrorOf(mapping: string, shardId?: string): ErrorExplanation | undefined {
    const known = this.#byMapping.get(mapping);
    return shardId === undefined ? known?.error : known?.shards.get(shardId);
  }

  batchAgeOf(mapping: string): number | undefined {
    return this.#byMapping.get(mapping)?.batchAgeMs;
  }

  /** Forgets mappings that are gone, and shards that nobody reads any more. */
  keepOnly(shardsOf: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const [mapping, { shards }] of this.#byMapping) {
      const kept = shardsOf.get(mapping);
      if (kept === undefined) this.#byMapping.delete(mapping);
      else for (const shardId of shards.keys()) if (!kept.has(shardId)) shards.delete(shardId);
    }
  }

  began({ mapping, ageMs }: EngineEvents['batch.started']): void {
    if (ageMs !== undefined) this.#of(mapping).batchAgeMs = ageMs;
  }

  failed(mapping: string, text: string, requestId?: string, shardId?: string): void {
    const error = { at: this.#clock.wall(), message: text.slice(0, ERROR_TEXT_MAX), requestId };
    const known = this.#of(mapping);
    known.error = error;
    if (shardId !== undefined) known.shards.set(shardId, error);
  }

  #of(mapping: string): Remembered {
    let known = this.#byMapping.get(mapping);
    if (known === undefined) {
      known = { error: undefined, batchAgeMs: undefined, shards: new Map() };
      this.#byMapping.set(mapping, known);
    }
    return known;
  }
}

const NOTES: { readonly [Name in keyof EngineEvents]?: (to: Recollection, event: EngineEvents[Name]) => void } = {
  'batch.started': (to, event) => {
    to.began(event);
  },
  'batch.ended': (to, { mapping, error, requestId, shardId }) => {
    if (error !== undefined) to.failed(mapping, error, requestId, shardId);
  },
  'mapping.problem': (to, { mapping, problem }) => {
    if (problem !== undefined && problem.kind !== 'lease') to.failed(mapping, textOf(problem));
  },
  'source.failed': (to, { mapping, shardId, error, message }) => {
    to.failed(mapping, `${error}: ${message}`, undefined, shardId);
  },
  'destination.failed': (to, { mapping, shardId, destination, message }) => {
    to.failed(mapping, `${destination}: ${message}`, undefined, shardId);
  },
  'destination.refused': (to, { mapping, destination, message }) => {
    to.failed(mapping, `${destination}: ${message}`);
  },
  'settle.failed': (to, { mapping, action, code, message }) => {
    to.failed(mapping, `${action} failed: ${code}: ${message}`);
  },
  'engine.defect': (to, { mapping, error }) => {
    to.failed(mapping, `defect in the engine: ${error instanceof Error ? error.message : String(error)}`);
  },
};

function textOf(problem: Exclude<MappingProblem, { kind: 'lease' }>): string {
  return problem.kind === 'source' ? `${problem.error}: ${problem.message}` : problem.message;
}
