import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { ensureInstalled, installDirectory, isInstalled } from './install.ts';
import { configRoot, logRoot } from './paths.ts';
import { say } from './progress.ts';

const manifest = join(configRoot, 'kinesis-mock', 'package.json');
const installLog = join(logRoot, 'kinesis-mock-install.log');

function installation(): { name: string; recipe: string; proof: string } {
  return { name: 'kinesis-mock', recipe: readFileSync(manifest, 'utf8'), proof: join('node_modules', 'kinesis-local', 'main.js') };
}

async function install(directory: string): Promise<void> {
  say("kinesis-mock: fetching LocalStack's Kinesis with npm, once, into .cache/backends (17 MB) ...");
  const startedAt = performance.now();
  await copyFile(manifest, join(directory, 'package.json'));
  const quietly = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  await runCommand('npm', ['install', '--prefix', directory, ...quietly], { logFile: installLog });
  say(`kinesis-mock: installed in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}

/** Fetches kinesis-mock if it is not there yet: LocalStack would do so at the first call to Kinesis, while a test waits. */
export async function provisionKinesisMock(): Promise<void> {
  await ensureInstalled({ ...installation(), install, say });
}

export function isKinesisMockInstalled(): Promise<boolean> {
  return isInstalled(installation());
}

/** Where it is installed. */
export function kinesisMockFolder(): string {
  return installDirectory(installation());
}
