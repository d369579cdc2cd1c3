import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseArguments } from '../../../src/daemon/command-line.ts';
import { filterLines, filterOne } from '../../../src/daemon/filter-command.ts';

const PATTERN = '{"body":{"kind":["order"],"price":[{"numeric":[">",10]}]}}';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-filter-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function run(pattern: string, event: string, isJson = false): Promise<{ readonly exit: number; readonly said: string }> {
  const stdout = new PassThrough();
  const exit = await filterOne({ pattern, event: '-', isJson }, { stdin: Readable.from([Buffer.from(event)]), stdout });
  stdout.end();
  return { exit, said: await text(stdout) };
}

describe('millrace filter', () => {
  it('says that an event matches, and ends with 0', async () => {
    expect(await run(PATTERN, '{"body":{"kind":"order","price":11}}')).toEqual({ exit: 0, said: 'the event matches\n' });
  });

  it('names the clause that rejected an event, and ends with 1', async () => {
    const { exit, said } = await run(PATTERN, '{"body":{"kind":"order","price":9}}');
    expect(exit).toBe(1);
    expect(said).toMatch(/^the event does not match\n {2}body\.price: .*numeric.*the event has 9\)\n$/);
  });

  it('answers in JSON when asked to', async () => {
    const { said } = await run(PATTERN, '{"body":{"kind":"chat"}}', true);
    expect(JSON.parse(said)).toMatchObject({ match: false, rejections: [{ path: 'body.kind', found: ['chat'] }] });
  });

  it('reads pattern and event from files', async () => {
    const pattern = join(folder, 'pattern.json');
    const event = join(folder, 'event.json');
    await writeFile(pattern, PATTERN);
    await writeFile(event, '{"body":{"kind":"order","price":10.5}}');
    const stdout = new PassThrough();
    const exit = await filterOne({ pattern, event, isJson: false }, { stdin: Readable.from([]), stdout });
    expect(exit).toBe(0);
  });

  it.each([
    ['{"body":{"kind":"order"}}', '{}', /Invalid filter pattern definition\./],
    ['{"body":{"kind":["order"]}}', '{"body":', /Not valid JSON/],
    ['nowhere.json', '{}', /--pattern: "nowhere\.json" cannot be read \(ENOENT\); name a file, or write the JSON text itself/],
  ])('refuses the pattern %s with the event %s, and says why', async (pattern, event, reason) => {
    await expect(run(pattern, event)).rejects.toThrow(reason);
  });
});

describe('millrace filter test', () => {
  it('answers each line by a line', async () => {
    const lines = [
      '{"pattern":{"a":[1]},"event":{"a":1.0}}',
      '',
      '{"pattern":"{\\"a\\":[2]}","event":{"a":1}}',
      '{"pattern":{"a":1},"event":{}}',
      'not json',
    ];
    const stdout = new PassThrough();
    const exit = await filterLines({ stdin: Readable.from([Buffer.from(`${lines.join('\n')}\n`)]), stdout });
    stdout.end();
    const answers = (await text(stdout)).trimEnd().split('\n');
    expect(exit).toBe(0);
    expect(answers.slice(0, 2)).toEqual(['{"match":true}', '{"match":false}']);
    expect(answers.slice(2).map((answer) => Object.keys(JSON.parse(answer) as object))).toEqual([['error'], ['error']]);
  });

  it('ends in peace when nobody reads its answers any more, and tells any other trouble', async () => {
    const answered = (code: string, count = 100): Promise<number> => {
      const stdout = new Writable({
        highWaterMark: 1,
        write: (_chunk, _encoding, done) => {
          done(Object.assign(new Error(`write ${code}`), { code }));
        },
      });
      const lines = Array.from({ length: count }, () => '{"pattern":{"a":[1]},"event":{"a":1}}\n');
      return filterLines({ stdin: Readable.from(lines.map((one) => Buffer.from(one))), stdout });
    };
    expect(await answered('EPIPE')).toBe(0);
    await expect(answered('ENOSPC')).rejects.toThrow('write ENOSPC');
    await expect(answered('ENOSPC', 1)).rejects.toThrow('write ENOSPC');
  });

  it('keeps up with a reader that is slower than it', async () => {
    const stdout = new PassThrough({ highWaterMark: 64 });
    const lines = Array.from({ length: 5000 }, (_, index) => `{"pattern":{"a":[${String(index % 7)}]},"event":{"a":3}}\n`);
    const said = text(stdout);
    await filterLines({ stdin: Readable.from(lines.map((one) => Buffer.from(one))), stdout });
    stdout.end();
    const answers = (await said).trimEnd().split('\n');
    expect(answers).toHaveLength(5000);
    expect(answers.filter((answer) => answer === '{"match":true}')).toHaveLength(714);
  });

  it('takes no options of the command before it, which would be passed over with an answer of yes', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      for (const more of [['--pattern', '{"a":[1]}'], ['--event', 'event.json'], ['--json']]) {
        expect(parseArguments('0', ['filter', 'test', ...more])).toEqual({ kind: 'end', exit: 2 });
        expect(write.mock.calls.join('')).toContain(`take ${String(more[0])} out`);
      }
      expect(parseArguments('0', ['filter', 'test']).kind).toBe('task');
    } finally {
      write.mockRestore();
    }
  });
});
