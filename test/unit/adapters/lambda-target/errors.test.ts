import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lambda } from '../../../../adapters/target/lambda/index.ts';
import type { FunctionTarget, Outcome } from '../../../../src/index.ts';
import { calm, invocationContext } from '../../../conformance/target-suite.ts';
import { deafPort } from '../../../support/deaf-port.ts';
import { type LambdaAnswer, LambdaStub } from '../../../support/lambda-stub.ts';

type Row = readonly [code: string, status: number, kind: Outcome['kind']];

/** Every error of Invoke, with its status and what the engine makes of it. */
const TABLE: readonly Row[] = [
  ['CodeArtifactUserDeletedException', 409, 'terminal'],
  ['CodeArtifactUserFailedException', 409, 'terminal'],
  ['CodeArtifactUserPendingException', 409, 'service-error'],
  ['DurableExecutionAlreadyStartedException', 409, 'service-error'],
  ['EC2AccessDeniedException', 502, 'terminal'],
  ['EC2ThrottledException', 502, 'throttled'],
  ['EC2UnexpectedException', 502, 'service-error'],
  ['EFSIOException', 410, 'service-error'],
  ['EFSMountConnectivityException', 408, 'service-error'],
  ['EFSMountFailureException', 403, 'service-error'],
  ['EFSMountTimeoutException', 408, 'service-error'],
  ['ENILimitReachedException', 502, 'service-error'],
  ['ENINotReadyException', 502, 'service-error'],
  ['InvalidParameterValueException', 400, 'terminal'],
  ['InvalidRequestContentException', 400, 'terminal'],
  ['InvalidRuntimeException', 502, 'terminal'],
  ['InvalidSecurityGroupIDException', 502, 'terminal'],
  ['InvalidSubnetIDException', 502, 'terminal'],
  ['InvalidZipFileException', 502, 'terminal'],
  ['KMSAccessDeniedException', 502, 'terminal'],
  ['KMSDisabledException', 502, 'terminal'],
  ['KMSInvalidStateException', 502, 'terminal'],
  ['KMSNotFoundException', 502, 'terminal'],
  ['ModeNotSupportedException', 400, 'terminal'],
  ['NoPublishedVersionException', 400, 'terminal'],
  ['RecursiveInvocationException', 400, 'terminal'],
  ['RequestTooLargeException', 413, 'terminal'],
  ['ResourceConflictException', 409, 'service-error'],
  ['ResourceNotFoundException', 404, 'terminal'],
  ['ResourceNotReadyException', 502, 'service-error'],
  ['S3FilesMountConnectivityException', 408, 'service-error'],
  ['S3FilesMountFailureException', 403, 'service-error'],
  ['S3FilesMountTimeoutException', 408, 'service-error'],
  ['SerializedRequestEntityTooLargeException', 413, 'terminal'],
  ['ServiceException', 500, 'service-error'],
  ['ServiceQuotaExceededException', 402, 'throttled'],
  ['SnapStartException', 400, 'service-error'],
  ['SnapStartNotReadyException', 409, 'service-error'],
  ['SnapStartRegenerationFailureException', 409, 'service-error'],
  ['SnapStartTimeoutException', 408, 'service-error'],
  ['SubnetIPAddressLimitReachedException', 502, 'service-error'],
  ['TooManyRequestsException', 429, 'throttled'],
  ['UnsupportedMediaTypeException', 415, 'terminal'],
];

/** Errors that stand in front of every service of AWS, and those that emulators invent. */
const OTHERS: readonly Row[] = [
  ['AccessDeniedException', 403, 'terminal'],
  ['UnrecognizedClientException', 403, 'terminal'],
  ['InvalidSignatureException', 403, 'terminal'],
  ['ExpiredTokenException', 403, 'terminal'],
  ['ThrottlingException', 400, 'throttled'],
  ['InternalFailure', 500, 'service-error'],
  ['ServiceUnavailable', 503, 'service-error'],
  ['UnheardOfException', 599, 'service-error'],
  ['UnheardOfException', 429, 'throttled'],
  ['UnheardOfException', 422, 'terminal'],
];

let next: LambdaAnswer = { kind: 'hang' };
let stub: LambdaStub;
let target: FunctionTarget;

beforeAll(async () => {
  stub = await LambdaStub.start(() => next);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'secret-key' };
  target = lambda({ functionName: 'orders', endpoint: stub.endpoint, region: 'eu-central-1', credentials });
});

afterAll(async () => {
  await target.close();
  await stub.close();
});

async function outcomeOf(answer: LambdaAnswer): Promise<Outcome> {
  next = answer;
  const before = stub.requests.length;
  const { outcome, ended } = target.invoke({ Records: [] }, invocationContext(calm()));
  const result = await outcome;
  await ended;
  expect(stub.requests.length - before, 'calls of one invocation').toBe(1);
  return result;
}

describe('an error of Invoke', () => {
  test.each([...TABLE, ...OTHERS])('%s (%i) is %s, and the call is made once', async (code, status, kind) => {
    const outcome = await outcomeOf({ kind: 'refusal', status, code });
    expect(outcome.kind).toBe(kind);
    if (outcome.kind === 'terminal') expect(outcome.code).toBe(code);
    expect(JSON.stringify(outcome)).not.toContain('secret-key');
  });

  test('has a row here, whichever one the SDK knows', async () => {
    const sdk = dirname(createRequire(import.meta.url).resolve('@aws-sdk/client-lambda/package.json'));
    const declared = await readFile(join(sdk, 'dist-types', 'commands', 'InvokeCommand.d.ts'), 'utf8');
    const codes = [...declared.matchAll(/@throws \{@link (\w+Exception)\}/g)].map(([, code]) => code);
    expect(codes.filter((code) => code !== 'LambdaServiceException').sort()).toEqual(TABLE.map(([code]) => code));
  });

  test.each([
    ['7', 7_000],
    ['0', 0],
    ['soon', undefined],
  ])('429 with Retry-After %s asks for a wait of %s ms', async (value, retryAfterMs) => {
    const answer = { kind: 'refusal', status: 429, code: 'TooManyRequestsException', headers: { 'retry-after': value } } as const;
    expect(await outcomeOf(answer)).toMatchObject({ kind: 'throttled', retryAfterMs });
  });

  test('429 without Retry-After leaves the wait to the engine', async () => {
    expect(await outcomeOf({ kind: 'refusal', status: 429, code: 'TooManyRequestsException' })).toMatchObject({ retryAfterMs: undefined });
  });

  test('503 with Retry-After asks for that wait', async () => {
    const answer = { kind: 'refusal', status: 503, code: 'ServiceUnavailable', headers: { 'retry-after': '2' } } as const;
    expect(await outcomeOf(answer)).toMatchObject({ kind: 'service-error', retryAfterMs: 2_000 });
  });

  test('that somebody has to mend says how', async () => {
    expect(await outcomeOf({ kind: 'refusal', status: 403, code: 'AccessDeniedException', message: 'no' })).toMatchObject({
      message: 'Invoke: no; check the credentials and their permission lambda:InvokeFunction',
    });
    expect(await outcomeOf({ kind: 'refusal', status: 413, code: 'RequestTooLargeException' })).toHaveProperty(
      'message',
      expect.stringContaining('lower BatchSize'),
    );
  });
});

describe('no answer that can be read', () => {
  test.each<[string, LambdaAnswer]>([
    ['a lost connection', { kind: 'reset' }],
    ['a page of a proxy', { kind: 'raw', status: 502, body: '<html>bad gateway</html>' }],
    ['nothing', { kind: 'raw', status: 503, body: '' }],
  ])('%s is a service error', async (_title, answer) => {
    expect(await outcomeOf(answer)).toMatchObject({ kind: 'service-error' });
  });

  test('because nobody listens is a service error', async () => {
    const closed = await LambdaStub.start(() => ({ kind: 'hang' }));
    await closed.close();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const lost = lambda({ functionName: 'orders', endpoint: closed.endpoint, region: 'eu-central-1', credentials });
    expect(await lost.invoke({}, invocationContext(calm())).outcome).toMatchObject({
      kind: 'service-error',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    await lost.close();
  });

  test('because no connection opens within the default time-out of a function is a service error', async () => {
    const { port, close } = await deafPort();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const endpoint = `http://127.0.0.1:${String(port)}`;
    const unreachable = lambda({ functionName: 'orders', endpoint, region: 'eu-central-1', credentials });
    expect(await unreachable.invoke({}, invocationContext(AbortSignal.timeout(3_000))).outcome).toMatchObject({ kind: 'service-error' });
    await unreachable.close();
    close();
  });

  test('because there are no credentials is terminal', async () => {
    const credentials = (): Promise<never> => Promise.reject(Object.assign(new Error('none found'), { name: 'CredentialsProviderError' }));
    const unknown = lambda({ functionName: 'orders', endpoint: stub.endpoint, region: 'eu-central-1', credentials });
    expect(await unknown.invoke({}, invocationContext(calm())).outcome).toMatchObject({
      kind: 'terminal',
      code: 'CredentialsProviderError',
    });
    await unknown.close();
  });
});
