import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandOutput } from '../../support/backends/command.ts';
import { configRoot } from '../../support/backends/paths.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-kinesis-mock-'));
  await mkdir(join(folder, 'node_modules', 'kinesis-local'), { recursive: true });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(["listen(0, '0.0.0.0', told)", 'listen(0, told)', "listen({ port: 0, host: '0.0.0.0' }, told)"])(
  'keeps a kinesis-mock on loopback that would %s',
  async (listen) => {
    const program = `
      const told = function () { process.stdout.write(this.address().address); this.close(); };
      require('node:net').createServer().${listen};
    `;
    await writeFile(join(folder, 'node_modules', 'kinesis-local', 'main.js'), program);
    const start = join(configRoot, 'kinesis-mock', 'start.cjs');
    const output = await commandOutput('env', [`KINESIS_MOCK_FOLDER=${folder}`, process.execPath, start]);
    expect(output).toBe('127.0.0.1');
  },
);
