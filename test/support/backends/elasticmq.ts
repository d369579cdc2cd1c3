import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnBackend } from './backend.ts';
import { BackendUnavailable } from './backend.ts';
import { commandOutput, runCommand } from './command.ts';
import { ensureInstalled, installDirectory, isInstalled } from './install.ts';
import type { Launch } from './own-instance.ts';
import { startOwn } from './own-instance.ts';
import { configRoot, logRoot } from './paths.ts';
import { progressOf, say } from './progress.ts';

const pom = join(configRoot, 'elasticmq', 'pom.xml');
const installLog = join(logRoot, 'elasticmq-install.log');
const startTimeoutMs = 60_000;
const stopGraceMs = 5_000;
const probeTimeoutMs = 2_000;

function installation(): { name: string; recipe: string; proof: string } {
  return { name: 'elasticmq', recipe: readFileSync(pom, 'utf8'), proof: 'lib' };
}

async function requireTool(tool: string, how: string): Promise<void> {
  if ((await commandOutput(tool, ['-version'])) !== undefined) return;
  throw new BackendUnavailable('elasticmq', `ElasticMQ needs ${tool}, which is not on the PATH: ${how}, or set ELASTICMQ_ENDPOINT`);
}

async function install(directory: string): Promise<void> {
  say('elasticmq: fetching its jars with Maven, once, into .cache/backends (about a minute) ...');
  const startedAt = performance.now();
  const step = progressOf('elasticmq: files read', undefined);
  await runCommand(
    'mvn',
    ['-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${join(directory, 'lib')}`, '-DincludeScope=runtime'],
    {
      logFile: installLog,
      onLine: (line) => {
        if (line.includes('Downloaded from')) step();
      },
    },
  );
  say(`elasticmq: installed in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}

/** Fetches ElasticMQ if it is not there yet. Rejects with BackendUnavailable if this machine lacks Java or Maven. */
export async function provisionElasticMq(): Promise<void> {
  await requireTool('java', 'install a JRE of version 11 or newer (apt-get install default-jre-headless)');
  if (await isInstalled(installation())) return;
  await requireTool('mvn', 'install Maven (apt-get install maven)');
  await ensureInstalled({ ...installation(), install, say });
}

/** True if an ElasticMQ answers there. */
export async function elasticMqAnswers(endpoint: string): Promise<boolean> {
  const answer = await fetch(`${endpoint}/?Action=ListQueues`, { signal: AbortSignal.timeout(probeTimeoutMs) });
  await answer.arrayBuffer();
  return answer.ok;
}

function launch(): Launch {
  const lib = join(installDirectory(installation()), 'lib');
  return {
    name: 'elasticmq',
    program: ({ port, token }) => ({
      command: 'java',
      args: [
        '-Xmx512m',
        `-Dmillrace.instance=${token}`,
        '-Drest-sqs.bind-hostname=127.0.0.1',
        `-Drest-sqs.bind-port=${String(port)}`,
        '-Dnode-address.host=127.0.0.1',
        `-Dnode-address.port=${String(port)}`,
        '-Drest-stats.enabled=false',
        '-cp',
        join(lib, '*'),
        'org.elasticmq.server.Main',
      ],
      env: process.env,
    }),
    healthy: elasticMqAnswers,
    startTimeoutMs,
    stopGraceMs,
  };
}

/** Installs if needed and starts an ElasticMQ of the caller's own, which it must stop. */
export async function startElasticMq(): Promise<OwnBackend> {
  await provisionElasticMq();
  return startOwn(launch());
}
