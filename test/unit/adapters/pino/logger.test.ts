import { describe, expect, test } from 'vitest';
import { type PinoLoggerOptions, pinoLogger } from '../../../../adapters/logger/pino/index.ts';
import { ConfigError, type Logger } from '../../../../src/index.ts';

type Line = Record<string, unknown>;

/** A logger and the lines that it wrote. */
function logged(options: PinoLoggerOptions = {}): { readonly logger: Logger; readonly raw: string[]; readonly lines: () => Line[] } {
  const raw: string[] = [];
  const logger = pinoLogger({ level: 'debug', output: { write: (line) => raw.push(line) }, ...options });
  return { logger, raw, lines: () => raw.map((line) => JSON.parse(line) as Line) };
}

/** The one line that these fields make at `info`. */
function lineOf(fields: Line): Line {
  const { logger, lines } = logged();
  logger.info(fields, 'text');
  const [line] = lines();
  if (line === undefined) throw new Error('nothing was written');
  return line;
}

describe('a pino logger', () => {
  test('writes level, time, fields and text as one line of JSON', () => {
    const { logger, raw, lines } = logged();
    logger.warn({ mapping: 'orders', records: 3 }, 'invoked');
    expect(lines()).toEqual([{ level: 'warn', time: expect.any(String) as string, mapping: 'orders', records: 3, msg: 'invoked' }]);
    expect(raw[0]).toMatch(/"time":"\d{4}-\d\d-\d\dT[\d:.]+Z".*\}\n$/);
  });

  test.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['silent', []],
  ] as const)('at level %s writes %j', (level, expected) => {
    const { logger, lines } = logged({ level });
    for (const one of ['debug', 'info', 'warn', 'error'] as const) logger[one]({}, 'x');
    expect(lines().map((line) => line['level'])).toEqual(expected);
  });

  test('writes info and above when nothing is said', () => {
    const raw: string[] = [];
    const logger = pinoLogger({ output: { write: (line) => raw.push(line) } });
    logger.debug({}, 'no');
    logger.info({}, 'yes');
    expect(raw).toHaveLength(1);
  });

  test('refuses a level that is none', () => {
    expect(() => pinoLogger({ level: 'verbose' as never })).toThrow(ConfigError);
    expect(() => pinoLogger({ level: 'verbose' as never })).toThrow(
      'level: must be one of debug, info, warn, error, silent, but is "verbose"',
    );
  });

  test('gives children that add their fields, cleaned, to every line', () => {
    const { logger, lines } = logged();
    const child = logger.child({ mapping: 'orders', sessionToken: 's3cret' }).child({ batch: 'b-1' });
    child.info({ records: 1 }, 'x');
    expect(lines()[0]).toMatchObject({ mapping: 'orders', sessionToken: '[redacted]', batch: 'b-1', records: 1 });
  });

  test('writes lines for people when asked to', () => {
    const { logger, raw } = logged({ pretty: true });
    logger.info({ mapping: 'orders', password: 's3cret' }, 'mapping state changed');
    expect(raw).toHaveLength(1);
    expect(raw[0]).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: mapping state changed \{.*"mapping":"orders".*\}\n$/);
    expect(raw[0]).not.toContain('s3cret');
  });

  test('goes on when its output is broken', () => {
    const write = (): never => {
      throw new Error('disk full');
    };
    const logger = pinoLogger({ output: { write } });
    expect(() => logger.error({}, 'x')).not.toThrow();
  });
});

describe('fields', () => {
  test.each([
    'authorization',
    'Authorization',
    'Proxy-Authorization',
    'secretAccessKey',
    'sessionToken',
    'x-amz-security-token',
    'password',
    'db_password',
    'credentials',
    'clientSecret',
    'apiKey',
    'x-api-key',
    'Set-Cookie',
  ])('named %s are taken out, at any depth and level', (name) => {
    const { logger, raw } = logged();
    const fields = { [name]: 's3cret', in: { list: [{ [name]: { nested: 's3cret' } }] } };
    logger.debug(fields, 'x');
    logger.error(fields, 'x');
    expect(raw).toHaveLength(2);
    expect(raw.join('')).not.toContain('s3cret');
    expect(fields[name]).toBe('s3cret');
  });

  test.each(['body', 'payload', 'requestPayload', 'Records'])('named %s hold bodies: taken out at info, written at debug', (name) => {
    const { logger, lines } = logged();
    logger.info({ one: { [name]: ['text of a record'] } }, 'x');
    logger.debug({ one: { [name]: ['text of a record'] } }, 'x');
    expect(lines().map((line) => line['one'])).toEqual([{ [name]: '[redacted]' }, { [name]: ['text of a record'] }]);
  });

  test('that only count are kept', () => {
    expect(lineOf({ records: 10, tokens: 3, hasPassword: true, requestId: 'r', receiptHandle: 'h', error: 'e' })).toMatchObject({
      records: 10,
      tokens: 3,
      hasPassword: true,
      requestId: 'r',
      receiptHandle: 'h',
      error: 'e',
    });
  });

  test('with URLs lose user and password', () => {
    const text = 'no answer from https://me:s3cret@example.test/a and http://127.0.0.1/b?mail=a@b';
    const line = lineOf({ text, url: new URL('http://me:s3cret@127.0.0.1/') });
    expect(line).toMatchObject({
      text: 'no answer from https://example.test/a and http://127.0.0.1/b?mail=a@b',
      url: 'http://127.0.0.1/',
    });
  });

  test('that are errors show type, message, code, stack and cause, and nothing that hangs on them', () => {
    const error = Object.assign(new TypeError('bad https://me:s3cret@x/'), {
      code: 'E_BAD',
      $response: { headers: { cookie: 's3cret' } },
      cause: new Error('deeper', { cause: { password: 's3cret' } }),
    });
    const line = lineOf({ err: error });
    expect(line['err']).toMatchObject({
      type: 'TypeError',
      message: 'bad https://x/',
      code: 'E_BAD',
      cause: { type: 'Error', message: 'deeper' },
    });
    expect(JSON.stringify(line)).not.toContain('s3cret');
    expect(JSON.stringify(line)).not.toContain('$response');
    expect(line).toHaveProperty('err.stack', expect.stringContaining('logger.test.ts'));
  });

  test('of any kind can be written', () => {
    const cycle: Line = { name: 'cycle' };
    cycle['self'] = cycle;
    const hostile = {
      get boom(): string {
        throw new Error('keep out');
      },
    };
    expect(lineOf({ cycle, big: 12n, nothing: undefined, none: null, when: new Date(0), bytes: new Uint8Array(3) })).toMatchObject({
      cycle: { name: 'cycle' },
      big: 12,
      none: null,
      when: '1970-01-01T00:00:00.000Z',
      bytes: '[3 bytes]',
    });
    expect(lineOf({ hostile })).toMatchObject({ fields: '[unreadable]', msg: 'text' });
    expect(lineOf({ list: Array.from({ length: 150 }, () => 1) })['list']).toHaveLength(101);
  });
});
