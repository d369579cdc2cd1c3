/** What LocalStack cannot show, because it takes any key: wrong credentials, missing permissions, throttles. A stub of the SQS protocol shows them. */
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngine } from '../../adapters/testing.ts';
import type { LogFields, Logger, MappingProblem } from '../../src/index.ts';
import { SqsStub, type StubFault } from '../support/sqs-stub.ts';

const SECRET = 'wJalrXUtnFEMI-this-is-never-to-be-seen';
const TOKEN = 'FwoGZXIvYXdzE-nor-is-this';
const BODY = 'a body that no line of the log may show';
const RIGHT = 'AKIARIGHT';

/** Keeps every line, as text, with errors and their causes spelled out. */
class Lines implements Logger {
  readonly all: string[] = [];
  readonly debug = this.#level('debug');
  readonly info = this.#level('info');
  readonly warn = this.#level('warn');
  readonly error = this.#level('error');

  child(): Logger {
    return this;
  }

  #level(level: string): (fields: LogFields, message: string) => void {
    return (fields, message) => {
      this.all.push(`${level} ${message} ${JSON.stringify(fields, spelled)}`);
    };
  }
}

function spelled(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack, cause: value.cause } : value;
}

const refusal = (status: number, code: string, message = `scripted ${code}`): StubFault => ({ kind: 'error', status, code, message });

describe('a mapping whose calls are refused waits with the reason and goes on when they are allowed', () => {
  let stub: SqsStub;
  beforeEach(async () => {
    stub = await SqsStub.start();
    stub.createQueue('orders');
  });
  afterEach(() => stub.close());

  /** An engine on the stub, its log, and the problems its mapping had. */
  function open(accessKeyId = RIGHT): {
    readonly engine: ReturnType<typeof testEngine>;
    readonly lines: Lines;
    readonly problems: (MappingProblem | undefined)[];
    readonly bodies: string[];
  } {
    const lines = new Lines();
    const engine = testEngine({ endpoint: stub.endpoint, logger: lines });
    const problems: (MappingProblem | undefined)[] = [];
    engine.on('mapping.problem', ({ problem }) => problems.push(problem));
    const bodies: string[] = [];
    const credentials = { accessKeyId, secretAccessKey: SECRET, sessionToken: TOKEN };
    engine.map({
      name: 'orders',
      source: engine.sqs(stub.arnOf('orders'), { credentials }),
      target: async ({ Records }: SQSEvent) => {
        bodies.push(...Records.map(({ body }) => body));
      },
    });
    return { engine, lines, problems, bodies };
  }

  async function untilExplained(engine: ReturnType<typeof testEngine>, pattern: RegExp): Promise<void> {
    await expect.poll(() => engine.explain().join('\n'), { interval: 10 }).toMatch(pattern);
  }

  function expectNoSecrets({ all }: Lines): void {
    expect(all.length).toBeGreaterThan(2);
    for (const line of all) for (const secret of [SECRET, TOKEN, BODY]) expect(line).not.toContain(secret);
  }

  test('wrong credentials', async () => {
    stub.acceptedKey = RIGHT;
    const { engine, lines, problems, bodies } = open('AKIAWRONG');
    await engine.start();
    await untilExplained(engine, /^orders mapping: the source cannot be used \(denied: .*\); the next look is in/m);
    expect(engine.mappings[0]?.state).toBe('Creating');
    await expect(engine.idle({ timeoutMs: 200 })).rejects.toThrow(/orders is Creating[^]*denied/);
    stub.acceptedKey = 'AKIAWRONG';
    stub.send('orders', BODY);
    await engine.finished();
    await engine.idle({ timeoutMs: 60_000 });
    expect(bodies).toEqual([BODY]);
    expect(problems.at(-1)).toBeUndefined();
    await engine.stop();
    expect(lines.all.join('\n')).toMatch(/warn waiting: the mapping cannot work .*"error":"denied"/);
    expect(lines.all.join('\n')).toContain('info the problem of the mapping is over');
    expectNoSecrets(lines);
  });

  test.each<[string, StubFault, RegExp, number]>([
    [
      'a signature that does not match',
      refusal(403, 'SignatureDoesNotMatch', `canonical request: x-amz-security-token:${TOKEN}`),
      /denied: .*secret access key/,
      3,
    ],
    [
      'AccessDenied',
      refusal(403, 'AccessDenied', 'User is not authorized to perform: sqs:receivemessage'),
      /denied: .*not authorized to perform: sqs:receivemessage/,
      3,
    ],
    ['a throttle', refusal(400, 'RequestThrottled'), /throttled: .*RequestThrottled/, 12],
    ['a failure of the service', refusal(503, 'ServiceUnavailable'), /unavailable: .*ServiceUnavailable/, 12],
  ])('%s on receive, after a time when it was allowed', async (_title, fault, reason, times) => {
    const { engine, lines, problems, bodies } = open();
    await engine.start();
    stub.send('orders', BODY);
    await engine.finished();
    stub.fail('ReceiveMessage', fault, times);
    await untilExplained(engine, reason);
    expect(engine.mappings[0]?.problem).toMatchObject({ kind: 'source' });
    const before = stub.calls('ReceiveMessage').length;
    stub.heal();
    stub.send('orders', `second: ${BODY}`);
    await engine.idle({ timeoutMs: 60_000 });
    expect(bodies).toEqual([BODY, `second: ${BODY}`]);
    // Each refused receive was followed by a wait: nobody hammers a source that refuses.
    expect(before).toBeLessThan(30);
    expect(problems.at(-1)).toBeUndefined();
    await engine.stop();
    expectNoSecrets(lines);
  });

  test('AccessDenied on delete: the message is not handled a second time, and leaves once it may', async () => {
    stub.createQueue('orders', { visibilityTimeoutSeconds: 2 });
    const { engine, lines, bodies } = open();
    const failed: string[] = [];
    engine.on('settle.failed', ({ action, code }) => failed.push(`${action} ${code}`));
    stub.fail('DeleteMessageBatch', refusal(403, 'AccessDenied', 'not authorized to perform: sqs:deletemessage'), 1);
    stub.send('orders', BODY);
    await engine.start();
    await expect.poll(() => failed).toEqual(['delete AccessDenied']);
    await engine.idle({ timeoutMs: 60_000 });
    expect(bodies).toEqual([BODY]);
    await engine.stop();
    expect(lines.all.join('\n')).toMatch(/error messages could not be deleted or released/);
    expectNoSecrets(lines);
  });
});
