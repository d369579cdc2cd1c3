import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { catalog } from '../../../adapters/catalog.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { type Assembly, assemble } from '../../../src/daemon/assemble.ts';
import { type DaemonConfig, resolveConfig } from '../../../src/daemon/config.ts';
import { Narrator } from '../../../src/daemon/narrator.ts';
import { type QueueSource, type StateStore, silentLogger, silentMeter } from '../../../src/index.ts';

const QUEUE = 'arn:aws:sqs:embedded:000000000000:orders';
const STREAM = 'arn:aws:kinesis:embedded:000000000000:stream/clicks';
const PARTS = 'queues: { orders: {} }\nstreams: { clicks: {} }\ntopics: { steps: {} }\n';
const TOPIC = { Topics: ['steps'], SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['embedded:9092'] } } };
const SLOW =
  "slow: { Handler: './f.mjs#handler', Timeout: 1, Versions: { '1': { Timeout: 841 } }, Aliases: { live: { FunctionVersion: '1' } } }";
const F = "f: { Handler: './f.mjs#handler' }";
const G = "g: { Handler: './f.mjs#handler' }";
const MAPPING = `mappings: [{ Name: orders, EventSourceArn: '${QUEUE}', FunctionName: f }]`;

type Shown = Readonly<Record<string, unknown>>;

let folder = '';
let store: StateStore;
let daemon: Assembly;
let release: () => void;
let called: string[];

function config(functions: string, more = ''): DaemonConfig {
  const content = parse(`functions: { ${functions} }\n${PARTS}${more}`) as unknown;
  return { ...resolveConfig({ folder, content }, Date.now()), file: join(folder, 'millrace.yaml') };
}

async function start(content: DaemonConfig, sources: Partial<typeof catalog.sources> = {}): Promise<void> {
  const meter = { ...silentMeter, pieces: () => Readable.from(['']), contentType: 'text/plain' };
  const stores = { ...catalog.stores, sqlite: () => Promise.resolve(store) };
  daemon = await assemble({
    catalog: { ...catalog, version: '0', stores, sources: { ...catalog.sources, ...sources } },
    config: content,
    logger: silentLogger,
    meter,
    narrator: new Narrator(silentLogger, false),
  });
  await daemon.engine.start();
  daemon.control.resume();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-reload-'));
  writeFileSync(join(folder, 'f.mjs'), 'export function handler(event) { return globalThis.millraceCalled(event); }\n');
  store = memoryStore();
  called = [];
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const note = async ({ Records }: { Records: { body?: string }[] }): Promise<void> => {
    for (const { body = '' } of Records) called.push(body);
    if (Records.some(({ body }) => body === 'hold')) await held;
  };
  Object.assign(globalThis, { millraceCalled: note });
});

afterEach(async () => {
  release();
  daemon.control.stop();
  await daemon.engine.stop({ timeoutMs: 0 });
  await daemon.close();
  rmSync(folder, { recursive: true });
  Reflect.deleteProperty(globalThis, 'millraceCalled');
});

async function until(look: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!look()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function listed(): readonly Shown[] {
  return daemon.control.list({})['EventSourceMappings'] as readonly Shown[];
}

function bound(target: QueueSource, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}

function send(body: string): void {
  daemon.embedded.queues.get('orders')?.send({ body });
}

describe('a reload', () => {
  test('that puts a mapping back while it is still being removed makes a new one, which is shown, stored and works', async () => {
    await start(config(F, MAPPING));
    const [before = {}] = listed();
    send('hold');
    await until(() => called.includes('hold'));
    await daemon.reload(config(F));
    const back = daemon.reload(config(F, MAPPING));
    release();
    await back;
    await until(() => listed().length === 1 && listed()[0]?.['State'] === 'Enabled');
    const [after = {}] = listed();
    expect(after['UUID']).not.toBe(before['UUID']);
    expect(daemon.control.get(String(after['UUID']))).toEqual(after);
    expect((await store.listMappings()).map(({ id }) => id)).toEqual(['orders']);
    send('two');
    await until(() => called.includes('two'));
    await daemon.reload(config(`${F}, ${G}`, MAPPING.replace('FunctionName: f', 'FunctionName: g')));
    await until(() => listed()[0]?.['State'] === 'Enabled');
    expect(daemon.engine.mappings.map(({ name, functionName }) => [name, functionName])).toEqual([['orders', 'g']]);
  });

  test('that puts back a function lets mappings of the API that name it work again', async () => {
    await start(config(`${F}, ${G}`));
    const { UUID: uuid } = await daemon.control.create({ FunctionName: 'f', EventSourceArn: QUEUE });
    await until(() => daemon.control.get(String(uuid))['State'] === 'Enabled');
    await daemon.reload(config(G));
    await until(() => daemon.control.unopened.length === 1);
    const [unopened] = daemon.control.unopened;
    expect(unopened).toMatchObject({ id: uuid, eventSource: QUEUE, functionName: 'f', state: 'Creating' });
    expect(unopened?.waits.map(({ text }) => text)).toEqual([
      expect.stringContaining('cannot be carried out: FunctionName: Function does not exist: there is no function f in this file'),
    ]);
    await daemon.reload(config(`${F}, ${G}`));
    await until(() => daemon.control.get(String(uuid))['State'] === 'Enabled');
    send('one');
    await until(() => called.includes('one'));
    expect(daemon.control.unopened).toEqual([]);
  });
});

describe('a stop that comes into a reload', () => {
  test.each([
    ['adds a mapping', '', MAPPING],
    ['removes one', MAPPING, ''],
    ['changes one', MAPPING, MAPPING.replace('FunctionName: f', 'FunctionName: f, BatchSize: 2')],
  ])('that %s leaves the rest of it to the next start', async (_what, before, after) => {
    for (const turns of [0, 2, 5, 10, 20, 40, 80]) {
      store = memoryStore();
      await start(config(F, before));
      const reloaded = daemon.reload(config(F, after));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      daemon.control.stop();
      await daemon.engine.stop({ timeoutMs: 0 });
      await reloaded;
      await daemon.close();
    }
  });
});

describe('a reload that changes a function', () => {
  const CHANGED = F.replace(' }', ', Timeout: 5 }');

  test('waits for no mapping that is disabled, cannot be made, or is being removed from a store that fails', async () => {
    await start(config(`${F}, ${G}`));
    const off = await daemon.control.create({ FunctionName: 'f', EventSourceArn: QUEUE, Enabled: false });
    const lost = await daemon.control.create({ FunctionName: 'g', EventSourceArn: QUEUE });
    const body = { FunctionName: 'f', EventSourceArn: STREAM, StartingPosition: 'LATEST' };
    const gone = await daemon.control.create(body);
    await daemon.reload(config(F));
    await until(() => daemon.control.unopened.length === 1);
    let tries = 0;
    store.removeMapping = () => {
      tries += 1;
      return Promise.reject(new Error('the disk is full'));
    };
    await daemon.control.delete(String(gone['UUID']));
    await until(() => tries > 0);
    await daemon.reload(config(`${CHANGED}, ${G}`));
    // Asked one by one: those created in one millisecond are listed by their UUIDs, which are drawn.
    const states = (): unknown[] => [off, lost, gone].map(({ UUID: uuid }) => daemon.control.get(String(uuid))['State']);
    await until(() => states().join() === 'Disabled,Enabled,Deleting');
    expect(listed()).toHaveLength(3);
    expect(daemon.engine.findFunction('f')?.timeoutMs).toBe(5000);
  });
});

describe('a reload that needs what only a start can change', () => {
  const account = 'aws: { accountId: "111111111111" }\n';
  const FAR = `mappings: [{ Name: far, EventSourceArn: '${QUEUE}', FunctionName: far }]`;
  const OTHER = MAPPING.replace('FunctionName: f', "FunctionName: 'arn:aws:lambda:us-east-1:111111111111:function:f'");

  test.each([
    ['functions of Lambda', `lambda: {}\n${FAR}`],
    ['another account', `${account}${OTHER}`],
  ])('is refused whole: %s', async (_what, more) => {
    await start(config(F));
    await expect(daemon.reload(config(`${F}, ${G}`, more))).rejects.toThrow(
      'mappings[0].FunctionName: names a function that is there after the next start',
    );
    expect([daemon.engine.functions.map(({ name }) => name), listed()]).toEqual([['f'], []]);
  });

  test('leaves mappings where they are', async () => {
    await start(config(F, MAPPING));
    const [before] = listed();
    await daemon.reload(config(F, `${account}${MAPPING.replace('FunctionName: f', 'FunctionName: f, BatchSize: 2')}`));
    await until(() => listed()[0]?.['State'] === 'Enabled');
    expect(listed()[0]).toMatchObject({ BatchSize: 2, FunctionArn: before?.['FunctionArn'] });
  });
});

describe('a function that is too slow for a topic', () => {
  const text = 'function slow has a timeout of 841 s; functions of Kafka mappings have at most 840';
  const mapping = (FunctionName: string): string => `mappings: [${JSON.stringify({ ...TOPIC, Name: 'steps', FunctionName })}]`;

  test('is refused before anything of the file is carried out', async () => {
    for (const name of ['slow:1', 'slow:live']) expect(() => config(SLOW, mapping(name))).toThrow(`mappings[0].FunctionName: ${text}`);
    await start(config(SLOW, mapping('slow')));
    expect(daemon.engine.mappings.map(({ name }) => name)).toEqual(['steps']);
  });

  test('is refused when the API names it', async () => {
    await start(config(SLOW));
    const body = { ...TOPIC, FunctionName: 'slow:live', SourceAccessConfigurations: [] };
    await expect(daemon.control.create(body)).rejects.toThrow(text);
    expect(listed()).toEqual([]);
  });
});

describe('what a file says of a mapping', () => {
  test('takes nothing back of what the API changes at the same time', async () => {
    await start(config(F, MAPPING));
    const [{ EventSourceMappingArn: arn } = {}] = listed();
    const changed = config(F, MAPPING.replace('FunctionName: f', 'FunctionName: f, BatchSize: 2'));
    const tagged = daemon.control.tag(String(arn), { Tags: { a: 'b' } });
    await Promise.all([tagged, daemon.control.reconcile(changed.file ?? '', changed.mappings)]);
    expect([daemon.control.tags(String(arn)), listed()[0]?.['BatchSize']]).toEqual([{ a: 'b' }, 2]);
  });
});

describe('a creation over the API', () => {
  test('that cannot be stored leaves nothing open', async () => {
    let closed = 0;
    const close = (): Promise<void> => {
      closed += 1;
      return Promise.resolve();
    };
    const sqs = (): Promise<QueueSource> => {
      const queue = daemon.embedded.queues.get('orders');
      if (queue === undefined) throw new Error('there is no queue');
      return Promise.resolve(new Proxy<QueueSource>(queue, { get: (target, name) => (name === 'close' ? close : bound(target, name)) }));
    };
    await start(config(F), { sqs });
    store.putMapping = () => Promise.reject(new Error('the disk is full'));
    const body = { FunctionName: 'f', EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:far' };
    await expect(daemon.control.create(body)).rejects.toThrow('the disk is full');
    expect([closed, listed()]).toEqual([1, []]);
  });
});

describe('an update over the API', () => {
  test('of what could not be carried out is refused, and the mapping stays as it was', async () => {
    await start(config(F));
    const created = await daemon.control.create({ FunctionName: 'f', EventSourceArn: STREAM, StartingPosition: 'LATEST' });
    const uuid = String(created['UUID']);
    const destination = { DestinationConfig: { OnFailure: { Destination: 'arn:aws:iam::000000000000:role/x' } } };
    await expect(daemon.control.update(uuid, destination)).rejects.toThrow('names a destination of iam');
    expect(daemon.control.get(uuid)['DestinationConfig']).toEqual({ OnFailure: {} });
  });

  test('that gives two mappings of one source the same function at once is refused for one of them', async () => {
    await start(config(`${F}, ${G}, h: { Handler: './f.mjs#handler' }`));
    const [one, two] = await Promise.all(
      ['f', 'g'].map((FunctionName) => daemon.control.create({ FunctionName, EventSourceArn: QUEUE, Enabled: false })),
    );
    const both = await Promise.allSettled([one, two].map((shown) => daemon.control.update(String(shown?.['UUID']), { FunctionName: 'h' })));
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(listed().filter((shown) => String(shown['FunctionArn']).endsWith(':h'))).toHaveLength(1);
  });
});
