import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspectProcess } from '../../support/backends/process-group.ts';
import { recordRun, sweepLeftOvers } from '../../support/backends/stale.ts';

const children: ChildProcess[] = [];
const token = 'localstack-4566-0badcafe';
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-stale-'));
  await mkdir(join(root, token));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

async function sleeper(word: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', word], { detached: true, stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  if (child.pid === undefined) throw new Error('not started');
  return child.pid;
}

/** Its parent ends at once, as a run that was killed does. */
async function orphan(word: string): Promise<{ pid: number; parentPid: number }> {
  const script = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', ${JSON.stringify(word)}], { detached: true, stdio: 'ignore' });
    child.unref();
    console.log(child.pid);
  `;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  parent.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  await once(parent, 'close');
  return { pid: Number(text), parentPid: parent.pid ?? 0 };
}

test('what a living run started stays', async () => {
  const pid = await sleeper(token);
  await recordRun(join(root, token), pid);
  expect(await sweepLeftOvers(root)).toEqual([]);
  expect(inspectProcess(pid)).toBeDefined();
});

test('what a killed run left behind is stopped, and its folder removed', async () => {
  const left = await orphan(token);
  await writeFile(join(root, token, 'process.json'), JSON.stringify(left));
  expect(await sweepLeftOvers(root)).toEqual([token]);
  await expect.poll(() => inspectProcess(left.pid)).toBeUndefined();
  expect(await readdir(root)).toEqual([]);
});

test('a process that got the id of ours later is not touched', async () => {
  const stranger = await orphan('something-else');
  try {
    await writeFile(join(root, token, 'process.json'), JSON.stringify(stranger));
    expect(await sweepLeftOvers(root)).toEqual([token]);
    expect(inspectProcess(stranger.pid)).toBeDefined();
  } finally {
    process.kill(stranger.pid, 'SIGKILL');
  }
});

test('a folder whose process is not recorded yet is left to the run that makes it', async () => {
  expect(await sweepLeftOvers(root)).toEqual([]);
  expect(await readdir(root)).toEqual([token]);
});

test('processes end with the one that started them, whether it ends by a signal or by an error', async () => {
  for (const ending of [
    `process.kill(process.pid, 'SIGTERM')`,
    `process.kill(process.pid, 'SIGINT')`,
    `queueMicrotask(() => { throw new Error('unseen'); })`,
  ]) {
    const pid = await childOf(ending);
    await expect.poll(() => inspectProcess(pid)).toBeUndefined();
  }
});

/** Runs the module itself in a process of its own, which then ends in the given way. */
async function childOf(ending: string): Promise<number> {
  const module = resolve(import.meta.dirname, '../../support/backends/process-group.ts');
  const { outputText } = ts.transpileModule(await readFile(module, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const file = join(root, 'group.mjs');
  await writeFile(
    file,
    `${outputText}\nconst child = spawnOwned(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    child.once('spawn', () => { process.stdout.write(String(child.pid), () => { ${ending} }); });
    setInterval(() => {}, 1000);`,
  );
  const parent = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(parent);
  let text = '';
  parent.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  await once(parent, 'close');
  return Number(text);
}
