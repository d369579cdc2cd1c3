import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError } from '../../../src/contract/index.ts';
import { readConfigFile } from '../../../src/daemon/read-file.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-files-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(name: string, text: string): ReturnType<typeof readConfigFile> {
  const file = join(folder, name);
  writeFileSync(file, text);
  return readConfigFile(file);
}

test('YAML and JSON are read, and paths in them start from their folder', () => {
  const content = { listen: '127.0.0.1:1', mappings: [] };
  expect(read('a.yaml', 'listen: 127.0.0.1:1\nmappings: []\n')).toEqual({ folder, content });
  expect(read('a.json', '{ "listen": "127.0.0.1:1",\n\t"mappings": [] }')).toEqual({ folder, content });
  // As some editors begin what they save.
  expect(read('b.json', '\ufeff{ "listen": "127.0.0.1:1", "mappings": [] }')).toEqual({ folder, content });
  expect(read('b.yaml', '\ufefflisten: 127.0.0.1:1\nmappings: []\n')).toEqual({ folder, content });
});

test.each([
  ['twice.yaml', 'listen: a\nlisten: b\n', /twice\.yaml:2:1: Map keys must be unique/],
  ['open.yaml', 'listen: "a\n', /open\.yaml:2:1: Missing closing "quote/],
  ['two.yaml', 'a: 1\n---\nb: 2\n', /two\.yaml:2:1: Source contains multiple documents/],
  ['alias.yaml', 'a: *nothing\n', /alias\.yaml.*[Uu]nresolved alias/],
  ['bad.json', '{ "listen": }', /bad\.json: is no JSON: /],
])('%s is refused with the place of its fault', (name, text, expected) => {
  expect(() => read(name, text)).toThrow(expected);
});

test.each([
  ['alias.yaml', 'token: *a-secret-text\n'],
  ['tag.yaml', 'token: !a-secret-text x\n'],
  ['block.yaml', 'token: |a-secret-text\n'],
  ['end.yaml', 'token: "a" a-secret-text\n'],
  ['open.yaml', 'token: [a-secret-text\n'],
  ['token.json', '{ "token": a-secret-text }'],
  ['quote.json', '{ "token": "a-secret-text }'],
  ['comma.json', '{ "token": "a-secret-text", }'],
])('nothing of what stands in %s is shown when it cannot be read', (name, text) => {
  const failure = ((): unknown => {
    try {
      return read(name, text);
    } catch (error) {
      return error;
    }
  })();
  expect(failure).toBeInstanceOf(ConfigError);
  expect(JSON.stringify((failure as ConfigError).problems) + String(failure)).not.toMatch(/secret/);
});

test('a file that is not there, or is a folder, is refused with the fix', () => {
  expect(() => readConfigFile(join(folder, 'none.yaml'))).toThrow(/none\.yaml: there is no such file; give its path behind --config/);
  expect(() => readConfigFile(folder)).toThrow(/is a folder; give the path of the file itself/);
});
