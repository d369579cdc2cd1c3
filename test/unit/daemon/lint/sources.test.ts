import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalog } from '../../../../adapters/catalog.ts';
import { checkConfig } from '../../../../src/daemon/lint/index.ts';
import { type QueueDescription, type QueueSource, SourceError } from '../../../../src/index.ts';

let file = '';

beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), 'millrace-check-')), 'millrace.yaml');
  writeFileSync(
    file,
    `
store: { type: memory }
aws: { region: us-east-1 }
lambda: {}
mappings:
  - { Name: m, EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders', FunctionName: mill, FunctionResponseTypes: [ReportBatchItemFailures] }
`,
  );
});
afterAll(() => {
  rmSync(join(file, '..'), { recursive: true });
});

type Description = Pick<QueueDescription, 'visibilityTimeoutSeconds' | 'redrive'>;

/** What is said when the queue and Lambda answer so. */
async function check(
  describe: () => Promise<Description>,
  timeoutSeconds: number | undefined,
): Promise<{ exit: number; said: string; isClosed: boolean }> {
  const real = await catalog.sources.sqs({ queue: 'arn:aws:sqs:us-east-1:000000000000:orders', region: 'us-east-1' });
  let isClosed = false;
  const queue: QueueSource = {
    ...real,
    kind: 'queue',
    label: 'orders',
    fifo: false,
    describe: async () => ({ arn: '', fifo: false, createdAt: 0, ...(await describe()) }),
    close: () => {
      isClosed = true;
      return real.close();
    },
  };
  const found = timeoutSeconds === undefined ? undefined : { arn: 'arn:aws:lambda:us-east-1:000000000000:function:mill', timeoutSeconds };
  const told = {
    ...catalog,
    version: '0',
    sources: { ...catalog.sources, sqs: () => Promise.resolve(queue) },
    functions: { lambda: () => Promise.resolve({ find: () => Promise.resolve(found), close: () => Promise.resolve() }) },
  };
  const stdout = new PassThrough();
  const parts = { catalog: told, environment: {}, stdin: Readable.from([]), stdout, stderr: new PassThrough() };
  const exit = await checkConfig(
    { config: [file], awsEndpoint: undefined, isOffline: false, withPermissions: false, isJson: false },
    parts,
  );
  return { exit, said: String(stdout.read()), isClosed };
}

const REDRIVE = { maxReceiveCount: 5, deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead' };

describe('millrace check at real sources', () => {
  test('finds nothing where queue and function fit, and leaves nothing open', async () => {
    const answer = await check(() => Promise.resolve({ visibilityTimeoutSeconds: 60, redrive: REDRIVE }), 10);
    expect(answer).toEqual({ exit: 0, said: '1 mapping checked: no errors, no warnings, no notes\n', isClosed: true });
  });

  test('holds the visibility timeout of the queue against the time-out of the function, where it is', async () => {
    const { exit, said } = await check(() => Promise.resolve({ visibilityTimeoutSeconds: 59, redrive: undefined }), 10);
    expect(exit).toBe(0);
    expect(said).toMatch(/warning {2}mappings\[0\]\.EventSourceArn: the visibility timeout is 59 s, below 6 times/);
    expect(said).toContain('the queue has no redrive policy');
    expect(said).toContain('1 mapping checked: no errors, 2 warnings, no notes');
  });

  test('ends with 1 for a mapping that AWS would refuse', async () => {
    const { exit, said } = await check(() => Promise.resolve({ visibilityTimeoutSeconds: 5, redrive: REDRIVE }), 10);
    expect(exit).toBe(1);
    expect(said).toContain('Queue visibility timeout: 5 seconds is less than Function timeout: 10 seconds');
  });

  test('ends with 1 for a function that does not exist', async () => {
    const { exit, said } = await check(() => Promise.resolve({ visibilityTimeoutSeconds: 60, redrive: REDRIVE }), undefined);
    expect(exit).toBe(1);
    expect(said).toContain('error    mappings[0].FunctionName: Function does not exist: mill');
  });

  test.each([
    ['not-found', 1, 'error    mappings[0].EventSourceArn: the queue does not exist (Code: text)'],
    ['denied', 1, 'error    mappings[0].EventSourceArn: the queue may not be looked at (Code: text)'],
    ['unavailable', 0, 'warning  mappings[0].EventSourceArn: the queue could not be asked (Code: text)'],
  ] as const)('tells a queue that answers %s, and ends with %i', async (kind, wanted, text) => {
    const { exit, said } = await check(() => Promise.reject(new SourceError(kind, 'Code', 'text')), 10);
    expect([exit, said]).toEqual([wanted, expect.stringContaining(text)]);
  });
});

describe('millrace check of many mappings', () => {
  const mappings = Array.from({ length: 17 }, (_, index) => {
    const n = String(index);
    return { Name: `m${n}`, EventSourceArn: `arn:aws:sqs:embedded:000000000000:q${n}`, FunctionName: 'f' };
  });

  test.each([
    [1000, ['checked 8 of 17 mappings', 'checked 16 of 17 mappings', 'checked 17 of 17 mappings']],
    [1, []],
  ])('tells how far it is every second, on standard error (%i ms a look)', async (stepMs, said) => {
    const many = join(file, '..', 'many.json');
    const queues = Object.fromEntries(mappings.map((_, index) => [`q${String(index)}`, {}]));
    writeFileSync(join(file, '..', 'f.mjs'), 'export const handler = () => undefined;\n');
    writeFileSync(many, JSON.stringify({ store: { type: 'memory' }, functions: { f: { Handler: './f.mjs' } }, queues, mappings }));
    let now = 0;
    const clock = { ...catalog.clock, monotonic: () => (now += stepMs) };
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const parts = { catalog: { ...catalog, clock, version: '0' }, environment: {}, stdin: Readable.from([]), stdout, stderr };
    await checkConfig({ config: [many], awsEndpoint: undefined, isOffline: false, withPermissions: false, isJson: true }, parts);
    expect(((stderr.read() as Buffer | null)?.toString() ?? '').split('\n').filter((line) => line !== '')).toEqual(said);
    expect(JSON.parse(String(stdout.read()))).toMatchObject({ mappings: 17 });
  });
});
