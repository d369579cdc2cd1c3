import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '../../adapters/store/sqlite/index.ts';
import { storeSuite } from './store-suite.ts';

storeSuite(
  'sqlite',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-store-'));
    return {
      open: () => sqliteStore({ path: join(folder, 'state.db') }),
      remove: () => rm(folder, { recursive: true }),
    };
  },
  { durable: true },
);
