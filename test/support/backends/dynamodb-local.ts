import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OwnBackend } from './backend.ts';
import { BackendUnavailable } from './backend.ts';
import { commandOutput, runCommand } from './command.ts';
import { ensureInstalled, installDirectory, isInstalled } from './install.ts';
import type { Launch } from './own-instance.ts';
import { startOwn } from './own-instance.ts';
import { configRoot, logRoot } from './paths.ts';
import { progressOf, say } from './progress.ts';

const pom = join(configRoot, 'dynamodb-local', 'pom.xml');
const launcher = join(configRoot, 'dynamodb-local', 'Launcher.java');
const installLog = join(logRoot, 'dynamodb-local-install.log');
const startTimeoutMs = 60_000;
const stopGraceMs = 5_000;
const probeTimeoutMs = 2_000;

function installation(): { name: string; recipe: string; proof: string } {
  return {
    name: 'dynamodb-local',
    recipe: readFileSync(pom, 'utf8') + readFileSync(launcher, 'utf8'),
    proof: join('classes', 'Launcher.class'),
  };
}

async function requireTool(tool: string, how: string): Promise<void> {
  if ((await commandOutput(tool, ['-version'])) !== undefined) return;
  throw new BackendUnavailable(
    'dynamodb-local',
    `DynamoDB Local needs ${tool}, which is not on the PATH: ${how}, or set DYNAMODB_LOCAL_ENDPOINT`,
  );
}

async function install(directory: string): Promise<void> {
  say('dynamodb-local: fetching its jars with Maven, once, into .cache/backends (about a minute) ...');
  const startedAt = performance.now();
  const step = progressOf('dynamodb-local: files read', undefined);
  const lib = join(directory, 'lib');
  await runCommand('mvn', ['-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`, '-DincludeScope=runtime'], {
    logFile: installLog,
    onLine: (line) => {
      if (line.includes('Downloaded from')) step();
    },
  });
  const classes = join(directory, 'classes');
  await mkdir(classes, { recursive: true });
  await runCommand('javac', ['-cp', join(lib, '*'), '-d', classes, launcher], { logFile: installLog });
  say(`dynamodb-local: installed in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}

/**
 * Fetches DynamoDB Local and compiles its launcher, if that is not done yet. Rejects with BackendUnavailable if this machine
 * lacks a JDK or Maven: started without the launcher it would listen on every address of the machine and report its use.
 */
export async function provisionDynamoDbLocal(): Promise<void> {
  await requireTool('java', 'install a JRE of version 17 or newer (apt-get install default-jre-headless)');
  if (await isInstalled(installation())) return;
  await requireTool('javac', 'install a JDK of version 17 or newer (apt-get install default-jdk-headless)');
  await requireTool('mvn', 'install Maven (apt-get install maven)');
  await ensureInstalled({ ...installation(), install, say });
}

/** True if a DynamoDB Local answers there. */
export async function dynamoDbLocalAnswers(endpoint: string): Promise<boolean> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      authorization: 'AWS4-HMAC-SHA256 Credential=probe/20000101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: '{}',
    signal: AbortSignal.timeout(probeTimeoutMs),
  });
  await answer.arrayBuffer();
  return answer.ok;
}

function launch(): Launch {
  const directory = installDirectory(installation());
  const lib = join(directory, 'lib');
  return {
    name: 'dynamodb-local',
    program: ({ port, token }) => ({
      command: 'java',
      args: [
        '-Xmx512m',
        `-Dmillrace.instance=${token}`,
        `-Djava.library.path=${lib}`,
        '-Dorg.eclipse.jetty.LEVEL=WARN',
        '-cp',
        [join(directory, 'classes'), join(lib, '*')].join(':'),
        'Launcher',
        String(port),
      ],
      env: { ...process.env, DDB_LOCAL_TELEMETRY: '0' },
    }),
    healthy: dynamoDbLocalAnswers,
    startTimeoutMs,
    stopGraceMs,
  };
}

/** Installs if needed and starts a DynamoDB Local of the caller's own, which it must stop. Every access key has a database of its own. */
export async function startDynamoDbLocal(): Promise<OwnBackend> {
  await provisionDynamoDbLocal();
  return startOwn(launch());
}
