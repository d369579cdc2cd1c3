import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateEventSourceMappingCommand, InvokeCommand, LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeWithAwsClients } from '../support/aws-clients.ts';
import { createAuthority } from '../support/certificates.ts';
import { exchange, send } from '../support/raw-http.ts';
import { type DaemonProcess, DaemonTests } from './daemon-process.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const LOOK_SECRET = 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY';
const TOKEN = 'token-of-prometheus-0001';
const authority = createAuthority('Test Authority');
const leaf = authority.issue('millrace');

const CONFIG = `
store: { type: memory }
log: { level: debug }
aws: { region: eu-west-1 }
api:
  credentials:
    - { accessKeyId: AKIAMANAGE, secretAccessKeyFile: ./manage.secret, role: manage }
    - { accessKeyId: AKIALOOK, secretAccessKeyEnv: LOOK_SECRET, role: read }
  tokens: [{ token: ${TOKEN}, role: read }]
  tls: { certificate: ./server.crt, key: ./server.key }
functions: { f: { Handler: ./f.mjs } }
queues: { orders: {} }
`;
const FILES = {
  'manage.secret': `${SECRET}\n`,
  'server.crt': leaf.certificate,
  'server.key': leaf.key,
  'ca.crt': authority.certificate,
  'f.mjs': 'export async function handler(event) { return { got: event }; }\n',
};
const QUEUE = 'arn:aws:sqs:embedded:000000000000:orders';

const tests = new DaemonTests();

describe('a daemon that asks who calls', () => {
  let daemon: DaemonProcess;
  let folder = '';
  let url = '';
  const clients: LambdaClient[] = [];

  beforeAll(async () => {
    folder = tests.folder({ ...FILES, 'millrace.yaml': CONFIG });
    const args = ['start', '--config', join(folder, 'millrace.yaml'), '--listen', '127.0.0.1:0'];
    daemon = tests.start({ args, env: { LOOK_SECRET } });
    [, url = ''] = await daemon.says(/(https:\/\/127\.0\.0\.1:\d+)/);
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    const said = daemon.stdout + daemon.stderr;
    expect(said).toContain('listen');
    for (const secret of [SECRET, LOOK_SECRET, TOKEN, leaf.key.split('\n')[1] ?? '']) expect(said).not.toContain(secret);
    await tests.clear();
  });

  function client(accessKeyId: string, secretAccessKey: string): LambdaClient {
    const requestHandler = new NodeHttpHandler({ httpsAgent: { ca: authority.certificate } });
    const region = 'eu-west-1';
    const made = new LambdaClient({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey }, requestHandler, maxAttempts: 1 });
    clients.push(made);
    return made;
  }

  test('is driven by the SDK over TLS with the right key, and by no other', async () => {
    const lambda = client('AKIAMANAGE', SECRET);
    const made = await lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn: QUEUE, FunctionName: 'f', Enabled: false }));
    expect(made.UUID).toMatch(/^[\da-f-]{36}$/);
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'f', Payload: '{"a":1}' }));
    expect(Buffer.from(Payload ?? []).toString()).toBe('{"got":{"a":1}}');
    const looking = client('AKIALOOK', LOOK_SECRET);
    expect((await looking.send(new ListEventSourceMappingsCommand())).EventSourceMappings).toHaveLength(1);
    await expect(looking.send(new InvokeCommand({ FunctionName: 'f' }))).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const wrong = client('AKIAMANAGE', LOOK_SECRET);
    await expect(wrong.send(new ListEventSourceMappingsCommand())).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    await expect(client('AKIA', SECRET).send(new ListEventSourceMappingsCommand())).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
  });

  test('shows its metrics to who has the token', async () => {
    const ask = (headers: Record<string, string>): Promise<{ status: number; body: string }> =>
      exchange(url, { target: '/metrics', headers: { host: 'millrace', ...headers } });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${SECRET}` })).status).toBe(401);
    const metrics = await ask({ authorization: `Bearer ${TOKEN}` });
    expect(metrics.status).toBe(200);
    expect(metrics.body).toMatch(/millrace_api_refusals\{reason="MissingToken"\} 1/);
    for (const secret of [SECRET, LOOK_SECRET, TOKEN]) expect(metrics.body).not.toContain(secret);
  });

  test('goes on after garbage', async () => {
    await send(url, '\0\r\n\r\n');
    await send(url.replace('https', 'http'), 'GET / HTTP/1.1\r\n\r\n');
    expect((await exchange(url, { target: '/healthz', headers: { host: 'millrace' } })).status).toBe(200);
  });
});

await describeWithAwsClients('boto3, which signs by itself', (python) => {
  afterEach(() => tests.clear());

  const CALLS = `
import boto3, botocore.exceptions, sys
def client(secret):
    return boto3.client('lambda', endpoint_url=sys.argv[1], region_name='eu-west-1', verify=sys.argv[2],
                        aws_access_key_id='AKIAMANAGE', aws_secret_access_key=secret)
right = client(sys.argv[3])
made = right.create_event_source_mapping(EventSourceArn=sys.argv[4], FunctionName='f', Enabled=False, Tags={'a b': 'c/d+ü'})
print(right.list_tags(Resource=made['EventSourceMappingArn'])['Tags'])
right.untag_resource(Resource=made['EventSourceMappingArn'], TagKeys=['a b', 'z+&'])
print(len(right.list_event_source_mappings(FunctionName='f', EventSourceArn=sys.argv[4], MaxItems=5)['EventSourceMappings']))
print(right.invoke(FunctionName='f', Payload=b'{"a": 1}')['Payload'].read().decode())
try:
    client('x' * 40).list_event_source_mappings()
except botocore.exceptions.ClientError as error:
    print(error.response['Error']['Code'])
`;

  test('is let in with the right key, whatever is in paths, queries and bodies', async () => {
    const folder = tests.folder({ ...FILES, 'millrace.yaml': CONFIG });
    const args = ['start', '--config', join(folder, 'millrace.yaml'), '--listen', '127.0.0.1:0'];
    const [, url = ''] = await tests.start({ args, env: { LOOK_SECRET } }).says(/(https:\/\/127\.0\.0\.1:\d+)/);
    const { stdout } = await promisify(execFile)(python, ['-c', CALLS, url, join(folder, 'ca.crt'), SECRET, QUEUE]);
    expect(stdout.trim().split('\n')).toEqual([`{'a b': 'c/d+ü'}`, '1', '{"got":{"a":1}}', 'InvalidSignatureException']);
  });
});

describe('a daemon that may not start', () => {
  afterEach(() => tests.clear());

  test.each([
    ['others may call', 'listen: 0.0.0.0:4680', [], /listen: is "0\.0\.0\.0:4680", where others than this machine may call/],
    ['others may call, by its option', 'queues: { orders: {} }', ['--listen', '0.0.0.0:0'], /--listen: is "0\.0\.0\.0:0", where others/],
    ['a secret is missing', CONFIG, [], /api\.credentials\[1\]\.secretAccessKeyEnv: names an environment variable that is not set/],
    ['a key is none', CONFIG.replace('./server.key', './ca.crt'), [], /api\.tls\.key: has no private key in PEM/],
    [
      'a token is too short',
      CONFIG.replace(TOKEN, 'short-secret'),
      [],
      /api\.tokens\[0\]\.token: must be a text of 16 to 512 visible characters/,
    ],
  ])('because %s says which field to mend, and no secret', async (_why, config, more, message) => {
    const folder = tests.folder({ ...FILES, 'millrace.yaml': config });
    const daemon = tests.start({ args: ['start', '--config', join(folder, 'millrace.yaml'), ...more] });
    expect((await daemon.ended).code).toBe(2);
    expect(daemon.stderr).toMatch(message);
    for (const secret of [SECRET, TOKEN, 'short-secret']) expect(daemon.stdout + daemon.stderr).not.toContain(secret);
  });
});
