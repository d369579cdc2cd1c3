import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalog } from '../../../../adapters/catalog.ts';
import { checkConfig } from '../../../../src/daemon/lint/index.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-check-'));
  writeFileSync(join(folder, 'f.mjs'), 'export const handler = () => undefined;\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Checked {
  readonly exit: number;
  readonly found: readonly string[];
}

/** What is found, offline: severity and field. */
async function check(yaml: string): Promise<Checked> {
  const file = join(folder, 'millrace.yaml');
  writeFileSync(file, `store: { type: memory }\n${yaml}`);
  const stdout = new PassThrough();
  const parts = { catalog: { ...catalog, version: '0' }, environment: {}, stdin: Readable.from([]), stdout, stderr: new PassThrough() };
  const exit = await checkConfig({ config: [file], awsEndpoint: undefined, isOffline: true, withPermissions: false, isJson: true }, parts);
  const { findings } = JSON.parse(String(stdout.read())) as {
    findings: { severity: string; field: string; message: string; fix: string }[];
  };
  for (const { message, fix } of findings) expect([message, fix]).not.toContain('');
  return { exit, found: findings.map(({ severity, field }) => `${severity} ${field}`) };
}

const FIELDS = 'FunctionResponseTypes: [ReportBatchItemFailures]';
const queue = (
  fields = FIELDS,
  of = 'visibilityTimeoutSeconds: 60, redrive: { queue: dead, maxReceiveCount: 5 }',
  fn = 'Timeout: 10',
): string => `
functions: { f: { Handler: './f.mjs#handler', ${fn} } }
queues: { orders: { ${of} }, dead: {} }
mappings: [{ Name: m, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:orders', FunctionName: f, ${fields} }]
`;
const stream = (fields: string, of = 'shards: 2', fn = 'Timeout: 10'): string => `
functions: { f: { Handler: './f.mjs#handler', ${fn} } }
queues: { failed: {} }
streams: { clicks: { ${of} } }
mappings: [{ Name: m, EventSourceArn: 'arn:aws:kinesis:embedded:000000000000:stream/clicks', FunctionName: f, StartingPosition: LATEST, ${FIELDS}, ${fields} }]
`;
const TO_FAILED = "DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:embedded:000000000000:failed' } }";
const LIMITED = `MaximumRetryAttempts: 5, ${TO_FAILED}`;

describe('millrace check', () => {
  test('finds nothing where nothing is', async () => {
    expect(await check(queue())).toEqual({ exit: 0, found: [] });
    expect(await check(stream(LIMITED))).toEqual({ exit: 0, found: [] });
  });

  test.each([
    [
      'a visibility below 6 times the time-out',
      queue(FIELDS, 'visibilityTimeoutSeconds: 59, redrive: { queue: dead, maxReceiveCount: 5 }'),
      ['warning queues.orders.visibilityTimeoutSeconds'],
    ],
    [
      'a visibility that the batching window uses up',
      queue(`${FIELDS}, MaximumBatchingWindowInSeconds: 1`),
      ['warning queues.orders.visibilityTimeoutSeconds'],
    ],
    ['a queue without a redrive policy', queue(FIELDS, 'visibilityTimeoutSeconds: 60'), ['warning queues.orders.redrive']],
    [
      'few receives',
      queue(FIELDS, 'visibilityTimeoutSeconds: 60, redrive: { queue: dead, maxReceiveCount: 1 }'),
      ['note queues.orders.redrive.maxReceiveCount'],
    ],
    ['batches without partial answers', queue('BatchSize: 2'), ['note mappings[0].FunctionResponseTypes']],
    [
      'more concurrency than the function has',
      queue(`${FIELDS}, ScalingConfig: { MaximumConcurrency: 5 }`, undefined, 'Timeout: 10, ReservedConcurrentExecutions: 1'),
      ['warning mappings[0].ScalingConfig.MaximumConcurrency'],
    ],
    [
      'batches that 6 MB and the time-out cannot hold',
      stream(`${LIMITED}, BatchSize: 10000`),
      ['note mappings[0].BatchSize', 'warning mappings[0].BatchSize'],
    ],
    ['retries without end', stream('BatchSize: 10'), ['warning mappings[0].MaximumRetryAttempts']],
    ['limited retries without a destination', stream('MaximumRetryAttempts: 5'), ['warning mappings[0].DestinationConfig']],
    [
      'retries that outlast the retention',
      stream(`MaximumRetryAttempts: 10000, ${TO_FAILED}`),
      ['warning mappings[0].MaximumRetryAttempts'],
    ],
    [
      'an age that the retention never lets a record reach',
      stream(`MaximumRecordAgeInSeconds: 86400, ${TO_FAILED}`),
      ['warning mappings[0].MaximumRecordAgeInSeconds'],
    ],
    [
      'lanes that one invocation at a time cannot serve',
      stream(`${LIMITED}, ParallelizationFactor: 4`, undefined, 'Timeout: 10, ReservedConcurrentExecutions: 1'),
      ['warning mappings[0].ParallelizationFactor'],
    ],
    [
      'shards that take turns',
      stream(LIMITED, undefined, 'Timeout: 10, ReservedConcurrentExecutions: 1'),
      ['note mappings[0].ParallelizationFactor'],
    ],
    ['a destination that may lose', stream(`${LIMITED}, OnDestinationFailure: drop`), ['note mappings[0].OnDestinationFailure']],
  ])('finds %s, and ends with 0', async (_what, yaml, found) => {
    expect(await check(yaml)).toEqual({ exit: 0, found });
  });

  test('refuses what cannot be used, with everything that is wrong', async () => {
    await expect(check(queue('BatchSize: 0, MaximumBatchingWindowInSeconds: 999'))).rejects.toThrow(
      /BatchSize[^]*MaximumBatchingWindowInSeconds/,
    );
  });

  test("refuses a FIFO queue with a batching window in AWS's words", async () => {
    const yaml = queue(`${FIELDS}, MaximumBatchingWindowInSeconds: 1`).replaceAll('orders', 'orders.fifo').replaceAll('dead', 'dead.fifo');
    await expect(check(yaml)).rejects.toThrow('Batching window is not supported for FIFO queues');
  });
});
