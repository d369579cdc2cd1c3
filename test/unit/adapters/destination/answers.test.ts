import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { s3Destination } from '../../../../adapters/destination/s3/index.ts';
import { snsDestination } from '../../../../adapters/destination/sns/index.ts';
import { sqsDestination } from '../../../../adapters/destination/sqs/index.ts';
import type { FailureDestination } from '../../../../src/index.ts';
import { discard, numbered } from '../../../conformance/destination-suite.ts';

/** What the service answers to everything, and how often it was asked. */
let answer: { status: number; body: string; headers: Record<string, string> };
let asked: number;
let server: Server;
let endpoint: string;
const open: FailureDestination[] = [];

beforeEach(async () => {
  asked = 0;
  server = createServer((request, response) => {
    asked += 1;
    request.resume();
    response.writeHead(answer.status, answer.headers).end(request.method === 'HEAD' ? undefined : answer.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((destination) => destination.close()));
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
});

function opened(destination: FailureDestination): FailureDestination {
  open.push(destination);
  return destination;
}

const credentials = { accessKeyId: 'key', secretAccessKey: 'SECRET' };
const destinations = {
  sqs: () => opened(sqsDestination({ queue: `${endpoint}/123456789012/discarded`, region: 'eu-central-1', credentials })),
  sns: () => opened(snsDestination({ topic: 'arn:aws:sns:eu-central-1:123456789012:discarded', endpoint, credentials })),
  s3: () => opened(s3Destination({ bucket: 'discarded', region: 'eu-central-1', endpoint, credentials })),
};
const json = { 'content-type': 'application/x-amz-json-1.0' };
const xml = { 'content-type': 'text/xml' };

type Service = keyof typeof destinations;

function fault(service: Service, code: string): Omit<typeof answer, 'status'> {
  if (service === 'sqs') return { headers: json, body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: 'refused' }) };
  const error = `<Error><Code>${code}</Code><Message>refused</Message></Error>`;
  if (service === 's3') return { headers: xml, body: `<?xml version="1.0"?>${error}` };
  return {
    headers: xml,
    body: `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${error}<RequestId>r</RequestId></ErrorResponse>`,
  };
}

const { signal } = new AbortController();

describe('what a service refuses is sorted, after one call', () => {
  it.each<[Service, number, string, string]>([
    ['sqs', 400, 'QueueDoesNotExist', 'not-found'],
    ['sqs', 403, 'AccessDeniedException', 'denied'],
    ['sqs', 400, 'KmsAccessDenied', 'denied'],
    ['sqs', 400, 'RequestThrottled', 'throttled'],
    ['sqs', 400, 'InvalidMessageContents', 'invalid'],
    ['sqs', 500, 'InternalFailure', 'unavailable'],
    ['sns', 404, 'NotFound', 'not-found'],
    ['sns', 403, 'AuthorizationError', 'denied'],
    ['sns', 400, 'KMSDisabled', 'denied'],
    ['sns', 400, 'KMSOptInRequired', 'denied'],
    ['sns', 429, 'Throttled', 'throttled'],
    ['sns', 400, 'KMSThrottling', 'throttled'],
    ['sns', 400, 'InvalidParameter', 'invalid'],
    ['sns', 500, 'InternalError', 'unavailable'],
    ['s3', 404, 'NoSuchBucket', 'not-found'],
    ['s3', 403, 'AccessDenied', 'denied'],
    ['s3', 400, 'KMS.DisabledException', 'denied'],
    ['s3', 503, 'SlowDown', 'throttled'],
    ['s3', 301, 'PermanentRedirect', 'invalid'],
    ['s3', 400, 'AuthorizationHeaderMalformed', 'invalid'],
    ['s3', 400, 'EntityTooLarge', 'invalid'],
    ['s3', 500, 'InternalError', 'unavailable'],
  ])('%s, %d %s: %s', async (service, status, code, kind) => {
    answer = { status, ...fault(service, code) };
    const error: unknown = await destinations[service]()
      .send(discard(numbered(0)), signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'SourceError', kind });
    expect(JSON.stringify(error)).not.toContain('SECRET');
    expect(asked).toBe(1);
  });
});

describe('what a bucket answers without a body', () => {
  it.each([
    [404, 'not-found'],
    [403, 'denied'],
    [400, 'invalid'],
    [301, 'invalid'],
    [503, 'unavailable'],
  ])('%d: %s', async (status, kind) => {
    answer = { status, headers: {}, body: '' };
    await expect(destinations.s3().check()).rejects.toMatchObject({ name: 'SourceError', kind });
    expect(asked).toBe(1);
  });
});

describe('no confirmation', () => {
  it.each<[Service, Omit<typeof answer, 'status'>]>([
    ['sqs', { headers: json, body: '{}' }],
    ['sqs', { headers: { 'content-type': 'text/html' }, body: '<html>hello</html>' }],
    ['sns', { headers: xml, body: '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult/></PublishResponse>' }],
  ])('is an answer of %s that names no message: %j', async (service, empty) => {
    answer = { status: 200, ...empty };
    await expect(destinations[service]().send(discard(numbered(0)), signal)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

it('is not asked of SNS for what is longer than it carries', async () => {
  const long = discard(numbered(0));
  const info = { ...long.info, value: { ...long.info.value, streamArn: 'x'.repeat(262_144) } };
  await expect(destinations.sns().send({ ...long, info }, signal)).rejects.toMatchObject({ kind: 'invalid', code: 'MessageTooLong' });
  expect(asked).toBe(0);
});
