import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/daemon/config.ts';
import { readConfigFile } from '../../../src/daemon/read-file.ts';

const folder = resolve(import.meta.dirname, '../../../config/examples');

test.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))('the example %s is right as it stands', (name) => {
  expect(resolveConfig(readConfigFile(join(folder, name)), Date.now()).mappings).not.toEqual([]);
});
