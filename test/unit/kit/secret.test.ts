import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../../src/kit/index.ts';

test('a secret shows itself only to who asks', () => {
  const secret = new Secret('nobody sees this');
  const shown = [
    String(secret),
    secret.toString(),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: 9 }),
    format('%s %o %j', secret, secret, secret),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(secret))),
  ];
  for (const text of shown) expect(text).not.toContain('nobody');
  expect(shown[0]).toBe('[secret]');
  expect(secret.reveal()).toBe('nobody sees this');
});
