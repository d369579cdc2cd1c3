import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { catalog as adapters } from '../../../../adapters/catalog.ts';
import { told } from '../../../../src/daemon/commands/command.ts';
import type { PageAnswer } from '../../../../src/daemon/commands/daemon-pages.ts';
import { bodiesOf } from '../../../../src/daemon/commands/send-input.ts';
import { Sending, type SendPlace } from '../../../../src/daemon/commands/send-work.ts';
import { VirtualClock } from '../../../../src/testing/index.ts';

const PLACE: SendPlace = { kind: 'queue', name: 'orders', key: undefined, keyFrom: undefined, query: {}, isJson: false };
const TAKEN: PageAnswer = { status: 201, text: '{"messageId":"m"}', retryAfterSeconds: undefined };
const catalog = { ...adapters, version: '0' };
const FULL: PageAnswer = { status: 429, text: '{"error":"OverLimit","message":"full"}', retryAfterSeconds: undefined };

/** Sends lines to a daemon that answers as told, then takes everything. */
async function send(
  lines: string,
  answers: readonly PageAnswer[],
  place: Partial<SendPlace> = {},
): Promise<{ asked: string[][]; said: string; error: unknown }> {
  const clock = new VirtualClock();
  const asked: string[][] = [];
  const left = [...answers];
  const ask = (path: string, body = ''): Promise<PageAnswer> => {
    asked.push([path, body]);
    return Promise.resolve(left.shift() ?? TAKEN);
  };
  const stdout = new PassThrough();
  const sending = new Sending({ ...PLACE, ...place }, { pages: { ask }, clock, stdout, stderr: new PassThrough() });
  const bodies = bodiesOf({ bodies: [], file: undefined, isWhole: false }, Readable.from([lines]));
  const error = await clock.run(
    sending.all(bodies).then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  );
  return { asked, said: String(stdout.read() ?? ''), error };
}

describe('millrace send', () => {
  test('sends every line of standard input, in order, and says how many', async () => {
    const { asked, said } = await send('one\n\ntwo\r\nthree', []);
    expect(asked).toEqual(['one', 'two', 'three'].map((body) => ['/queues/orders/messages', body]));
    expect(said).toBe('sent 3 messages to queue orders\n');
  });

  test('waits while there is no room, and sends nothing twice that was taken', async () => {
    const { asked, error } = await send('one\ntwo', [TAKEN, FULL, FULL, TAKEN]);
    expect(asked.map(([, body]) => body)).toEqual(['one', 'two', 'two', 'two']);
    expect(error).toBeUndefined();
  });

  test('gives up what is refused for want of room for a minute, and says how many were taken', async () => {
    const { error } = await send('one\ntwo', [TAKEN, ...Array.from({ length: 1000 }, () => FULL)]);
    expect(String(error)).toContain('OverLimit: full\n  taken before: 1 message');
  });

  test('takes keys from a field of each body', async () => {
    const { asked } = await send('{"a":{"b":"x y"}}\n{"a":{"b":7}}', [], { kind: 'stream', name: 'clicks', keyFrom: 'a.b' });
    expect(asked.map(([path]) => path)).toEqual(['/streams/clicks/records?PartitionKey=x+y', '/streams/clicks/records?PartitionKey=7']);
  });

  test('refuses a body without the field that has its key', async () => {
    const { error } = await send('{"a":1}\n{"b":1}', [], { keyFrom: 'a' });
    expect(String(error)).toContain('--key-from: body number 2 has no text or number in a');
  });

  test('answers with a line of JSON for each when asked to', async () => {
    const { said } = await send('one\ntwo', [], { isJson: true });
    expect(said).toBe('{"messageId":"m"}\n{"messageId":"m"}\n');
  });

  test('goes on when nobody reads what it says any more', async () => {
    const stdout = new Writable({
      autoDestroy: false,
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    const asked: string[] = [];
    const ask = (_path: string, body = ''): Promise<PageAnswer> => {
      asked.push(body);
      return Promise.resolve(TAKEN);
    };
    const task = told('send', async (parts) => {
      await new Sending({ ...PLACE, isJson: true }, { ...parts, pages: { ask }, clock }).all(
        bodiesOf({ bodies: ['one', 'two', 'three'], file: undefined, isWhole: false }, parts.stdin),
      );
      return 0;
    });
    const clock = new VirtualClock();
    const exit = clock.run(task({ catalog, environment: {}, stdin: Readable.from([]), stdout, stderr: new PassThrough() }));
    expect(await exit).toBe(0);
    expect(asked).toEqual(['one', 'two', 'three']);
  });
});
