import { afterEach, expect, test } from 'vitest';
import { DaemonTests, eventually, readiness } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

/** The sizes of the batches that the function saw, in order, with whether they failed. */
function batchesWithPoison(output: string): number[] {
  return [...output.matchAll(/scale: a batch of (\d+) fails, reading 7 of wheel-a has no weight/g)].map(([, size]) => Number(size));
}

test('the example of streams halves a failing batch down to its poison, which an embedded queue gets, and the others go on in order', async () => {
  const daemon = tests.start({ args: ['start', '--config', 'config/examples/streams.yaml', '--listen', '127.0.0.1:0'] });
  const url = await daemon.url();
  const [, text = ''] = await daemon.says(/print: (\{.*\}) \(message /);
  const record = JSON.parse(text) as Record<string, Record<string, unknown>>;
  expect(record).toMatchObject({
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
    KinesisBatchInfo: { batchSize: 1, streamArn: 'arn:aws:kinesis:embedded:000000000000:stream/readings' },
  });
  await daemon.says(/reading 10: /);
  await daemon.says(/reading 12: /);

  const sizes = batchesWithPoison(daemon.stdout);
  expect(sizes.slice(-2)).toEqual([1, 1]);
  for (const [index, size] of sizes.slice(1, -1).entries()) expect(size).toBeLessThan(sizes[index] ?? 0);
  const readings = [...daemon.stdout.matchAll(/(wheel-\w) reading (\d+):/g)].map(([, wheel, reading]) => `${wheel ?? ''} ${reading ?? ''}`);
  const of = (wheel: string): string[] =>
    readings.filter((reading) => reading.startsWith(`wheel-${wheel}`)).map((reading) => reading.slice(8));
  expect({ a: of('a'), b: of('b'), c: of('c') }).toEqual({ a: ['1', '4', '10'], b: ['2', '5', '8', '11'], c: ['3', '6', '9', '12'] });

  const [, body = '', target = ''] = await daemon.says(/curl -d '([^']+)' '([^']+)'/);
  expect(target).toBe(`${url}/streams/readings/records?PartitionKey=me`);
  const answer = await fetch(target, { method: 'POST', body });
  expect(answer.status).toBe(201);
  await daemon.says(/scale: {3}me reading 1: 25 kg/);

  daemon.signal('SIGINT');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  expect(daemon.stdout).toContain('stopped: nothing is in flight');
  expect(daemon.stderr).toBe('');
});

const FUNCTION = { 'f.mjs': 'export async function handler() {}\n' };

test('what only an adapter can see is told in the spelling of the file, before anything is started', async () => {
  const daemon = tests.run(
    `
store: { type: memory }
aws: { endpoints: { kinesis: 'ftp://127.0.0.1' }, region: us-east-1 }
functions: { f: { Handler: ./f.mjs } }
mappings:
  - { Name: a, EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/x', FunctionName: f, StartingPosition: LATEST }
  - { Name: b, EventSourceArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/items', FunctionName: f, StartingPosition: LATEST }
  - Name: c
    EventSourceArn: arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/2026-01-31T09:30:00.000
    FunctionName: f
    StartingPosition: LATEST
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:failed.fifo' } }
  - Name: d
    EventSourceArn: arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/2026-01-31T09:30:00.000
    FunctionName: f
    StartingPosition: LATEST
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sns:us-east-1:000000000000:failed.fifo' } }
`,
    FUNCTION,
  );
  expect((await daemon.ended).code).toBe(2);
  expect(daemon.stderr.split('\n').slice(1, -1)).toEqual([
    expect.stringMatching(/^ {2}aws\.endpoints\.kinesis: must begin with http:\/\//),
    expect.stringMatching(/^ {2}mappings\[1\]\.EventSourceArn: .* is no ARN of a stream.*LatestStreamArn$/),
    expect.stringMatching(
      /^ {2}mappings\[2\]\.DestinationConfig\.OnFailure\.Destination: is the FIFO queue failed\.fifo; only a standard queue/,
    ),
    expect.stringMatching(
      /^ {2}mappings\[3\]\.DestinationConfig\.OnFailure\.Destination: is the FIFO topic failed\.fifo; only a standard topic/,
    ),
  ]);
  expect(daemon.stdout).toBe('');
});

test('a stream that cannot be reached is waited for with the reason on readyz', async () => {
  const daemon = tests.run(
    `
stopTimeoutSeconds: 1
store: { type: memory }
aws: { endpoint: 'http://127.0.0.1:9' }
functions: { f: { Handler: ./f.mjs } }
mappings: [{ Name: a, EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/x', FunctionName: f, StartingPosition: LATEST }]
`,
    FUNCTION,
    { env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' } },
  );
  const url = await daemon.url();
  const answer = await eventually('the reason', async () => {
    const seen = await readiness(url);
    return seen.text.includes('cannot be used') ? seen : undefined;
  });
  expect(answer.status).toBe(503);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});
