import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, DaemonTests, untilReady } from './daemon-process.ts';

const tests = new DaemonTests();
let daemon: DaemonProcess;
let url = '';

const CONFIG = `
store: { type: memory }
functions: { mill: { Handler: './mill.mjs#handler', Timeout: 5 } }
queues: { orders: {}, steps.fifo: {} }
streams: { clicks: {} }
topics: { lines: {} }
mappings:
  - { Name: clicks, EventSourceArn: 'arn:aws:kinesis:embedded:000000000000:stream/clicks', FunctionName: mill, StartingPosition: TRIM_HORIZON }
  - { Name: lines, SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['embedded:9092'] } }, Topics: [lines], FunctionName: mill }
`;
const MILL = `
const text = (record) => record.body ?? Buffer.from(record.kinesis?.data ?? record.value, 'base64').toString();
export async function handler(event) {
  const records = event.Records ?? Object.values(event.records).flat();
  for (const record of records) console.log('milled <' + text(record) + '> of ' + (record.attributes?.MessageGroupId ?? record.kinesis?.partitionKey ?? record.key ?? 'none'));
}
`;

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end. */
async function millrace(args: readonly string[], env: Readonly<Record<string, string>> = { MILLRACE_ENDPOINT: url }): Promise<Said> {
  const command = tests.start({ args, env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env } });
  const { code } = await command.ended;
  return { code, out: command.stdout, err: command.stderr };
}

const answered = ({ out }: Said): Readonly<Record<string, unknown>> => JSON.parse(out) as Readonly<Record<string, unknown>>;

beforeAll(async () => {
  daemon = tests.run(CONFIG, { 'mill.mjs': MILL });
  url = await daemon.url();
  await untilReady(url);
});
afterAll(() => tests.clear());

describe('millrace mapping', () => {
  // Ten processes one after the other, on a machine that may be busy.
  test('drives the whole life of a mapping of a running daemon', async () => {
    const created = await millrace([
      'mapping',
      'create',
      '--FunctionName',
      'mill',
      '--EventSourceArn',
      'arn:aws:sqs:embedded:000000000000:orders',
      '--BatchSize',
      '5',
      '--wait',
      '--output',
      'json',
    ]);
    expect([created.code, answered(created)]).toEqual([0, expect.objectContaining({ State: 'Enabled', BatchSize: 5 })]);
    const uuid = String(answered(created)['UUID']);

    const sent = await millrace(['send', 'queue', 'orders', 'one', 'two']);
    expect(sent).toEqual({ code: 0, out: 'sent 2 messages to queue orders\n', err: '' });
    await daemon.says(/milled <one>/);
    await daemon.says(/milled <two>/);

    expect((await millrace(['mapping', 'list'])).out).toMatch(
      new RegExp(`${uuid} +- +Enabled +5 +mill +arn:aws:sqs:embedded:000000000000:orders`),
    );
    const disabled = await millrace(['mapping', 'disable', uuid, '--wait', '--json']);
    expect(answered(disabled)).toMatchObject({ UUID: uuid, State: 'Disabled' });
    const updated = await millrace(['mapping', 'update', uuid, '--BatchSize', '7', '--wait']);
    expect(updated.out).toMatch(/BatchSize +7\n/);
    expect((await millrace(['mapping', 'enable', uuid, '--wait'])).out).toMatch(/State +Enabled\n/);
    expect((await millrace(['mapping', 'get', uuid])).out).toMatch(/BatchSize +7\n/);
    const explained = await millrace(['mapping', 'explain', uuid]);
    expect([explained.code, explained.out]).toEqual([0, expect.stringMatching(/PART +SINCE +WAITS FOR/)]);

    expect((await millrace(['mapping', 'delete', uuid, '--wait'])).code).toBe(0);
    const gone = await millrace(['mapping', 'get', uuid]);
    expect([gone.code, gone.out]).toEqual([1, '']);
    expect(gone.err).toContain('millrace mapping get: ResourceNotFoundException: ');
  });

  test('knows mappings of the file by name, and explains them to programs', async () => {
    expect((await millrace(['mapping', 'get', 'clicks'])).out).toMatch(
      /EventSourceArn +arn:aws:kinesis:embedded:000000000000:stream\/clicks\n/,
    );
    expect(answered(await millrace(['mapping', 'explain', 'lines', '--json']))).toMatchObject({ name: 'lines', state: 'Enabled' });
    const unknown = await millrace(['mapping', 'get', 'click']);
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('there is no mapping click; there are clicks, lines')]);
  });

  test("passes on the API's own code and text", async () => {
    const refused = await millrace([
      'mapping',
      'create',
      '--FunctionName',
      'nobody',
      '--EventSourceArn',
      'arn:aws:sqs:embedded:000000000000:orders',
    ]);
    expect(refused).toEqual({
      code: 1,
      out: '',
      err: 'millrace mapping create: InvalidParameterValueException: Function does not exist\n',
    });
  });

  test('says how to start a daemon when there is none', async () => {
    for (const args of [
      ['mapping', 'list'],
      ['mapping', 'explain', 'm'],
      ['send', 'queue', 'orders', 'x'],
    ]) {
      const { code, err } = await millrace(args, { MILLRACE_ENDPOINT: 'http://127.0.0.1:9' });
      expect([code, err]).toEqual([1, expect.stringContaining('no daemon answers at http://127.0.0.1:9')]);
      expect(err).toContain('`millrace start --config millrace.yaml`');
    }
  });

  test('ends with 2 for arguments that are wrong', async () => {
    expect((await millrace(['mapping', 'create', '--BatchSze', '5'])).code).toBe(2);
    expect((await millrace(['mapping', 'create'])).err).toContain('fields: none are given');
    expect((await millrace(['mapping', 'update', 'm', '--BatchSize', 'many'])).code).toBe(2);
  });
});

describe('millrace send', () => {
  test('puts records into a stream and a topic, with keys, and they are handled', async () => {
    const file = join(tests.folder({ 'lines.txt': '{"wheel":"a","kg":1}\n{"wheel":"b","kg":2}\n' }), 'lines.txt');
    expect((await millrace(['send', 'stream', 'clicks', '--file', file, '--key-from', 'wheel'])).out).toBe(
      'sent 2 records to stream clicks\n',
    );
    await daemon.says(/milled <\{"wheel":"a","kg":1\}> of a/);
    await daemon.says(/milled <\{"wheel":"b","kg":2\}> of b/);
    const sent = await millrace(['send', 'topic', 'lines', 'first line', '--key', 'k', '--json']);
    expect(answered(sent)).toEqual({ partition: 0, offset: '0' });
    await daemon.says(/milled <first line>/);
  });

  test('says what there is where nothing of that name is', async () => {
    const { code, err } = await millrace(['send', 'queue', 'oders', 'x']);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('UnknownQueue: there is no embedded queue of that name; did you mean orders?'),
    ]);
    expect((await millrace(['send', 'stream', 'clicks', 'x'])).code).toBe(2);
  });
});

describe('millrace check', () => {
  const check = (config: string, more: readonly string[] = []): Promise<Said> => {
    const folder = tests.folder({ 'millrace.yaml': config, 'mill.mjs': MILL });
    return millrace(['check', '--config', join(folder, 'millrace.yaml'), ...more], {});
  };

  test('finds what will not do what it seems to, and ends with 0', async () => {
    const { code, out } = await check(CONFIG);
    expect([code, out]).toEqual([0, expect.stringContaining('2 mappings checked: no errors, 2 warnings, 2 notes')]);
    expect(answered(await check(CONFIG, ['--json', '--offline']))).toMatchObject({ mappings: 2 });
  });

  test('ends with 2 for a configuration that cannot be used, and says all that is wrong', async () => {
    const { code, err } = await check(
      CONFIG.replace('StartingPosition: TRIM_HORIZON', 'BatchSize: 0').replace('FunctionName: mill }', 'FunctionName: mil }'),
    );
    expect([code, err]).toEqual([2, expect.stringContaining('mappings[0].BatchSize')]);
    expect(err).toContain('Function does not exist');
  });
});

describe('millrace completion', () => {
  test.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { code, out } = await millrace(['completion', shell], {});
    expect([code, out]).toEqual([0, expect.stringContaining('ParallelizationFactor')]);
  });
});

describe('a daemon with credentials', () => {
  const SECRET = 'a-secret-of-this-test-alone';
  const TOKEN = 'a-token-of-this-test-alone';

  test('is driven with keys and a token of the environment, and says what is missing', async () => {
    const keys = `credentials: [{ accessKeyId: AKIADEPLOY, secretAccessKey: ${SECRET}, role: manage }]`;
    const api = `api: { ${keys}, tokens: [{ token: ${TOKEN}, role: manage }] }`;
    const guarded = tests.run(`${api}${CONFIG}`, { 'mill.mjs': MILL });
    const endpoint = { MILLRACE_ENDPOINT: await guarded.url() };
    const env = {
      ...endpoint,
      AWS_ACCESS_KEY_ID: 'AKIADEPLOY',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_REGION: 'us-east-1',
      MILLRACE_TOKEN: TOKEN,
    };
    expect((await millrace(['mapping', 'get', 'clicks'], env)).out).toMatch(/State +Enabled/);
    expect((await millrace(['send', 'topic', 'lines', 'guarded'], env)).code).toBe(0);
    await guarded.says(/milled <guarded>/);

    const unsigned = await millrace(['mapping', 'list'], endpoint);
    expect([unsigned.code, unsigned.err]).toEqual([
      1,
      expect.stringContaining('; sign requests by setting AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'),
    ]);
    const withoutToken = await millrace(['mapping', 'explain', 'clicks'], endpoint);
    expect([withoutToken.code, withoutToken.err]).toEqual([1, expect.stringContaining('; give the bearer token in MILLRACE_TOKEN')]);
    for (const { err } of [unsigned, withoutToken]) expect(err).not.toMatch(/of-this-test-alone/);
  });
});
