/** The AWS CLI and boto3, installed once into the ignored cache, as the back ends are. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe } from 'vitest';
import { isCi } from './backends/backend.ts';
import { commandOutput, runCommand } from './backends/command.ts';
import { ensureInstalled, isInstalled } from './backends/install.ts';
import { configRoot, logRoot } from './backends/paths.ts';
import { say } from './backends/progress.ts';

const requirementsFile = join(configRoot, 'aws-clients-requirements.txt');
const logFile = join(logRoot, 'aws-clients-install.log');

/** The Python that has the clients, or why there is none. */
type AwsClients = { readonly python: string } | { readonly skipped: string };

/** Installs the clients if they are not there yet. Where Python is missing, tests are skipped; in continuous integration they fail. */
async function awsClients(): Promise<AwsClients> {
  const installation = { name: 'aws-clients', recipe: readFileSync(requirementsFile, 'utf8'), proof: join('bin', 'python') };
  if (!(await isInstalled(installation)) && (await commandOutput('python3', ['-c', 'import venv, ensurepip'])) === undefined) {
    const skipped = 'needs python3 and its venv: apt-get install python3 python3-venv';
    if (isCi()) throw new Error(`AWS's clients: ${skipped}`);
    return { skipped };
  }
  const directory = await ensureInstalled({ ...installation, install, say });
  return { python: join(directory, 'bin', 'python') };
}

async function install(directory: string): Promise<void> {
  await runCommand('python3', ['-m', 'venv', directory], { logFile });
  const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
  await runCommand(join(directory, 'bin', 'python'), [...pip, '--prefer-binary', '-r', requirementsFile], { logFile });
}

/** `describe` with a Python that has AWS's clients. Without Python the tests are counted as skipped and say why. */
export async function describeWithAwsClients(title: string, body: (python: string) => void): Promise<void> {
  const clients = await awsClients();
  if ('skipped' in clients) {
    describe.skip(`${title} [${clients.skipped}]`, () => {
      body('python3');
    });
  } else {
    describe(title, () => {
      body(clients.python);
    });
  }
}

const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_MAX_ATTEMPTS: '1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_PAGER: '',
  PATH: process.env['PATH'] ?? '',
};

/** How a command line ended. */
export interface CliAnswer {
  readonly code: number | null;
  readonly json: Record<string, unknown>;
  readonly stderr: string;
}

/** `aws lambda ...` against an endpoint. */
export async function awsLambda(python: string, endpoint: string, ...args: readonly string[]): Promise<CliAnswer> {
  const command = ['-m', 'awscli', '--endpoint-url', endpoint, '--output', 'json', 'lambda', ...args];
  const child = spawn(python, command, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const text = await stdout;
  return { code, json: text.trim() === '' ? {} : (JSON.parse(text) as Record<string, unknown>), stderr: await stderr };
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const part of stream) text += String(part);
  return text;
}

/** What boto3 answered: the parsed response without its metadata, or the error as it says it. */
export type BotoAnswer =
  | { readonly status: number; readonly result: Record<string, unknown> }
  | { readonly status: number; readonly code: string; readonly message: string; readonly type: string | undefined };

/** Reads calls and answers each with a line; times as epoch seconds. */
const CALLER = `
import boto3, botocore.config, botocore.exceptions, datetime, json, sys
config = botocore.config.Config(retries={'max_attempts': 1, 'mode': 'standard'}, parameter_validation=False)
client = boto3.client('lambda', endpoint_url=sys.argv[1], config=config)
def plain(value):
    if isinstance(value, datetime.datetime): return value.timestamp()
    if hasattr(value, 'read'): return value.read().decode()
    return str(value)
for line in sys.stdin:
    call = json.loads(line)
    try:
        answer = getattr(client, call['method'])(**call['args'])
        meta = answer.pop('ResponseMetadata')
        said = {'status': meta['HTTPStatusCode'], 'result': answer}
    except botocore.exceptions.ClientError as error:
        meta = error.response['ResponseMetadata']
        said = {'status': meta['HTTPStatusCode'], 'code': error.response['Error']['Code'], 'message': error.response['Error']['Message'], 'type': error.response.get('Type')}
    print(json.dumps(said, default=plain), flush=True)
`;

/** boto3 in one process, asked call by call. */
export class Boto {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string, endpoint: string) {
    const child = spawn(python, ['-c', CALLER, endpoint], { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async call(method: string, args: Readonly<Record<string, unknown>> = {}): Promise<BotoAnswer> {
    this.#child.stdin?.write(`${JSON.stringify({ method, args })}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`boto3 ended at ${method}`);
    return JSON.parse(line.value) as BotoAnswer;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin?.end();
    await ended;
  }
}
