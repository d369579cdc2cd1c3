import { describe, expect, it } from 'vitest';
import { readWindowState } from '../../../src/verdict/window-response.ts';

const read = (text: string): ReturnType<typeof readWindowState> => readWindowState({ kind: 'success', text: () => text });

describe('the state in an answer', () => {
  it('is taken as an object only', () => {
    expect(read('{"state":{"sum":1}}')).toMatchObject({ kind: 'state', state: '{"sum":1}' });
    for (const text of ['', 'null', '[]', '"x"', '{}', '{"state":null}', '{"state":[]}', '{"state":1}', '{'])
      expect(read(text)).toMatchObject({ kind: 'malformed' });
  });

  it('fails the invocation when it is nested too deep to be handed on', () => {
    const depth = 200_000;
    expect(read(`{"state":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`)).toMatchObject({ kind: 'malformed' });
  });
});
