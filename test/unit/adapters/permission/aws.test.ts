import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AWS_ACTIONS, type AwsSend, type AwsUse, awsProbes } from '../../../../adapters/permission/aws/index.ts';
import { checkPermissions, permissionLines } from '../../../../src/daemon/check-permissions.ts';
import type { PermissionAnswer } from '../../../../src/index.ts';

const root = resolve(import.meta.dirname, '../../../..');

const FOLDERS: Readonly<Record<AwsUse, { readonly folder: string; readonly service: string }>> = {
  'sqs-source': { folder: 'source/sqs', service: 'sqs' },
  'kinesis-source': { folder: 'source/kinesis', service: 'kinesis' },
  'dynamodb-streams-source': { folder: 'source/dynamodb-streams', service: 'dynamodb' },
  'sqs-destination': { folder: 'destination/sqs', service: 'sqs' },
  'sns-destination': { folder: 'destination/sns', service: 'sns' },
  's3-destination': { folder: 'destination/s3', service: 's3' },
  'lambda-target': { folder: 'target/lambda', service: 'lambda' },
  'secrets-manager': { folder: 'secret/secrets-manager', service: 'secretsmanager' },
};

/** Operations whose action has another name. */
const ACTION_OF: Readonly<Record<string, string>> = {
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
  HeadBucket: 'ListBucket',
  Invoke: 'InvokeFunction',
};

const USES = Object.keys(FOLDERS) as AwsUse[];

/** The commands of the SDK that the sources of a folder make. */
function commandsOf(folder: string): string[] {
  const path = join(root, 'adapters', folder);
  const found = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      [...readFileSync(join(path, name), 'utf8').matchAll(/new [\w.#]*[sS]dk\.(\w+)Command\(/g)].map(([, command]) => command ?? ''),
    );
  return [...new Set(found)];
}

describe('the actions of each adapter', () => {
  it.each(USES)('are those that its sources call: %s', (use) => {
    const { folder, service } = FOLDERS[use];
    const called = commandsOf(folder).map((command) => `${service}:${ACTION_OF[command] ?? command}`);
    expect(called).not.toEqual([]);
    expect([...new Set(called)].sort()).toEqual([...AWS_ACTIONS[use]].sort());
  });

  it('are told for every folder that calls AWS', () => {
    // The command line speaks to a daemon of Millrace in the words of Lambda's client.
    const known = new Set([...Object.values(FOLDERS).map(({ folder }) => folder), 'api/lambda']);
    const kinds = readdirSync(join(root, 'adapters'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const calling = kinds.flatMap(({ name: kind }) =>
      readdirSync(join(root, 'adapters', kind), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${kind}/${name}`)
        .filter((folder) => commandsOf(folder).length > 0),
    );
    expect(calling.filter((folder) => !known.has(folder))).toEqual([]);
  });

  it.each(USES)('are what its policy in config/iam allows, and nothing more: %s', (use) => {
    const text = readFileSync(join(root, 'config/iam', `${use}.json`), 'utf8');
    const policy = JSON.parse(text) as { Statement: { Effect: string; Action: string[]; Resource: string[] }[] };
    expect(policy.Statement.flatMap(({ Action }) => Action).sort()).toEqual([...AWS_ACTIONS[use]].sort());
    for (const { Effect, Resource } of policy.Statement) {
      expect(Effect).toBe('Allow');
      expect(Resource).not.toContain('*');
    }
    expect(readFileSync(join(root, 'config/iam/README.md'), 'utf8')).toContain(`${use}.json`);
  });
});

const ARN: Readonly<Record<AwsUse, string>> = {
  'sqs-source': 'arn:aws:sqs:eu-west-1:123456789012:orders',
  'kinesis-source': 'arn:aws:kinesis:eu-west-1:123456789012:stream/clicks',
  'dynamodb-streams-source': 'arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026',
  'sqs-destination': 'https://sqs.eu-west-1.amazonaws.com/123456789012/failed',
  'sns-destination': 'arn:aws:sns:eu-west-1:123456789012:failed',
  's3-destination': 'arn:aws:s3:::failed',
  'lambda-target': 'arn:aws:lambda:eu-west-1:123456789012:function:fn',
  'secrets-manager': 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-abcdef',
};

/** What the services answer to those who may: an answer, or the refusal of what was made up. */
const REFUSALS: Readonly<Record<string, string>> = {
  ReceiveMessage: 'InvalidParameterValue',
  SendMessage: 'MissingParameter',
  Publish: 'InvalidParameter',
  PutObject: 'NoSuchKey',
};
const ANSWERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  GetQueueUrl: { QueueUrl: 'https://sqs/orders' },
  ListShards: { Shards: [{ ShardId: 'shard-0' }] },
  DescribeStream: { StreamDescription: { Shards: [{ ShardId: 'shard-0' }] } },
  GetShardIterator: { ShardIterator: 'i' },
};

function fault(name: string, message = name): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode: name === 'AccessDenied' ? 403 : 400 } });
}

interface Seen {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A service that allows everything but `denied`. */
function service(denied: readonly string[], seen: Seen[] = []): AwsSend {
  return (_use, operation, input) => {
    seen.push({ operation, input });
    if (denied.includes(operation)) return Promise.reject(fault('AccessDenied', `not authorized to perform ${operation}`));
    const refusal = REFUSALS[operation];
    return refusal === undefined ? Promise.resolve(ANSWERS[operation] ?? {}) : Promise.reject(fault(refusal));
  };
}

async function answers(use: AwsUse, denied: readonly string[]): Promise<Record<string, PermissionAnswer['kind']>> {
  const { results } = await checkPermissions(awsProbes({ use, resource: ARN[use] }, service(denied)));
  return Object.fromEntries(results.map(({ action, answer }) => [action, answer.kind]));
}

describe('the check of permissions', () => {
  it.each(USES)('finds every action allowed where all are: %s', async (use) => {
    expect(new Set(Object.values(await answers(use, [])))).toEqual(new Set(['allowed']));
  });

  it.each(USES)('names the action that is denied, whichever it is: %s', async (use) => {
    for (const command of commandsOf(FOLDERS[use].folder)) {
      const action = `${FOLDERS[use].service}:${ACTION_OF[command] ?? command}`;
      const found = await answers(use, [command]);
      const missing = Object.entries(found).flatMap(([name, kind]) => (kind === 'denied' ? [name] : []));
      expect([command, missing]).toEqual([command, [action]]);
    }
  });

  it('receives, deletes, sends, writes and invokes nothing', async () => {
    const seen: Seen[] = [];
    for (const use of USES) await checkPermissions(awsProbes({ use, resource: ARN[use] }, service([], seen)));
    const inputOf = (operation: string): readonly unknown[] =>
      seen.filter((call) => call.operation === operation).map(({ input }) => input);
    expect(inputOf('ReceiveMessage')).toMatchObject([{ MaxNumberOfMessages: 0 }]);
    expect(inputOf('DeleteMessageBatch')).toMatchObject([{ Entries: [{ ReceiptHandle: 'millrace-permission-check' }] }]);
    expect(inputOf('ChangeMessageVisibilityBatch')).toMatchObject([{ Entries: [{ ReceiptHandle: 'millrace-permission-check' }] }]);
    expect(inputOf('SendMessage')).toMatchObject([{ MessageBody: '' }]);
    expect(inputOf('Publish')).toMatchObject([{ Message: '' }]);
    expect(inputOf('PutObject')).toMatchObject([{ Bucket: 'failed', IfMatch: '"0"' }]);
    expect(inputOf('Invoke')).toMatchObject([{ InvocationType: 'DryRun' }]);
  });

  it('does not take what is not reached, or not there, for a missing permission', async () => {
    const down: AwsSend = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    const { results, missing, statement } = await checkPermissions(
      awsProbes({ use: 'lambda-target', resource: ARN['lambda-target'] }, down),
    );
    expect(results.map(({ answer }) => answer.kind)).toEqual(['unknown', 'unknown']);
    expect([missing, statement]).toEqual([[], undefined]);
  });

  it('gives a statement that would allow what is missing, each action and resource once', async () => {
    const probes = awsProbes({ use: 'sqs-source', resource: ARN['sqs-source'] }, service(['ReceiveMessage', 'DeleteMessageBatch']));
    const report = await checkPermissions([...probes, ...probes]);
    expect(report.results).toHaveLength(AWS_ACTIONS['sqs-source'].length);
    expect(report.statement).toEqual({
      Effect: 'Allow',
      Action: ['sqs:DeleteMessage', 'sqs:ReceiveMessage'],
      Resource: [ARN['sqs-source']],
    });
    const lines = permissionLines(report);
    expect(lines[0]).toBe(
      `sqs:ReceiveMessage on ${ARN['sqs-source']} is missing: ReceiveMessage: not authorized to perform ReceiveMessage`,
    );
    expect(lines.at(-1)).toContain('"Effect":"Allow"');
    expect(permissionLines(await checkPermissions([]))).toEqual([]);
  });
});

describe('the check of permissions over the wire', () => {
  it('asks with the SDK, and reads its refusals', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${String(request.method)} ${String(request.headers['x-amz-invocation-type'] ?? '-')}`);
      request.resume();
      const isDry = request.headers['x-amz-invocation-type'] === 'DryRun';
      if (isDry) response.writeHead(204).end();
      else {
        const head = { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' };
        response.writeHead(403, head).end(JSON.stringify({ Message: 'User is not authorized to perform: lambda:GetFunction' }));
      }
    });
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done);
    });
    try {
      const { port } = server.address() as AddressInfo;
      const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
      const settings = { endpoint: `http://127.0.0.1:${String(port)}`, region: 'eu-west-1', credentials };
      const report = await checkPermissions(awsProbes({ use: 'lambda-target', resource: 'fn', settings }));
      expect(report.results.map(({ action, answer }) => [action, answer.kind])).toEqual([
        ['lambda:InvokeFunction', 'allowed'],
        ['lambda:GetFunction', 'denied'],
      ]);
      expect(asked).toEqual(['POST DryRun', 'GET -']);
    } finally {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });
});
