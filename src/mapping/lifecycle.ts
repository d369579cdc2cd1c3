import type { EngineListener, MappingState } from '../contract/index.ts';

/** Which states may follow which (spec a.7). */
const NEXT: Readonly<Record<MappingState, readonly MappingState[]>> = {
  Creating: ['Enabled', 'Disabling', 'Disabled', 'Deleting'],
  Enabling: ['Enabled', 'Disabling', 'Disabled', 'Deleting'],
  Enabled: ['Disabling', 'Disabled', 'Updating', 'Deleting', 'Enabling'],
  Disabling: ['Disabled', 'Deleting'],
  Disabled: ['Enabling', 'Creating', 'Updating', 'Deleting'],
  Updating: ['Enabled', 'Disabled', 'Disabling', 'Deleting'],
  Deleting: [],
};

/** The state of one mapping, moved in one place only; a move that makes no sense is a defect and throws. */
export class Lifecycle {
  readonly #mapping: string;
  readonly #listener: EngineListener;
  #state: MappingState = 'Disabled';

  constructor(mapping: string, listener: EngineListener) {
    this.#mapping = mapping;
    this.#listener = listener;
  }

  get state(): MappingState {
    return this.#state;
  }

  move(to: MappingState): void {
    const from = this.#state;
    if (from === to) return;
    if (!NEXT[from].includes(to)) throw new Error(`mapping ${this.#mapping}: ${from} cannot become ${to}`);
    this.#state = to;
    this.#listener('mapping.state', { mapping: this.#mapping, from, to });
  }
}
