import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { catalog } from '../../../adapters/catalog.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { type Assembly, assemble } from '../../../src/daemon/assemble.ts';
import type { Catalog } from '../../../src/daemon/catalog.ts';
import { type DaemonConfig, resolveConfig } from '../../../src/daemon/config.ts';
import { Narrator } from '../../../src/daemon/narrator.ts';
import { type StateStore, silentLogger, silentMeter } from '../../../src/index.ts';
import { ResourceRefusal } from '../../../src/resource/index.ts';

const QUEUE = 'arn:aws:sqs:embedded:000000000000:orders';
const STREAM = 'arn:aws:kinesis:embedded:000000000000:stream/clicks';
const BASE = `
functions: { f: { Handler: './f.mjs#handler', Versions: { '1': {} } }, g: { Handler: './f.mjs#handler' } }
queues: { orders: {}, more: {} }
streams: { clicks: {} }
`;
/** A store that outlives its daemon, as one in a file does. */
const kept = (store: StateStore): StateStore =>
  new Proxy(store, { get: (target, name) => (name === 'close' ? () => Promise.resolve() : bound(target, name)) });
const bound = (target: StateStore, name: string | symbol): unknown => {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
};

let folder = '';
let store: StateStore;
let running: Assembly[] = [];
let embedded: Assembly['embedded'] | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-control-'));
  writeFileSync(join(folder, 'f.mjs'), 'export function handler(event) { globalThis.millraceSeen?.(event); }\n');
  store = kept(memoryStore());
  embedded = undefined;
});

afterEach(async () => {
  for (const one of running.splice(0)) await end(one);
  rmSync(folder, { recursive: true });
  Reflect.deleteProperty(globalThis, 'millraceSeen');
});

async function end(assembly: Assembly): Promise<void> {
  assembly.control.stop();
  const stopped = assembly.engine.stop({ timeoutMs: 5000 });
  const endReceives = (): void => {
    for (const queue of assembly.embedded.queues.values()) queue.endReceives();
  };
  endReceives();
  void catalog.clock.turn().then(endReceives);
  await stopped;
  await assembly.close();
}

function configOf(mappings: string, file = 'millrace.yaml'): DaemonConfig {
  return { ...resolveConfig({ folder, content: parse(BASE + mappings) as unknown }, Date.now()), file: join(folder, file) };
}

/** A daemon over the store of the test; its embedded sources are those of the first one. */
async function start(mappings = '', file = 'millrace.yaml', other: Partial<Catalog> = {}): Promise<Assembly> {
  const meter = { ...silentMeter, pieces: () => Readable.from(['']), contentType: 'text/plain' };
  const config = configOf(mappings, file);
  const first = embedded;
  const shared = {
    ...catalog,
    ...other,
    version: '0',
    stores: { ...catalog.stores, sqlite: () => Promise.resolve(store) },
    sources: {
      ...(other.sources ?? catalog.sources),
      ...(first === undefined
        ? {}
        : { embeddedQueues: () => Promise.resolve(first.queues), embeddedStreams: () => Promise.resolve(first.streams) }),
    },
  };
  const assembly = await assemble({
    catalog: shared,
    config,
    logger: silentLogger,
    meter: meter,
    narrator: new Narrator(silentLogger, false),
  });
  embedded ??= { ...assembly.embedded, streams: new Map([...assembly.embedded.streams].map(([name, stream]) => [name, unclosed(stream)])) };
  running.push(assembly);
  await assembly.engine.start();
  assembly.control.resume();
  return assembly;
}

function unclosed<Source extends { close(): Promise<void> }>(source: Source): Source {
  source.close = () => Promise.resolve();
  return source;
}

async function stop(assembly: Assembly): Promise<void> {
  running = running.filter((one) => one !== assembly);
  await end(assembly);
}

type Shown = Readonly<Record<string, unknown>>;

async function until(look: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!look()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function inState({ control }: Assembly, shown: Shown, state: string): Promise<void> {
  await until(() => control.get(String(shown['UUID']))['State'] === state);
}

function listed({ control }: Assembly): readonly Shown[] {
  return control.list({})['EventSourceMappings'] as readonly Shown[];
}

/** Bodies and data that the function has seen, in order. */
function seen(): string[] {
  const texts: string[] = [];
  const note = ({ Records }: { Records: { body?: string; kinesis?: { data: string } }[] }): void => {
    for (const { body, kinesis } of Records) texts.push(body ?? Buffer.from(kinesis?.data ?? '', 'base64').toString());
  };
  Object.assign(globalThis, { millraceSeen: note });
  return texts;
}

describe('what the API has made', () => {
  test('is there after a restart as it was, and goes on from its position', async () => {
    const texts = seen();
    const first = await start();
    const shown = await first.control.create({
      FunctionName: 'f:1',
      EventSourceArn: STREAM,
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 7,
      Tags: { a: 'b' },
    });
    const off = await first.control.create({ FunctionName: 'g', EventSourceArn: QUEUE, Enabled: false });
    await inState(first, shown, 'Enabled');
    first.embedded.streams.get('clicks')?.put({ partitionKey: 'k', data: 'one' });
    await until(() => texts.length === 1);
    await stop(first);
    const second = await start();
    second.embedded.streams.get('clicks')?.put({ partitionKey: 'k', data: 'two' });
    await until(() => texts.length === 2);
    expect(texts).toEqual(['one', 'two']);
    const without = ({ State: _state, LastModified: _at, LastProcessingResult: _result, ...rest }: Shown): Shown => rest;
    expect(without(second.control.get(String(shown['UUID'])))).toEqual(without(shown));
    expect(second.control.tags(String(shown['EventSourceMappingArn']))).toEqual({ a: 'b' });
    expect(second.control.get(String(off['UUID']))['State']).toBe('Disabled');
    expect(second.control.disabled).toEqual(new Set([off['UUID']]));
  });

  test('changes while records flow: none is lost, none is seen twice, the order stays', async () => {
    const texts = seen();
    const daemon = await start();
    const shown = await daemon.control.create({ FunctionName: 'f', EventSourceArn: STREAM, StartingPosition: 'LATEST', BatchSize: 3 });
    await inState(daemon, shown, 'Enabled');
    const uuid = String(shown['UUID']);
    let next = 0;
    const put = (): void => {
      for (let count = 0; count < 20; count += 1) daemon.embedded.streams.get('clicks')?.put({ partitionKey: 'k', data: String(next++) });
    };
    const changes: Shown[] = [
      { BatchSize: 5 },
      { FunctionName: 'g' },
      { ParallelizationFactor: 4 },
      { Enabled: false },
      { Enabled: true, BatchSize: 50 },
      { FunctionName: 'f:1' },
    ];
    for (const change of changes) {
      put();
      expect(await daemon.control.update(uuid, change)).toMatchObject({ UUID: uuid });
      put();
    }
    put();
    await until(() => texts.length >= next);
    expect(texts).toEqual(Array.from({ length: next }, (_, index) => String(index)));
    expect(daemon.control.get(uuid)).toMatchObject({ BatchSize: 50, ParallelizationFactor: 4, LastProcessingResult: 'OK' });
    expect(daemon.engine.mappings.map(({ id, name }) => [id, name])).toEqual([[uuid, uuid]]);
  });

  test('ends where the last of several changes at once says', async () => {
    const daemon = await start();
    const shown = await daemon.control.create({ FunctionName: 'f', EventSourceArn: QUEUE });
    const uuid = String(shown['UUID']);
    await Promise.all([1, 2, 3, 4].map((BatchSize) => daemon.control.update(uuid, { BatchSize, Enabled: BatchSize % 2 === 0 })));
    await inState(daemon, shown, 'Enabled');
    expect(daemon.control.get(uuid)['BatchSize']).toBe(4);
    expect((await store.listMappings()).map(({ version }) => version)).toEqual([5]);
  });

  test('is gone from the store with its positions when it is deleted, and cannot be changed meanwhile', async () => {
    const daemon = await start();
    const shown = await daemon.control.create({ FunctionName: 'f', EventSourceArn: STREAM, StartingPosition: 'LATEST' });
    await inState(daemon, shown, 'Enabled');
    const uuid = String(shown['UUID']);
    const first = daemon.control.delete(uuid);
    await expect(daemon.control.update(uuid, { BatchSize: 2 })).rejects.toThrow(
      'Cannot update the event source mapping because it is in use.',
    );
    expect(await first).toMatchObject({ State: 'Deleting' });
    await until(() => listed(daemon).length === 0);
    expect(() => daemon.control.get(uuid)).toThrow('The resource you requested does not exist.');
    expect([await store.listMappings(), await store.readRows(uuid), daemon.engine.mappings]).toEqual([[], [], []]);
    await expect(daemon.control.delete(uuid)).rejects.toThrow(ResourceRefusal);
  });

  test('is made again only once it is gone', async () => {
    const daemon = await start();
    const removeMapping = store.removeMapping.bind(store);
    let remove = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (remove = resolve));
    store.removeMapping = async (id) => {
      await isAsked;
      await removeMapping(id);
    };
    const body = { FunctionName: 'f', EventSourceArn: QUEUE };
    const shown = await daemon.control.create(body);
    await daemon.control.delete(String(shown['UUID']));
    const conflict = `An event source mapping with SQS arn (" ${QUEUE} ") and function (" f ") already exists.`;
    await expect(daemon.control.create(body)).rejects.toThrow(conflict);
    expect(listed(daemon).map(({ State }) => State)).toEqual(['Deleting']);
    remove();
    await until(() => listed(daemon).length === 0);
    expect((await daemon.control.create(body))['UUID']).not.toBe(shown['UUID']);
  });

  test('whose deletion a stop cut off is gone after the next start', async () => {
    const first = await start();
    const shown = await first.control.create({ FunctionName: 'f', EventSourceArn: QUEUE });
    const [stored] = await store.listMappings();
    await stop(first);
    const data = JSON.stringify({ ...(JSON.parse(stored?.data ?? '') as object), isDeleting: true });
    await store.putMapping(String(shown['UUID']), stored?.version ?? 0, data);
    const second = await start();
    await until(() => listed(second).length === 0);
    expect(await store.listMappings()).toEqual([]);
  });

  test('keeps nothing of a function elsewhere once it is gone', async () => {
    const [made, closed]: [string[], string[]] = [[], []];
    const lambda: Awaited<ReturnType<Catalog['targets']['lambda']>> = ({ functionName }) => {
      made.push(functionName);
      return {
        invoke: () => ({ outcome: Promise.resolve({ kind: 'success', text: () => '' }), ended: Promise.resolve() }),
        close: () => Promise.resolve(void closed.push(functionName)),
      };
    };
    const find = (name: string): Promise<{ arn: string; timeoutSeconds: number }> =>
      Promise.resolve({ arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`, timeoutSeconds: 3 });
    const daemon = await start('lambda: {}', 'millrace.yaml', {
      targets: { ...catalog.targets, lambda: () => Promise.resolve(lambda) },
      functions: { lambda: () => Promise.resolve({ find, close: () => Promise.resolve() }) },
    });
    const shown = await daemon.control.create({ FunctionName: 'zebra', EventSourceArn: QUEUE });
    await inState(daemon, shown, 'Enabled');
    await daemon.control.update(String(shown['UUID']), { BatchSize: 2 });
    await until(() => daemon.control.get(String(shown['UUID']))['State'] === 'Enabled');
    expect(made.length - closed.length).toBe(1);
    await daemon.control.delete(String(shown['UUID']));
    await until(() => listed(daemon).length === 0);
    expect(closed).toEqual(made);
  });

  test('is listed by its function, whatever form names it, and not by one of another region or account', async () => {
    const daemon = await start();
    await daemon.control.create({ FunctionName: 'f:1', EventSourceArn: QUEUE });
    const count = (FunctionName: string): number =>
      (daemon.control.list({ FunctionName })['EventSourceMappings'] as readonly Shown[]).length;
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    expect(['f', 'f:1', arn, `${arn}:1`, '000000000000:function:f', 'function:f'].map(count)).toEqual([1, 1, 1, 1, 1, 1]);
    const others = [
      'f:2',
      arn.replace('us-east-1', 'eu-west-1'),
      arn.replace('0000', '1234'),
      arn.replace('aws', 'aws-cn'),
      '999999999999:f',
    ];
    expect(others.map(count)).toEqual([0, 0, 0, 0, 0]);
  });

  test('is made once when the same is asked for twice at once', async () => {
    const daemon = await start();
    const body = { FunctionName: 'f', EventSourceArn: QUEUE };
    const both = await Promise.allSettled([daemon.control.create(body), daemon.control.create(body)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(listed(daemon)).toHaveLength(1);
  });

  test('can be changed after a write whose answer was lost, whether it was written or not', async () => {
    const daemon = await start();
    const shown = await daemon.control.create({ FunctionName: 'f', EventSourceArn: QUEUE });
    const uuid = String(shown['UUID']);
    const putMapping = store.putMapping.bind(store);
    const putOnce = (put: StateStore['putMapping']): void => {
      store.putMapping = async (...write) => {
        store.putMapping = putMapping;
        await put(...write);
        throw new Error('the answer was lost');
      };
    };
    putOnce(putMapping);
    await expect(daemon.control.update(uuid, { BatchSize: 2 })).rejects.toThrow('the answer was lost');
    putOnce(() => Promise.resolve(undefined));
    await expect(daemon.control.update(uuid, { BatchSize: 3 })).rejects.toThrow('the answer was lost');
    expect(await daemon.control.update(uuid, { BatchSize: 4 })).toMatchObject({ BatchSize: 4 });
    const [row] = await store.listMappings();
    await store.putMapping(uuid, row?.version ?? 0, row?.data ?? '');
    await expect(daemon.control.update(uuid, { BatchSize: 5 })).rejects.toThrow('Another process that shares the state store');
    putOnce(putMapping);
    await expect(daemon.control.create({ FunctionName: 'g', EventSourceArn: QUEUE })).rejects.toThrow('the answer was lost');
    await expect.poll(async () => (await store.listMappings()).map(({ id }) => id)).toEqual([uuid]);
  });

  test('of a newer version is left alone', async () => {
    await store.putMapping('later', 0, '{"v":99}');
    const daemon = await start();
    expect(listed(daemon)).toEqual([]);
    expect(await store.listMappings()).toEqual([{ id: 'later', version: 1, data: '{"v":99}' }]);
  });
});

describe('mappings of a file', () => {
  const entry = (more = '', name = 'orders'): string => `mappings: [{ Name: ${name}, EventSourceArn: '${QUEUE}', FunctionName: f${more} }]`;

  test('keep UUID, tags and what was switched off over the API until the file says something else', async () => {
    const first = await start(entry());
    const [shown = {}] = listed(first);
    await first.control.tag(String(shown['EventSourceMappingArn']), { Tags: { a: 'b' } });
    await first.control.update(String(shown['UUID']), { Enabled: false });
    await inState(first, shown, 'Disabled');
    await stop(first);
    const second = await start(entry());
    expect(second.control.get(String(shown['UUID']))['State']).toBe('Disabled');
    await stop(second);
    const third = await start(entry(', BatchSize: 4'));
    await inState(third, shown, 'Enabled');
    expect(third.control.get(String(shown['UUID']))['BatchSize']).toBe(4);
    expect(third.control.tags(String(shown['EventSourceMappingArn']))).toEqual({ a: 'b' });
  });

  test('go with their positions when the file has them no more; those of the API and of other files stay', async () => {
    const other = await start(entry('', 'others'), 'other.yaml');
    await stop(other);
    const first = await start(entry());
    const api = await first.control.create({ FunctionName: 'g', EventSourceArn: QUEUE });
    await stop(first);
    const second = await start();
    expect(listed(second).map((one) => one['UUID'])).toEqual([api['UUID']]);
    expect((await store.listMappings()).map(({ id }) => id).toSorted()).toEqual([String(api['UUID']), 'others'].toSorted());
  });

  test('whose name has what a newer version stored, or is the UUID of a mapping of the API, are refused and leave it', async () => {
    const first = await start();
    const shown = await first.control.create({ FunctionName: 'g', EventSourceArn: QUEUE });
    await stop(first);
    await store.putMapping('later', 0, '{"v":99}');
    const before = await store.listMappings();
    const uuid = String(shown['UUID']);
    await expect(start(entry('', 'later'))).rejects.toThrow(
      'mappings[0].Name: is that of a stored mapping which this version of Millrace cannot read',
    );
    await expect(start(entry('', uuid))).rejects.toThrow(
      'mappings[0].Name: is the UUID of an event source mapping that was made over the API',
    );
    const second = await start();
    for (const name of ['later', uuid]) await expect(second.reload(configOf(entry('', name)))).rejects.toThrow('mappings[0].Name: is');
    expect([listed(second).map(({ FunctionArn }) => FunctionArn), await store.listMappings()]).toEqual([[shown['FunctionArn']], before]);
    await second.control.delete(uuid);
    await second.reload(configOf(entry('', uuid)));
    expect(listed(second).map(({ FunctionArn }) => FunctionArn)).not.toEqual([shown['FunctionArn']]);
    await store.putMapping('last', 0, '{"v":99}');
    await expect(second.reload(configOf(entry('', 'last')))).rejects.toThrow('this version of Millrace cannot read');
    expect((await store.listMappings()).find(({ id }) => id === 'last')?.data).toBe('{"v":99}');
  });

  test('leave nothing open when the store fails while they are taken over', async () => {
    let [made, closed] = [0, 0];
    const sqs: Catalog['sources']['sqs'] = async (options) => {
      const source = await catalog.sources.sqs(options);
      made += 1;
      source.close = () => {
        closed += 1;
        return Promise.resolve();
      };
      return source;
    };
    const daemon = await start('', 'millrace.yaml', { sources: { ...catalog.sources, sqs } });
    store.putMapping = () => Promise.reject(new Error('the disk is full'));
    const of = (name: string): string => `{ Name: ${name}, EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:${name}', FunctionName: f }`;
    await expect(daemon.reload(configOf(`aws: { region: us-east-1 }\nmappings: [${of('a')}, ${of('b')}]`))).rejects.toThrow(
      'the disk is full',
    );
    expect([made, closed]).toEqual([2, 2]);
  });

  test('are made to agree with the file while the daemon runs', async () => {
    const daemon = await start(entry());
    const [shown = {}] = listed(daemon);
    const file = join(folder, 'millrace.yaml');
    await daemon.control.reconcile(file, configOf(entry(', BatchSize: 2')).mappings);
    await until(() => daemon.control.get(String(shown['UUID']))['BatchSize'] === 2);
    await inState(daemon, shown, 'Enabled');
    await daemon.control.reconcile(file, configOf(entry('', 'another')).mappings);
    await until(() => listed(daemon).length === 1 && listed(daemon)[0]?.['UUID'] !== shown['UUID']);
    await until(() => daemon.engine.mappings.map(({ name }) => name).join() === 'another');
  });

  test('are shown in the words of the API, whatever way the file says it', async () => {
    const daemon = await start(`aws: { region: us-east-1 }
mappings:
  - { Name: a, EventSourceArn: '${STREAM}', FunctionName: 'f:1', StartingPosition: AT_TIMESTAMP, StartingPositionTimestamp: '2026-01-31T09:30:00Z', OnTrimmed: stop, FilterCriteria: { Filters: [{ Pattern: { data: { a: [1] } } }] } }
  - { Name: b, QueueUrl: 'http://127.0.0.1:9/000000000000/steps.fifo', FunctionName: g, Enabled: false }
`);
    const byName = Object.fromEntries(listed(daemon).map((one) => [String(one['EventSourceArn']), one]));
    expect(byName[STREAM]).toMatchObject({
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: Date.UTC(2026, 0, 31, 9, 30) / 1000,
      FilterCriteria: { Filters: [{ Pattern: '{"data":{"a":[1]}}' }] },
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f:1',
    });
    expect(byName[STREAM]).not.toHaveProperty('OnTrimmed');
    expect(byName['arn:aws:sqs:us-east-1:000000000000:steps.fifo']).toMatchObject({ BatchSize: 10, State: 'Disabled' });
  });
});
