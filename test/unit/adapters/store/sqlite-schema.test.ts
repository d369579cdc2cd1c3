import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connection, connect } from '../../../../adapters/store/sqlite/client.ts';
import { prepareSchema } from '../../../../adapters/store/sqlite/schema.ts';

let folder: string;
let path: string;
const open: Connection[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-schema-'));
  path = join(folder, 'state.db');
});

afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  await rm(folder, { recursive: true });
});

async function opened(): Promise<Connection> {
  const connection = await connect(path, 0);
  open.push(connection);
  return connection;
}

/** The same connection, telling after each statement that was run that it was. */
function observed(connection: Connection, after: (sql: string) => void): Connection {
  return {
    get inTransaction() {
      return connection.inTransaction;
    },
    exec: (sql) => connection.exec(sql),
    close: () => connection.close(),
    prepare: (sql) => {
      const statement = connection.prepare(sql);
      return {
        run: (...values) => statement.run(...values),
        get: (...values) => statement.get(...values),
        all: (...values) => {
          const rows = statement.all(...values);
          after(sql);
          return rows;
        },
      };
    },
  };
}

describe('the schema of a SQLite file', () => {
  it.each([1, 2, 3, 4, 5])('is made once when another process makes it between two reads (after read %i)', async (moment) => {
    const mine = await opened();
    const other = await opened();
    const answers: string[] = [];
    let reads = 0;
    const race = (): void => {
      reads += 1;
      if (reads !== moment) return;
      try {
        prepareSchema(other, path);
        answers.push('made by the other');
      } catch (error) {
        // Locked out is as good: what must not be is a half-made file that is taken for another program's.
        answers.push(String((error as { readonly code?: unknown }).code));
      }
    };
    try {
      prepareSchema(observed(mine, race), path);
    } catch (error) {
      answers.push(String((error as { readonly code?: unknown }).code));
    }
    expect(answers).not.toContain('FOREIGN');
    expect(answers).toHaveLength(1);
    // Who was locked out asks again, as the store does.
    prepareSchema(mine, path);
    prepareSchema(other, path);
    expect(mine.prepare('SELECT count(*) AS tables FROM sqlite_schema WHERE type = ?').get('table')).toMatchObject({ tables: 3 });
  });
});
