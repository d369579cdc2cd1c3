import type { ProduceFields } from './file-fields.ts';

/** What a queue, stream or topic of the file is filled with, to see something happen. */
export interface ProducePlan {
  readonly everySeconds: number;
  /** Texts as they are sent. */
  readonly bodies: readonly string[];
  /** How often the list is sent; `undefined`: without end. */
  readonly rounds: number | undefined;
  /** Message group ids, partition keys or keys, taken in turn; empty on standard queues. */
  readonly keys: readonly string[];
}

/** The plan of a `produce` section. */
export function planProduce({ everySeconds, bodies, rounds }: ProduceFields, keys: readonly string[]): ProducePlan {
  return { everySeconds, bodies: bodies.map((body) => (typeof body === 'string' ? body : JSON.stringify(body))), rounds, keys };
}
