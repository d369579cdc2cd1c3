import { describe, expect, it } from 'vitest';
import { readWindowState } from '../../../src/verdict/window-response.ts';

const answered = (text: string): ReturnType<typeof readWindowState> => readWindowState({ kind: 'success', text: () => text });

describe('an answer in a tumbling window', () => {
  it.each([
    ['{"state":{}}', '{}'],
    ['{"state":{"sum":1},"batchItemFailures":[]}', '{"sum":1}'],
    [' { "state" : { "a" : [ 1 , 2 ] } } ', '{"a":[1,2]}'],
    ['{"state":{"1":1},"state":{"2":2}}', '{"2":2}'],
    ['{"state":{"text":"é😀"}}', '{"text":"é😀"}'],
  ])('%s brings the state %s', (text, state) => {
    expect(answered(text)).toMatchObject({ kind: 'state', state });
  });

  it.each([
    ['', /not JSON/],
    [' ', /not JSON/],
    ['{"state":', /not JSON/],
    ['undefined', /not JSON/],
    ['null', /no state/],
    ['""', /no state/],
    ['"state"', /no state/],
    ['42', /no state/],
    ['true', /no state/],
    ['[]', /no state/],
    ['[{"state":{}}]', /no state/],
    ['{}', /no state/],
    ['{"batchItemFailures":[]}', /no state/],
    ['{"State":{}}', /no state/],
    ['{"state":null}', /not an object/],
    ['{"state":[]}', /not an object/],
    ['{"state":"{}"}', /not an object/],
    ['{"state":0}', /not an object/],
    ['{"state":false}', /not an object/],
  ])('%s is a failure: %s', (text, reason) => {
    const answer = answered(text);
    expect(answer.kind).toBe('malformed');
    expect(answer.kind === 'malformed' ? answer.reason : '').toMatch(reason);
  });

  it('that has no JSON form is a failure', () => {
    const text = (): string => {
      throw new TypeError('Converting circular structure to JSON');
    };
    expect(readWindowState({ kind: 'success', text }).kind).toBe('malformed');
  });
});
