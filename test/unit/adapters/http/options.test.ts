import { describe, expect, test } from 'vitest';
import { type HttpTargetOptions, http } from '../../../../adapters/target/http/index.ts';
import { ConfigError } from '../../../../src/index.ts';

/** What is refused, as one text. */
function refusalOf(options: unknown): string {
  try {
    http(options as HttpTargetOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('expected the options to be refused');
}

const url = 'http://127.0.0.1:8080/invoke';

describe('options of an HTTP target', () => {
  test.each<HttpTargetOptions>([
    { url },
    { url: new URL('https://example.test/a?key=1#part') },
    { url, headers: { Authorization: 'Bearer x', host: 'functions.internal', 'X-Empty': '' } },
    { url, maxResponseBytes: 1, maxConnections: 10_000 },
    { url, maxRequestBytes: 67_108_864, connectTimeoutMs: 1 },
  ])('are taken: %o', async (options) => {
    await expect(http(options).close()).resolves.toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'http: must be an object with a url'],
    ['no url', {}, 'url: is undefined; give a complete one, such as http://127.0.0.1:8080/invoke'],
    ['a path only', { url: '/invoke' }, 'url: is no URL; give a complete one'],
    ['another scheme', { url: 'ftp://127.0.0.1/' }, 'url: has the scheme ftp: which is not supported; use http: or https:'],
    [
      'a number of bytes below the range',
      { url, maxResponseBytes: 0 },
      'maxResponseBytes: must be a whole number from 1 to 67108864, but is 0',
    ],
    ['a number of bytes above the range', { url, maxResponseBytes: 67_108_865 }, 'but is 67108865; leave it out for 6291456'],
    ['a text for a number', { url, maxConnections: '5' }, 'maxConnections: must be a whole number from 1 to 10000, but is string'],
    [
      'a negative time',
      { url, connectTimeoutMs: -1 },
      'connectTimeoutMs: must be a whole number from 1 to 600000, but is -1; leave it out for 3000',
    ],
    ['headers in a list', { url, headers: [] }, 'headers: must be an object of names and values, but is a list'],
    ['a header name with a space', { url, headers: { 'a b': 'x' } }, 'headers.a b: is no valid header name'],
    ['a header that is no text', { url, headers: { 'x-a': 1 } }, 'headers.x-a: must be a string, but is number'],
    [
      'a header of HTTP itself',
      { url, headers: { 'Content-Length': '1' } },
      'headers.Content-Length: is set by the target itself; take it out',
    ],
    ['a field that does not exist', { url, timeout: 3 }, 'timeout: is no option of an HTTP target; known are url, headers,'],
  ])('are refused with field and fix: %s', (_title, options, message) => {
    expect(refusalOf(options)).toContain(message);
  });

  test('are all checked before any is reported', () => {
    expect(refusalOf({ url: 'x', maxConnections: -1, nope: 1 }).split('\n')).toHaveLength(3);
  });

  test('show no secret when they are refused', () => {
    const text = refusalOf({
      url: 'ftp://secret-user:secret-pass@example.test/secret-path?key=secret-key',
      headers: { authorization: 'secret-token\r\nx: y', cookie: 5 },
    });
    expect(text).toContain('url: holds a user or password; take them out and send them in headers');
    expect(text).toContain('headers.authorization: has a value with a line break');
    expect(text).not.toContain('secret');
  });
});
