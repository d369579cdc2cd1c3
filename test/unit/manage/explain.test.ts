import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prometheusMeter } from '../../../adapters/meter/prometheus/index.ts';
import { embeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { handler } from '../../../adapters/target/function/index.ts';
import { CoreEngine, type Finding, type MappingExplanation, silentLogger, systemClock, systemRandom } from '../../../src/index.ts';
import { type ManageServer, manageServer } from '../../../src/manage/index.ts';

const NAME = 'orders/print';

let engine: CoreEngine;
let server: ManageServer;
let url: string;
let findings: Finding[];
let unopened: MappingExplanation[];

beforeEach(async () => {
  const meter = prometheusMeter();
  const platform = { clock: systemClock, random: systemRandom, logger: silentLogger, meter, store: memoryStore(), ownerLabel: 'a test' };
  engine = new CoreEngine(platform);
  engine.map({ name: NAME, source: embeddedQueue({ name: 'orders' }), target: handler(() => undefined) });
  findings = [];
  unopened = [];
  server = manageServer({
    mappings: () => engine.mappings,
    disabled: new Set([NAME]),
    queues: new Map(),
    streams: new Map(),
    topics: new Map(),
    phase: () => 'running',
    findings: () => findings,
    unopened: () => unopened,
    meter,
    clock: systemClock,
    random: systemRandom,
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await server.close();
  await engine.stop({ timeoutMs: 0 });
});

describe('GET /mappings/NAME/explain', () => {
  it('tells what a mapping does, by its name or its UUID', async () => {
    const { id } = engine.mappings[0] ?? { id: '' };
    for (const name of [encodeURIComponent(NAME), id]) {
      const response = await fetch(`${url}/mappings/${name}/explain`);
      expect(response.status).toBe(200);
      const explanation = (await response.json()) as MappingExplanation;
      expect(explanation).toMatchObject({ id, name: NAME, state: 'Disabled', waits: [{ part: 'mapping', reason: 'disabled' }] });
    }
  });

  it('refuses a name that no mapping has, and says which one was meant', async () => {
    const response = await fetch(`${url}/mappings/${encodeURIComponent('orders/prin')}/explain`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: 'NotFound', message: 'there is no mapping orders/prin; did you mean orders/print?' });
  });
});

describe('a mapping that cannot be made', () => {
  it('is listed, explained and keeps the daemon from being ready', async () => {
    const [mapping] = engine.mappings;
    if (mapping === undefined) throw new Error('there is no mapping');
    const waits = [{ part: 'mapping', reason: 'source' as const, text: 'cannot be carried out: why', since: 1, until: undefined }];
    unopened = [{ ...(await mapping.explain()), id: 'an-id', name: 'gone', state: 'Creating', waits }];
    const read = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
    expect(await read('/mappings/gone/explain')).toMatchObject({ id: 'an-id', waits: [{ text: 'cannot be carried out: why' }] });
    expect(await read('/mappings')).toMatchObject({
      mappings: [{ name: NAME }, { id: 'an-id', state: 'Creating', waits: ['mapping: cannot be carried out: why'] }],
    });
    expect(await read('/readyz')).toEqual({
      status: 'not ready',
      phase: 'running',
      waiting: [{ mapping: 'gone', state: 'Creating', waits: ['mapping: cannot be carried out: why'] }],
    });
  });
});

describe('GET /readyz', () => {
  const finding = { kind: 'stuck', mapping: NAME, part: 'slot 0', text: 'x', foundAt: 0 } as const;

  it('is not ready while the watchdog finds something stuck, and says what', async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    findings = [{ ...finding, severity: 'stuck' }];
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: 'not ready', findings });
  });

  it('is ready in spite of a warning, and tells it', async () => {
    findings = [{ ...finding, kind: 'loss-ahead', severity: 'warning' }];
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ready', findings });
  });
});
