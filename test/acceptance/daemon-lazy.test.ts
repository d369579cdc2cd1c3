import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonTests, eventually, readiness, untilReady } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

/** Writes the address of every module that is loaded to a file: ES modules by a hook, CommonJS from its cache at the end. */
const WATCH = `
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
const hook = \`
  import { appendFileSync } from 'node:fs';
  export async function load(url, context, next) {
    appendFileSync(process.env.LOADED, url + '\\\\n');
    return next(url, context);
  }\`;
register('data:text/javascript,' + encodeURIComponent(hook));
const { _cache } = createRequire(import.meta.url)('node:module');
process.on('exit', () => appendFileSync(process.env.LOADED, Object.keys(_cache).join('\\n') + '\\n'));
`;

const FUNCTION = { 'f.mjs': 'export async function handler() {}\n' };

/** Starts a daemon, waits for \`ready\` and gives what it had loaded when it ended. */
async function loadedBy(config: string, ready: (url: string) => Promise<unknown>): Promise<string> {
  const folder = tests.folder({ ...FUNCTION, 'watch.mjs': WATCH, 'millrace.yaml': config });
  const loaded = join(folder, 'loaded.txt');
  const daemon = tests.start({
    args: ['start', '--config', join(folder, 'millrace.yaml'), '--listen', '127.0.0.1:0'],
    nodeArgs: ['--import', join(folder, 'watch.mjs')],
    env: { LOADED: loaded, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  });
  await ready(await daemon.url());
  daemon.signal('SIGTERM');
  expect((await daemon.ended).code).toBe(0);
  return readFileSync(loaded, 'utf8');
}

test('a daemon of embedded queues loads no SDK, no SQLite, no HTTP client', async () => {
  const loaded = await loadedBy(
    `
stopTimeoutSeconds: 1
store: { type: memory }
queues: { jobs: {} }
functions: { f: { Handler: ./f.mjs } }
mappings: [{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:jobs', FunctionName: f }]`,
    untilReady,
  );
  expect(loaded).toMatch(/node_modules\/fastify\//);
  expect(loaded).toMatch(/adapters\/source\/embedded-queue\//);
  expect(loaded).not.toMatch(
    /node_modules\/(@aws-sdk|@smithy|libsql|@libsql|undici)\/|adapters\/source\/sqs\/|adapters\/store\/sqlite\/|adapters\/target\/http\//,
  );
});

test('a daemon of SQS loads SQS and nothing of the others', async () => {
  const loaded = await loadedBy(
    `
stopTimeoutSeconds: 1
store: { type: memory }
aws: { endpoint: 'http://127.0.0.1:9' }
functions: { f: { Handler: ./f.mjs } }
mappings: [{ EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:jobs', FunctionName: f }]`,
    (url) => eventually('a call of the SDK', async () => ((await readiness(url)).text.includes('cannot be used') ? true : undefined)),
  );
  expect(loaded).toMatch(/node_modules\/@aws-sdk\/client-sqs\//);
  expect(loaded).not.toMatch(/node_modules\/(libsql|@libsql|undici)\/|adapters\/source\/embedded-queue\/|adapters\/store\/sqlite\//);
  expect(loaded).not.toMatch(/node_modules\/@aws-sdk\/client-(?!sqs\/)/);
});

test('a daemon of embedded streams and queues loads no SDK and no SQLite', async () => {
  const loaded = await loadedBy(
    `
stopTimeoutSeconds: 1
store: { type: memory }
queues: { failed: {} }
streams: { readings: {} }
functions: { f: { Handler: ./f.mjs } }
mappings:
  - EventSourceArn: arn:aws:kinesis:embedded:000000000000:stream/readings
    FunctionName: f
    StartingPosition: LATEST
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:embedded:000000000000:failed' } }`,
    untilReady,
  );
  expect(loaded).toMatch(/adapters\/source\/embedded-stream\//);
  expect(loaded).not.toMatch(/node_modules\/(@aws-sdk|@smithy|libsql|@libsql|undici)\/|adapters\/source\/(sqs|kinesis|dynamodb-streams)\//);
});

test('a daemon of Kinesis loads Kinesis, and the SDK of its destination only once its stream is found', async () => {
  const loaded = await loadedBy(
    `
stopTimeoutSeconds: 1
store: { type: memory }
aws: { endpoint: 'http://127.0.0.1:9' }
functions: { f: { Handler: ./f.mjs } }
mappings:
  - EventSourceArn: arn:aws:kinesis:us-east-1:000000000000:stream/readings
    FunctionName: f
    StartingPosition: LATEST
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sns:us-east-1:000000000000:failed' } }`,
    (url) => eventually('a call of the SDK', async () => ((await readiness(url)).text.includes('cannot be used') ? true : undefined)),
  );
  expect(loaded).toMatch(/node_modules\/@aws-sdk\/client-kinesis\//);
  expect(loaded).not.toMatch(/node_modules\/@aws-sdk\/client-(?!kinesis\/)/);
  expect(loaded).not.toMatch(/adapters\/source\/(sqs|dynamodb-streams|embedded-\w+)\//);
});
