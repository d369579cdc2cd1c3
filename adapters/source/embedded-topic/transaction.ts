import { invalid } from './errors.ts';
import type { ProduceInput, ProduceResult } from './produce-input.ts';

/** How a transaction stands; its records point to it. */
export interface TransactionState {
  outcome: 'open' | 'committed' | 'aborted';
}

/** What a transaction needs of its topic. */
export interface TransactionTopic {
  produce(input: ProduceInput, transaction: TransactionState): ProduceResult;
  /** Writes the control record into each of these partitions. */
  mark(partitions: readonly number[]): void;
}

/** Records that become readable together, or never, to reads with `read_committed`. Its end takes one offset of each partition it wrote to. */
export class EmbeddedTransaction {
  readonly #topic: TransactionTopic;
  readonly #state: TransactionState = { outcome: 'open' };
  readonly #partitions = new Set<number>();

  constructor(topic: TransactionTopic) {
    this.#topic = topic;
  }

  /** As {@link EmbeddedTopic.produce}. Throws `invalid` when the transaction has ended. */
  produce(input: ProduceInput): ProduceResult {
    this.#checkOpen();
    const result = this.#topic.produce(input, this.#state);
    this.#partitions.add(result.partition);
    return result;
  }

  commit(): void {
    this.#end('committed');
  }

  abort(): void {
    this.#end('aborted');
  }

  #end(outcome: 'committed' | 'aborted'): void {
    this.#checkOpen();
    this.#state.outcome = outcome;
    this.#topic.mark([...this.#partitions]);
  }

  #checkOpen(): void {
    if (this.#state.outcome !== 'open') throw invalid(`the transaction was ${this.#state.outcome}`);
  }
}
