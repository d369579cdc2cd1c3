import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type DaemonProcess, DaemonTests, eventually } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const TAKEN_OVER = /the configuration was read again and taken over/g;

const handler = (name: string): string => `
export async function handler(event) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const { body } of event.Records) console.log('${name} got', body);
}
`;

const STREAM_HANDLER = (name: string): string => `
export async function handler(event) {
  for (const { kinesis } of event.Records) console.log('${name} read', Buffer.from(kinesis.data, 'base64').toString());
}
`;

interface Shape {
  readonly file?: string;
  readonly batchSize?: number;
  readonly more?: string;
}

function config({ file = './one.mjs', batchSize = 5, more = '' }: Shape = {}): string {
  return `
store: { type: memory }
functions: { work: { Handler: '${file}#handler' } }
queues: { orders: {} }
mappings:
  - { Name: m, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:orders', FunctionName: work, BatchSize: ${String(batchSize)} }
${more}
`;
}

interface Reloadable {
  readonly daemon: DaemonProcess;
  readonly url: string;
  write(text: string): void;
}

async function started(text: string): Promise<Reloadable> {
  const folder = tests.folder({
    'one.mjs': handler('one'),
    'two.mjs': handler('two'),
    'read.mjs': STREAM_HANDLER('one'),
    'millrace.yaml': text,
  });
  const file = join(folder, 'millrace.yaml');
  const daemon = tests.start({ args: ['start', '--config', file, '--listen', '127.0.0.1:0'] });
  const url = await daemon.url();
  await daemon.says(/"to":"Enabled"/);
  return {
    daemon,
    url,
    write: (content) => {
      writeFileSync(file, content);
    },
  };
}

function takenOver({ daemon }: Reloadable, times: number): Promise<true> {
  return eventually(`${String(times)} reloads`, () => ((daemon.stdout.match(TAKEN_OVER)?.length ?? 0) >= times ? true : undefined)).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}\n${daemon.stdout}${daemon.stderr}`);
    },
  );
}

async function send(url: string, queue: string, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) expect((await fetch(`${url}/queues/${queue}/messages`, { method: 'POST', body })).status).toBe(201);
}

test('a changed file is taken over: another function, another mapping, another queue, and one that is gone', async () => {
  const world = await started(config());
  await send(world.url, 'orders', ['a']);
  await world.daemon.says(/one got a/);
  world.write(
    config({
      file: './two.mjs',
      more: `  - { Name: extra, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:orders2', FunctionName: work }`,
    }).replace('queues: { orders: {} }', 'queues: { orders: {}, orders2: {} }'),
  );
  await takenOver(world, 1);
  await send(world.url, 'orders', ['b']);
  await send(world.url, 'orders2', ['c']);
  await world.daemon.says(/two got b/);
  await world.daemon.says(/two got c/);
  world.write(config({ file: './two.mjs' }));
  await takenOver(world, 2);
  const names = async (): Promise<string[]> =>
    ((await (await fetch(`${world.url}/mappings`)).json()) as { mappings: { name: string }[] }).mappings.map(({ name }) => name);
  await eventually('the mapping that the file has no more to be gone', async () => ((await names()).includes('extra') ? undefined : true));
  // What it held would be lost.
  expect(world.daemon.stdout).toContain('queues.orders2');
  world.daemon.signal('SIGTERM');
  expect(await world.daemon.ended).toEqual({ code: 0, signal: null });
});

test('a bad file is refused whole, and the old configuration stays', async () => {
  const world = await started(config());
  world.write(config({ file: './two.mjs', batchSize: 0 }));
  await world.daemon.says(/read again and refused; the old one stays/);
  expect(world.daemon.stdout).toContain('mappings[0].BatchSize');
  world.write('functions: [');
  await eventually('the second refusal', () =>
    (world.daemon.stdout.match(/read again and refused/g)?.length ?? 0) >= 2 ? true : undefined,
  );
  await send(world.url, 'orders', ['a']);
  await world.daemon.says(/one got a/);
  expect(world.daemon.stdout).not.toMatch(TAKEN_OVER);
  world.daemon.signal('SIGTERM');
  expect(await world.daemon.ended).toEqual({ code: 0, signal: null });
});

test('SIGHUP reads the file again, and ends nothing', async () => {
  const world = await started(config());
  world.daemon.signal('SIGHUP');
  world.write(config({ batchSize: 7 }));
  world.daemon.signal('SIGHUP');
  await takenOver(world, 1);
  await send(world.url, 'orders', ['still here']);
  await world.daemon.says(/one got still here/);
  world.daemon.signal('SIGTERM');
  expect(await world.daemon.ended).toEqual({ code: 0, signal: null });
});

test('what a start alone can change is said, and nothing of it is half applied', async () => {
  const world = await started(config());
  world.write(`${config({ batchSize: 6 })}\nstopTimeoutSeconds: 5\nlisten: 127.0.0.1:1`);
  await world.daemon.says(/"atNextStart":\["listen","stopTimeoutSeconds"\]|"atNextStart":\["stopTimeoutSeconds"\]/);
  expect((await fetch(`${world.url}/healthz`)).status).toBe(200);
});

test('a reload under load loses nothing and repeats nothing, of queues and of streams', async () => {
  const text = (file: string, streamFile: string): string => `
store: { type: memory }
functions:
  work: { Handler: '${file}#handler' }
  read: { Handler: '${streamFile}#handler', ReservedConcurrentExecutions: ${streamFile === './read.mjs' ? '1' : '2'} }
queues: { orders: {} }
streams: { lines: { shards: 2 } }
mappings:
  - { Name: m, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:orders', FunctionName: work, BatchSize: 3 }
  - { Name: s, EventSourceArn: 'arn:aws:kinesis:embedded:000000000000:stream/lines', FunctionName: read, StartingPosition: TRIM_HORIZON, BatchSize: 4 }
`;
  const world = await started(text('./one.mjs', './read.mjs'));
  const bodies = Array.from({ length: 300 }, (_, index) => `n${String(index)}`);
  const sending = (async () => {
    for (const body of bodies) {
      await send(world.url, 'orders', [body]);
      const put = await fetch(`${world.url}/streams/lines/records?PartitionKey=${body}`, { method: 'POST', body });
      expect(put.status).toBe(201);
    }
  })();
  for (let round = 1; round <= 4; round += 1) {
    world.write(round % 2 === 1 ? text('./two.mjs', '././read.mjs') : text('./one.mjs', './read.mjs'));
    await takenOver(world, round);
  }
  await sending;
  const got = (what: string): string[] =>
    [...world.daemon.stdout.matchAll(new RegExp(` ${what} (n\\d+)`, 'g'))].map(([, body = '']) => body);
  await eventually('all of them', () => (got('got').length >= 300 && got('read').length >= 300 ? true : undefined));
  world.daemon.signal('SIGTERM');
  expect(await world.daemon.ended).toEqual({ code: 0, signal: null });
  expect(got('got').toSorted()).toEqual(bodies.toSorted());
  expect(got('read').toSorted()).toEqual(bodies.toSorted());
});

test('files that are put in the place of others by editors are seen, and gone ones change nothing', async () => {
  const world = await started(config());
  const folder = tests.folder({});
  rmSync(folder, { recursive: true });
  world.write('');
  await world.daemon.says(/read again and refused/);
  world.write(config({ batchSize: 8 }));
  await takenOver(world, 1);
});

test('what is wrong in one of several files is told with that file, at the start and later', async () => {
  const second = (functions: string): string => `${functions}
mappings:
  - { Name: n, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:orders', FunctionName: late }
`;
  const folder = tests.folder({
    'one.mjs': handler('one'),
    'a.yaml': config(),
    'b.yaml': second('functions: { late: { Handler: ./one.mjs#nothing } }'),
  });
  const [first, other] = [join(folder, 'a.yaml'), join(folder, 'b.yaml')];
  const args = ['start', '--config', first, '--config', other, '--listen', '127.0.0.1:0'];
  const refused = tests.start({ args });
  expect((await refused.ended).code).toBe(2);
  expect(refused.stderr).toMatch(/ {2}b\.yaml: functions\.late\.Handler: .* has no export nothing/);
  writeFileSync(other, second('functions: { late: { Handler: ./one.mjs#handler } }'));
  const daemon = tests.start({ args });
  await daemon.says(/"mapping":"n".*"to":"Enabled"/);
  writeFileSync(other, second('functions: { late: { Handler: ./one.mjs#nothing } }'));
  await daemon.says(/read again and refused|"problems":\[\{"field":"b\.yaml: functions\.late\.Handler"/);
  expect(daemon.stdout).toContain('"field":"b.yaml: functions.late.Handler"');
});

test('files that the system does not let be watched keep nothing from starting, and are read again at SIGHUP', async () => {
  const folder = tests.folder({
    'one.mjs': handler('one'),
    'millrace.yaml': config(),
    'unwatched.mjs': `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
fs.watch = () => { throw Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), { code: 'ENOSPC' }); };
syncBuiltinESMExports();
`,
  });
  const file = join(folder, 'millrace.yaml');
  const daemon = tests.start({
    args: ['start', '--config', file, '--listen', '127.0.0.1:0'],
    nodeArgs: ['--import', join(folder, 'unwatched.mjs')],
  });
  await daemon.says(/cannot be watched: send SIGHUP when they change/);
  await daemon.says(/"to":"Enabled"/);
  writeFileSync(file, config({ batchSize: 6 }));
  daemon.signal('SIGHUP');
  await daemon.says(TAKEN_OVER);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});

test('a change that comes while functions are still loaded is taken over, too', async () => {
  const folder = tests.folder({
    'one.mjs': `
import { existsSync } from 'node:fs';
console.log('one is loaded');
while (!existsSync(new URL('./go', import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 20));
${handler('one')}`,
    'millrace.yaml': config(),
  });
  const file = join(folder, 'millrace.yaml');
  const daemon = tests.start({ args: ['start', '--config', file, '--listen', '127.0.0.1:0'] });
  await daemon.says(/one is loaded/);
  writeFileSync(file, config({ batchSize: 6 }));
  writeFileSync(join(folder, 'go'), '');
  await daemon.says(TAKEN_OVER);
});
