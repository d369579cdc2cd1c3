import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { catalog } from '../../adapters/catalog.ts';
import { checkConfig } from '../../src/daemon/lint/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { KinesisStreams } from '../support/kinesis-streams.ts';
import { SqsWorld } from '../support/sqs-world.ts';

interface Found {
  readonly severity: string;
  readonly field: string;
  readonly message: string;
}

describeWithBackend('localstack', 'millrace check at LocalStack', ({ endpoint }) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-check-'));
  const sqs = new SqsWorld(endpoint);
  const streams = new KinesisStreams(endpoint);
  const name = `check-${String(process.pid)}-${String(Date.now())}`;
  let stream = '';

  beforeAll(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    writeFileSync(join(folder, 'f.mjs'), 'export const handler = () => undefined;\n');
    stream = await streams.create(name, 2);
  });
  afterAll(async () => {
    await streams.remove(name);
    streams.close();
    sqs.close();
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
  });

  /** What is said of mappings with these fields, each of a function that takes 10 s and may run 3 times at once. */
  async function check(...mappings: readonly object[]): Promise<{ readonly exit: number; readonly findings: readonly Found[] }> {
    const file = join(folder, 'millrace.json');
    const functions = { f: { Handler: './f.mjs', Timeout: 10, ReservedConcurrentExecutions: 3 } };
    const named = mappings.map((mapping, index) => ({ Name: `m${String(index)}`, FunctionName: 'f', ...mapping }));
    const aws = { endpoint, region: 'us-east-1' };
    writeFileSync(file, JSON.stringify({ store: { type: 'memory' }, aws, functions, mappings: named }));
    const stdout = new PassThrough();
    const parts = { catalog: { ...catalog, version: '0' }, environment: {}, stdin: Readable.from([]), stdout, stderr: new PassThrough() };
    const options = { config: [file], awsEndpoint: undefined, isOffline: false, withPermissions: false, isJson: true };
    const exit = await checkConfig(options, parts);
    return { exit, findings: (JSON.parse(String(stdout.read())) as { findings: readonly Found[] }).findings };
  }

  test('finds nothing where queue, stream and destination are as the mappings need them', async () => {
    const queue = await sqs.queue({ visibilitySeconds: 60, maxReceiveCount: 5 });
    const answer = await check(
      { EventSourceArn: queue.arn, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      {
        EventSourceArn: stream,
        StartingPosition: 'LATEST',
        MaximumRetryAttempts: 2,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BatchSize: 10,
        DestinationConfig: { OnFailure: { Destination: queue.dead.arn } },
      },
    );
    expect(answer).toEqual({ exit: 0, findings: [] });
  });

  test('holds mappings against what queue and stream say of themselves', async () => {
    const queue = await sqs.queue({ visibilitySeconds: 30 });
    const { exit, findings } = await check(
      { EventSourceArn: queue.arn },
      { EventSourceArn: stream, StartingPosition: 'LATEST', ParallelizationFactor: 2, MaximumRecordAgeInSeconds: 172_800 },
    );
    const said = findings.map(({ severity, field, message }) => `${severity} ${field} ${message}`);
    expect(exit).toBe(0);
    expect(said).toContainEqual(
      expect.stringMatching(/^warning mappings\[0\]\.EventSourceArn the visibility timeout is 30 s, below 6 times/),
    );
    expect(said).toContainEqual(expect.stringMatching(/^warning mappings\[0\]\.EventSourceArn the queue has no redrive policy/));
    expect(said).toContainEqual(expect.stringMatching(/^warning mappings\[1\]\.MaximumRecordAgeInSeconds is 2 days, but /));
    expect(said).toContainEqual(
      expect.stringMatching(/^note mappings\[1\]\.ParallelizationFactor 2 shards with 2 each are 4 batches at once/),
    );
  });

  test('ends with 1 and names queue, stream and destination that do not exist, each by its field', async () => {
    const { arn } = sqs.unmade();
    const { exit, findings } = await check(
      { EventSourceArn: arn },
      { EventSourceArn: stream.replace(name, `${name}-none`), StartingPosition: 'LATEST' },
      { EventSourceArn: stream, StartingPosition: 'LATEST', DestinationConfig: { OnFailure: { Destination: arn } } },
    );
    expect(exit).toBe(1);
    const errors = findings.filter(({ severity }) => severity === 'error').map(({ field, message }) => `${field} ${message}`);
    expect(errors).toEqual([
      expect.stringMatching(/^mappings\[0\]\.EventSourceArn the queue does not exist/),
      expect.stringMatching(/^mappings\[1\]\.EventSourceArn the stream does not exist/),
      expect.stringMatching(/^mappings\[2\]\.DestinationConfig\.OnFailure\.Destination the destination does not exist/),
    ]);
  });
});
