import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { fileJsonSchema } from '../../../src/daemon/index.ts';

const file = resolve(import.meta.dirname, '../../../config/schema/millrace.schema.json');

test('the JSON schema beside the examples is the one that the daemon checks by (-u writes it)', async () => {
  const text = `${JSON.stringify(fileJsonSchema(), null, 2)}\n`;
  const stored = JSON.parse(readFileSync(file, 'utf8')) as unknown;
  // Shape belongs to the formatter: compared as text only when it is not the same anyway, so that -u can write it.
  if (JSON.stringify(stored) !== JSON.stringify(JSON.parse(text))) await expect(text).toMatchFileSnapshot(file);
  expect(stored).toMatchObject({ title: 'Configuration of millrace start', additionalProperties: false });
});
