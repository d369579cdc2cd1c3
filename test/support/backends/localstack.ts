import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnBackend } from './backend.ts';
import { BackendUnavailable } from './backend.ts';
import { commandOutput, runCommand } from './command.ts';
import { ensureInstalled, installDirectory, isInstalled } from './install.ts';
import { isKinesisMockInstalled, kinesisMockFolder, provisionKinesisMock } from './kinesis-mock.ts';
import type { Launch } from './own-instance.ts';
import { startOwn } from './own-instance.ts';
import { configRoot, logRoot } from './paths.ts';
import { progressOf, say } from './progress.ts';

const services = 'sqs,sns,s3,kinesis,secretsmanager,iam,sts,logs';
const requirementsFile = join(configRoot, 'localstack-requirements.txt');
const startScript = join(configRoot, 'localstack-start.py');
const installLog = join(logRoot, 'localstack-install.log');
const startTimeoutMs = 120_000;
const stopGraceMs = 8_000;
const probeTimeoutMs = 2_000;
/** The pinned packages have wheels for these. */
const pythons = ['python3', 'python3.11', 'python3.12', 'python3.13'];
const supported = /^3\.(11|12|13)$/m;

function installation(): { name: string; recipe: string; proof: string } {
  return { name: 'localstack', recipe: readFileSync(requirementsFile, 'utf8'), proof: join('bin', 'python') };
}

async function findPython(): Promise<string> {
  const seen: string[] = [];
  for (const python of pythons) {
    const version = await commandOutput(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    if (version === undefined) continue;
    seen.push(version.trim());
    if (!supported.test(version)) continue;
    if ((await commandOutput(python, ['-c', 'import venv, ensurepip'])) !== undefined) return python;
    throw new BackendUnavailable('localstack', `LocalStack needs Python's venv, which ${python} lacks: apt-get install python3-venv`);
  }
  const found = seen.length === 0 ? 'no python3 is on the PATH' : `only Python ${seen.join(', ')} was found`;
  throw new BackendUnavailable(
    'localstack',
    `LocalStack needs Python 3.11 to 3.13, and ${found}: install it (apt-get install python3 python3-venv), or set LOCALSTACK_ENDPOINT`,
  );
}

async function install(python: string, directory: string): Promise<void> {
  const total = installation()
    .recipe.split('\n')
    .filter((line) => line.includes('==')).length;
  say(`localstack: installing ${String(total)} Python packages, once, into .cache/backends (1 to 3 minutes) ...`);
  const startedAt = performance.now();
  const step = progressOf('localstack: packages read', total);
  // The folder is moved later: only bin/python goes with it, not the scripts that name it, and only bin/python is used.
  await runCommand(python, ['-m', 'venv', directory], { logFile: installLog });
  await runCommand(
    join(directory, 'bin', 'python'),
    ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off', '-r', requirementsFile],
    {
      logFile: installLog,
      onLine: (line) => {
        if (line.startsWith('Collecting ')) step();
        if (line.startsWith('Installing collected')) say('localstack: everything is read, unpacking ...');
      },
    },
  );
  say(`localstack: installed in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}

/** Installs LocalStack if it is not there yet. Rejects with BackendUnavailable if this machine lacks Python. */
export async function provisionLocalStack(): Promise<void> {
  if (!(await isInstalled(installation()))) {
    // Asked first, so that nothing is thrown away that cannot be made anew.
    const python = await findPython();
    await ensureInstalled({ ...installation(), install: (directory) => install(python, directory), say });
  }
  await provisionKinesisMock();
}

export async function isLocalStackInstalled(): Promise<boolean> {
  return (await isInstalled(installation())) && (await isKinesisMockInstalled());
}

/** True if a LocalStack answers there. */
export async function localStackAnswers(endpoint: string): Promise<boolean> {
  const health = await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(probeTimeoutMs) });
  if (!health.ok) return false;
  // The first call of a service loads it; better here than in the first test. One that the person's own LocalStack lacks does not count.
  const [hasSqs] = await Promise.all([
    warm(endpoint, 'sqs', 'AmazonSQS.ListQueues'),
    warm(endpoint, 'kinesis', 'Kinesis_20131202.ListStreams').catch(() => false),
  ]);
  return hasSqs;
}

async function warm(endpoint: string, service: string, target: string): Promise<boolean> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': `application/x-amz-json-1.${service === 'sqs' ? '0' : '1'}`,
      'x-amz-target': target,
      authorization: `AWS4-HMAC-SHA256 Credential=test/20000101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: '{}',
    signal: AbortSignal.timeout(startTimeoutMs),
  });
  await answer.arrayBuffer();
  return answer.ok;
}

function launch(): Launch {
  const python = join(installDirectory(installation()), 'bin', 'python');
  return {
    name: 'localstack',
    program: ({ port, token, directory }) => ({
      command: python,
      args: [startScript, token],
      env: {
        ...withoutForeign(process.env),
        GATEWAY_LISTEN: `127.0.0.1:${String(port)}`,
        LOCALSTACK_HOST: `127.0.0.1:${String(port)}`,
        SERVICES: services,
        SQS_ENDPOINT_STRATEGY: 'path',
        OVERRIDE_IN_DOCKER: '0',
        FILESYSTEM_ROOT: directory,
        DISABLE_EVENTS: '1',
        SKIP_SSL_CERT_DOWNLOAD: '1',
        DNS_ADDRESS: '0',
        PYTHONUNBUFFERED: '1',
        KINESIS_MOCK_FOLDER: kinesisMockFolder(),
        KINESIS_LATENCY: '50',
        KINESIS_SHARD_LIMIT: '200',
        KINESIS_PERSISTENCE: '0',
        KINESIS_MOCK_LOG_LEVEL: 'WARN',
      },
    }),
    healthy: localStackAnswers,
    startTimeoutMs,
    stopGraceMs,
  };
}

// Settings of the person's own shell must not reach the emulator.
function withoutForeign(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(AWS_|PYTHON|LOCALSTACK_|VITEST|NODE_OPTIONS)/.test(name)));
}

/** Installs if needed and starts a LocalStack of the caller's own, which it may freeze, restart and must stop. */
export async function startLocalStack(): Promise<OwnBackend> {
  await provisionLocalStack();
  return startOwn(launch());
}
