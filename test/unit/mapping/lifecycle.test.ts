import { describe, expect, it } from 'vitest';
import type { MappingState } from '../../../src/contract/index.ts';
import { Lifecycle } from '../../../src/mapping/lifecycle.ts';

function lifecycle(): { readonly moves: string[]; readonly move: (...states: MappingState[]) => void; readonly made: Lifecycle } {
  const moves: string[] = [];
  const made = new Lifecycle('m', (name, event) => {
    if ('from' in event) moves.push(`${name} ${event.mapping} ${event.from} ${event.to}`);
  });
  return { moves, made, move: (...states) => states.forEach((state) => made.move(state)) };
}

describe('the life of a mapping', () => {
  it('begins disabled and tells every change', () => {
    const { moves, move, made } = lifecycle();
    move('Creating', 'Enabled', 'Disabling', 'Disabled', 'Enabling', 'Enabled');
    expect(made.state).toBe('Enabled');
    expect(moves).toHaveLength(6);
    expect(moves[0]).toBe('mapping.state m Disabled Creating');
  });

  it('tells nothing when nothing changes', () => {
    const { moves, move } = lifecycle();
    move('Disabled');
    expect(moves).toEqual([]);
  });

  it.each<MappingState[]>([['Enabled'], ['Creating', 'Updating'], ['Creating', 'Deleting', 'Enabled']])(
    'does not go %s, %s',
    (...states) => {
      expect(() => {
        lifecycle().move(...states.filter((state: MappingState | undefined) => state !== undefined));
      }).toThrow(/cannot become/);
    },
  );
});
