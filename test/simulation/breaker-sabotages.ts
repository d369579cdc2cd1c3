import type { Sabotage } from './sabotages.ts';

/** Ways to get breakers wrong that every kind of source suffers from. */
export const BREAKER_SABOTAGES: readonly Sabotage[] = [
  {
    name: 'works on while the breaker is open',
    file: 'src/invoke/breaker-gate.ts',
    find: 'return this.#breaker === undefined || this.#breaker.isClosed;',
    replace: 'return true;',
    rules: ['R9'],
  },
  {
    name: 'a half-open breaker lets all through',
    file: 'src/invoke/circuit-breaker.ts',
    find: "if (now < state.until || (state.kind === 'half-open' && state.isTaken)) return 'wait';",
    replace: "if (now < state.until) return 'wait';",
    rules: ['R9'],
  },
  {
    name: 'a breaker opens on what a function makes of its records',
    file: 'src/invoke/target-fault.ts',
    find: "return outcome.duringInit === true ? 'failed' : 'reached';",
    replace: "return 'failed';",
    rules: ['R11'],
  },
];
