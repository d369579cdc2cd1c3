import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWithAwsClients } from '../support/aws-clients.ts';
import { botoClient, type ClientAnswer, cliClient, sdkClient } from '../support/lambda-clients.ts';
import { type AskedDaemon, seenBy } from './api-life.ts';
import { type Args, CONFIG, FUNCTIONS } from './api-world.ts';
import { type DaemonProcess, DaemonTests } from './daemon-process.ts';

/** A service that lets nobody in. */
let denying: Server;
const tests = new DaemonTests();
let daemon: DaemonProcess;
let url = '';

beforeAll(async () => {
  denying = createServer((request, response) => {
    request.resume();
    response.writeHead(403, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': 'AccessDeniedException' });
    response.end('{"__type":"AccessDeniedException","message":"not you"}');
  });
  await new Promise<void>((resolve) => denying.listen(0, '127.0.0.1', resolve));
  const { port } = denying.address() as AddressInfo;
  const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  daemon = tests.run(CONFIG(`http://127.0.0.1:${String(port)}`), FUNCTIONS, { env });
  url = await daemon.url();
});

afterAll(async () => {
  await tests.clear();
  denying.closeAllConnections();
  denying.close();
});

const asked = (): AskedDaemon => ({ daemon, url });

describe('@aws-sdk/client-lambda', () => {
  seenBy(asked, () => sdkClient(url));
});

await describeWithAwsClients('boto3', (python) => {
  seenBy(asked, () => botoClient(python, url));
});

await describeWithAwsClients('the AWS CLI', (python) => {
  seenBy(asked, () => cliClient(python, url));
});

describe('an invocation', () => {
  const invoke = async (name: string, payload: unknown, more: Args = {}): Promise<ClientAnswer> => {
    const client = sdkClient(url);
    try {
      return await client.call('Invoke', { FunctionName: name, Payload: JSON.stringify(payload), ...more });
    } finally {
      await client.close();
    }
  };
  const payloadOf = ({ result }: ClientAnswer): unknown => JSON.parse(Buffer.from(result['Payload'] as Uint8Array).toString()) as unknown;

  test('answers with what the function gave, and its version', async () => {
    const answer = await invoke('f:live', { a: 1 });
    expect([answer.status, answer.result['ExecutedVersion'], payloadOf(answer)]).toEqual([200, '1', { echo: { a: 1 } }]);
  });

  test('of a function that fails says so in its header', async () => {
    const answer = await invoke('f', { fail: 'on purpose' });
    expect([answer.status, answer.result['FunctionError']]).toEqual([200, 'Unhandled']);
    expect(payloadOf(answer)).toEqual({ errorType: 'TypeError', errorMessage: 'on purpose' });
  });

  test('that is dry checks and runs nothing, and one that nobody waits for is refused by name', async () => {
    expect((await invoke('f', {}, { InvocationType: 'DryRun' })).status).toBe(204);
    expect((await invoke('f', {}, { InvocationType: 'Event' })).message).toContain('Unsupported InvocationType Event');
    expect((await invoke('nobody', {})).code).toBe('ResourceNotFoundException');
  });
});

describe('a request that no client makes', () => {
  const MAPPINGS = '/2015-03-31/event-source-mappings';
  const ask = async (path: string, init: RequestInit = {}): Promise<readonly [number, string | null, unknown]> => {
    const answer = await fetch(`${url}${path}`, init);
    const text = await answer.text();
    expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    return [answer.status, answer.headers.get('x-amzn-errortype'), JSON.parse(text)];
  };

  test('with a body that is no JSON is refused', async () => {
    for (const body of ['{', '[', '"', '{"a":}', 'no']) {
      const [status, type] = await ask(MAPPINGS, { method: 'POST', body });
      expect([status, type]).toEqual([400, 'SerializationException']);
    }
    const [status, type] = await ask('/2015-03-31/functions/f/invocations', { method: 'POST', body: '{' });
    expect([status, type]).toEqual([400, 'InvalidRequestContentException']);
  });

  test('with a body of another shape is refused', async () => {
    for (const body of ['[]', '7', '"text"', '{"FunctionName":7}']) {
      expect((await ask(MAPPINGS, { method: 'POST', body })).slice(0, 2)).toEqual([400, 'SerializationException']);
    }
    expect((await ask(MAPPINGS, { method: 'POST' })).slice(0, 2)).toEqual([400, 'ValidationException']);
  });

  test('with tricks in its path finds nothing', async () => {
    for (const uuid of ['..%2f..%2fmappings', '%00', '%2e%2e', '__proto__', 'constructor', 'x'.repeat(500)]) {
      expect([400, 404]).toContain((await ask(`${MAPPINGS}/${uuid}`))[0]);
    }
    expect((await ask(`${MAPPINGS}/a/b`)).slice(0, 2)).toEqual([404, 'UnknownOperationException']);
    expect((await ask('/2017-03-31/tags/..%2f..')).slice(0, 2)).toEqual([400, 'ValidationException']);
  });
});
