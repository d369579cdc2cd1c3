import { describe, expect, it } from 'vitest';
import { readPartialResponse } from '../../../src/verdict/partial-response.ts';

const isInBatch = (id: string): boolean => ['1', '2', '3'].includes(id);
const failures = (...entries: readonly unknown[]): string => JSON.stringify({ batchItemFailures: entries });

describe('a partial batch response', () => {
  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['null', 'null'],
    ['an empty text', '""'],
    ['an empty list', '[]'],
    ['an empty object', '{}'],
    ['no failures', '{"batchItemFailures":[]}'],
    ['null for the failures', '{"batchItemFailures":null}'],
    ['other fields only', '{"done":true}'],
  ])('that is %s means success', (_, text) => {
    expect(readPartialResponse(text, isInBatch)).toEqual({ kind: 'succeeded' });
  });

  it.each([
    ['no JSON', '{"batchItemFailures":'],
    ['plain words', 'all fine'],
    ['a number', '42'],
    ['a text', '"ok"'],
    ['true', 'true'],
    ['failures that are no list', '{"batchItemFailures":{"itemIdentifier":"1"}}'],
    ['an empty identifier', failures({ itemIdentifier: '' })],
    ['a null identifier', failures({ itemIdentifier: null })],
    ['a number as identifier', failures({ itemIdentifier: 1 })],
    ['an entry under an unknown key', failures({ foo: 'notvalid' })],
    ['an entry of null', failures(null)],
    ['an entry that is a text', failures('1')],
    ['an identifier of another batch', failures({ itemIdentifier: '9' })],
    ['one good entry and one bad', failures({ itemIdentifier: '1' }, { itemIdentifier: '' })],
  ])('that holds %s fails the whole batch', (_, text) => {
    expect(readPartialResponse(text, isInBatch)).toMatchObject({ kind: 'malformed' });
  });

  it('names each failed item once, however often it is listed', () => {
    const text = failures({ itemIdentifier: '2' }, { itemIdentifier: '1' }, { itemIdentifier: '2' });
    expect(readPartialResponse(text, isInBatch)).toEqual({ kind: 'failed', itemIdentifiers: new Set(['1', '2']) });
  });

  it('may carry other fields, which are ignored', () => {
    const text = JSON.stringify({ note: 'x', batchItemFailures: [{ itemIdentifier: '3', reason: 'y' }] });
    expect(readPartialResponse(text, isInBatch)).toEqual({ kind: 'failed', itemIdentifiers: new Set(['3']) });
  });

  it('says in its reason nothing of what the function answered', () => {
    for (const text of ['secret words', failures({ itemIdentifier: 'secret words' })]) {
      expect(JSON.stringify(readPartialResponse(text, isInBatch))).not.toContain('secret');
    }
  });
});
