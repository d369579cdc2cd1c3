import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { access, type GuardedServer, guardedServer, KEYS } from '../../../support/guarded-server.ts';

let server: GuardedServer;
const clients: LambdaClient[] = [];

beforeAll(async () => {
  server = await guardedServer({ access: await access() });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server.asked.length = 0;
});
afterAll(async () => {
  await server.close();
});

function client(credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }, more: object = {}): LambdaClient {
  const made = new LambdaClient({ endpoint: server.url, region: 'us-east-1', maxAttempts: 1, credentials, ...more });
  clients.push(made);
  return made;
}

/** An ARN with colons, which stand encoded in the path. */
const ARN = 'arn:aws:lambda:us-east-1:000000000000:event-source-mapping:6f2c1b1e-1111-4222-8333-abcdefabcdef';

test('the client of the SDK with the right key reads and manages', async () => {
  const lambda = client(KEYS.manage);
  await lambda.send(new CreateEventSourceMappingCommand({ FunctionName: 'mill', EventSourceArn: 'arn:aws:sqs:us-east-1:0:ö' }));
  await lambda.send(new ListEventSourceMappingsCommand({ FunctionName: 'a b&c=d+e/f', EventSourceArn: 'ü', MaxItems: 7 }));
  await lambda.send(new GetEventSourceMappingCommand({ UUID: 'with space (and) *more*!' }));
  await lambda.send(new ListTagsCommand({ Resource: ARN }));
  await lambda.send(new UntagResourceCommand({ Resource: ARN, TagKeys: ['b', 'a', 'b c'] }));
  expect(server.asked).toEqual([
    { operation: 'create', value: { FunctionName: 'mill', EventSourceArn: 'arn:aws:sqs:us-east-1:0:ö' } },
    { operation: 'list', value: { FunctionName: 'a b&c=d+e/f', EventSourceArn: 'ü', MaxItems: '7' } },
    { operation: 'get', value: 'with space (and) *more*!' },
    { operation: 'tags', value: ARN },
    { operation: 'untag', value: [ARN, ['b', 'a', 'b c']] },
  ]);
});

test('its invocations are signed with their headers and payload', async () => {
  const sent = client(KEYS.manage).send(
    new InvokeCommand({ FunctionName: 'mill', InvocationType: 'DryRun', LogType: 'Tail', Payload: Buffer.from('{"a":"ü"}') }),
  );
  await expect(sent).rejects.toMatchObject({ name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } });
});

test.each([
  [
    'a wrong secret',
    { ...KEYS.manage, secretAccessKey: 'x'.repeat(40) },
    {},
    'InvalidSignatureException',
    /signature we calculated does not match/,
  ],
  [
    'an unknown key',
    { ...KEYS.manage, accessKeyId: 'AKIANOBODY' },
    {},
    'UnrecognizedClientException',
    /security token included in the request is invalid/,
  ],
  ['a session', { ...KEYS.manage, sessionToken: 'token' }, {}, 'UnrecognizedClientException', /security token/],
  ['another region', KEYS.manage, { region: 'eu-west-1' }, 'InvalidSignatureException', /scoped to a valid region, which is 'us-east-1'/],
])('with %s it is refused by the name and text of AWS', async (_what, credentials, more, name, message) => {
  const sent = client(credentials, more).send(new GetEventSourceMappingCommand({ UUID: 'u' }));
  await expect(sent).rejects.toMatchObject({ name, message: expect.stringMatching(message) as string, $metadata: { httpStatusCode: 403 } });
  expect(server.asked).toEqual([]);
});

test('a key that may only look looks, and is denied by the name of AWS what it may not', async () => {
  const lambda = client(KEYS.read);
  await lambda.send(new ListEventSourceMappingsCommand());
  await expect(lambda.send(new CreateEventSourceMappingCommand({ FunctionName: 'mill' }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringMatching(/not authorized to perform/) as string,
  });
  expect(server.asked.map(({ operation }) => operation)).toEqual(['list']);
});

test('a clock that is wrong is put right by the client itself, as with AWS', async () => {
  const lambda = client(KEYS.manage, { maxAttempts: 3, systemClockOffset: -3_600_000 });
  await lambda.send(new ListEventSourceMappingsCommand());
  expect(server.asked.map(({ operation }) => operation)).toEqual(['list']);
});
