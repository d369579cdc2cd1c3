/** Which partitions are ours, and under which epoch (R6). Pure. */
import type { TopicAssignment } from '../../../src/index.ts';

/** One member's partitions. */
export class Ownership {
  readonly #epochs = new Map<number, number>();
  #lastEpoch = 0;
  #isSettled = false;

  /** Whether the group is at rest: only then records are handed over. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  get partitions(): number[] {
    return [...this.#epochs.keys()].sort((a, b) => a - b);
  }

  get size(): number {
    return this.#epochs.size;
  }

  /** True while the partition is ours under that epoch, also while it may be given away. */
  has(partition: number, epoch: number): boolean {
    return this.#epochs.get(partition) === epoch;
  }

  /** From now on it is not certain what will be ours. */
  unsettle(): void {
    this.#isSettled = false;
  }

  /** Takes what the group has given. `stays`: whether nobody else can have had meanwhile what was ours before. */
  assign(partitions: readonly number[], stays: boolean): TopicAssignment[] {
    const before = new Map(stays ? this.#epochs : []);
    this.#epochs.clear();
    for (const partition of partitions) this.#epochs.set(partition, before.get(partition) ?? this.#next());
    this.#isSettled = true;
    return this.partitions.map((partition) => ({ partition, epoch: this.#epochs.get(partition) ?? 0 }));
  }

  /** Nothing is ours any more. */
  lose(): void {
    this.#epochs.clear();
    this.#isSettled = false;
  }

  #next(): number {
    this.#lastEpoch += 1;
    return this.#lastEpoch;
  }
}
