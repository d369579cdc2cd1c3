import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OwnBackend } from './backend.ts';
import { runCommand } from './command.ts';
import { ensureInstalled, installDirectory } from './install.ts';
import type { Launch } from './own-instance.ts';
import { startOwn } from './own-instance.ts';
import { configRoot, logRoot } from './paths.ts';
import { say } from './progress.ts';

const manifest = join(configRoot, 'kinesalite', 'package.json');
const starter = join(configRoot, 'kinesalite', 'start.cjs');
const installLog = join(logRoot, 'kinesalite-install.log');
const startTimeoutMs = 30_000;
const stopGraceMs = 2_000;
const probeTimeoutMs = 2_000;

function installation(): { name: string; recipe: string; proof: string } {
  return { name: 'kinesalite', recipe: readFileSync(manifest, 'utf8'), proof: join('node_modules', 'lifion-kinesis', 'package.json') };
}

async function install(directory: string): Promise<void> {
  say('kinesalite: fetching it, and lifion-kinesis to compare with, with npm, once, into .cache/backends ...');
  const startedAt = performance.now();
  await copyFile(manifest, join(directory, 'package.json'));
  const quietly = ['--ignore-scripts', '--omit=optional', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  await runCommand('npm', ['install', '--prefix', directory, ...quietly], { logFile: installLog });
  say(`kinesalite: installed in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}

/** Fetches kinesalite, a Kinesis that is fast enough to measure clients on, and the peer that is measured there; gives their folder. */
export async function provisionKinesalite(): Promise<string> {
  return ensureInstalled({ ...installation(), install, say });
}

/** True if a kinesalite answers there. */
export async function kinesaliteAnswers(endpoint: string): Promise<boolean> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Kinesis_20131202.ListStreams',
      'x-amz-date': '20000101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=probe/20000101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: '{}',
    signal: AbortSignal.timeout(probeTimeoutMs),
  });
  await answer.arrayBuffer();
  return answer.ok;
}

function launch(): Launch {
  const folder = installDirectory(installation());
  return {
    name: 'kinesalite',
    program: ({ port, token }) => ({ command: process.execPath, args: [starter, folder, String(port), token], env: process.env }),
    healthy: kinesaliteAnswers,
    startTimeoutMs,
    stopGraceMs,
  };
}

/**
 * Installs if needed and starts a kinesalite of the caller's own, which it must stop. It knows streams by name only, and an
 * iterator of AT_TIMESTAMP is never answered.
 */
export async function startKinesalite(): Promise<OwnBackend> {
  await provisionKinesalite();
  return startOwn(launch());
}
