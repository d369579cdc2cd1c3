import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon } from './api-daemon.ts';
import type { Comparison, Contestant, Figures, SuiteReport } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { alternate } from './rounds.ts';
import { limit } from './statistics.ts';

const MAPPINGS = 1000;
const QUEUES = 100;
const FUNCTIONS = MAPPINGS / QUEUES;
/** Callers at once. */
const CALLERS = 4;
const SETTLE_MS = 3_000;
const STREAMS = 4;
const RECORDS_PER_SECOND = 10_000;
const PATH = '/2015-03-31/event-source-mappings';

const CREATED = 's to create 1,000';
const RESIDENT = 'MB resident';
const IDLE = '% of a core when idle';
const P99 = 'ms at the 99th percentile';
const FLOW = 'records/s meanwhile';

/** Lambda's API of the built daemon: a thousand mappings, and answers while records flow. Sources are embedded. */
export async function apiSuite(options: BenchOptions): Promise<SuiteReport> {
  const rounds = Math.min(options.rounds, 3);
  const comparisons: Comparison[] = [];
  const many: Contestant = { name: 'Millrace', measure: () => createMany(options) };
  const busy: Contestant = { name: 'Millrace', measure: () => askWhileBusy(options) };
  const parts = [
    {
      title: '1,000 mappings',
      conditions: `${String(CALLERS)} callers; ${String(QUEUES)} embedded queues and ${String(FUNCTIONS)} functions`,
      contestant: many,
    },
    {
      title: 'answers under load',
      conditions: `10,000 records a second through ${String(STREAMS)} embedded streams; one caller, a request every 20 ms`,
      contestant: busy,
    },
  ];
  for (const { title, conditions, contestant } of parts) {
    if (title.includes(options.only)) comparisons.push(await alternate({ title, conditions, contestants: [contestant], rounds }));
  }
  const notes = [`The daemon and its callers share ${String(availableParallelism())} cores, with whatever else runs.`];
  return { suite: 'api', notes, comparisons, bars: comparisons.flatMap(barsOf) };
}

function barsOf({ contestants: [ours] }: Comparison): SuiteReport['bars'][number][] {
  if (ours === undefined) return [];
  const limits = [
    { figure: CREATED, most: 30 },
    { figure: RESIDENT, most: 200 },
    { figure: IDLE, most: 5 },
    { figure: P99, most: 20 },
    { figure: FLOW, least: 9_500 },
  ].filter(({ figure }) => figure in ours.medians);
  return limits.map(({ figure, ...bounds }) => limit({ name: figure, figure, ours, ...bounds }));
}

async function createMany(options: BenchOptions): Promise<Figures> {
  const queues = Array.from({ length: QUEUES }, (_, index) => `q${String(index)}`);
  const functions = Array.from({ length: FUNCTIONS }, (_, index) => `f${String(index)}`);
  const daemon = await startDaemon({ queues: Object.fromEntries(queues.map((name) => [name, {}])), functions });
  try {
    const wanted = queues.flatMap((queue) =>
      functions.map((name) => ({ FunctionName: name, EventSourceArn: `arn:aws:sqs:embedded:000000000000:${queue}` })),
    );
    const api = new Api(daemon.url);
    const began = performance.now();
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let body = wanted.pop(); body !== undefined; body = wanted.pop()) await api.ask('POST', PATH, body);
      }),
    );
    await untilEnabled(api);
    const created = (performance.now() - began) / 1000;
    await sleep(SETTLE_MS);
    const idle = await daemon.coresOver(options.short ? 5_000 : 20_000);
    api.close();
    return { [CREATED]: created, [RESIDENT]: daemon.residentBytes() / 1e6, [IDLE]: 100 * idle };
  } finally {
    await daemon.end();
  }
}

async function untilEnabled(api: Api): Promise<void> {
  for (;;) {
    let marker = '';
    let left = 0;
    do {
      const { body } = await api.ask('GET', `${PATH}?MaxItems=100${marker === '' ? '' : `&Marker=${marker}`}`);
      const page = JSON.parse(body) as { readonly EventSourceMappings: { readonly State: string }[]; readonly NextMarker?: string };
      left += page.EventSourceMappings.filter(({ State: state }) => state !== 'Enabled').length;
      marker = page.NextMarker ?? '';
    } while (marker !== '');
    if (left === 0) return;
    await sleep(100);
  }
}

async function askWhileBusy(options: BenchOptions): Promise<Figures> {
  const names = Array.from({ length: STREAMS }, (_, index) => `s${String(index)}`);
  const daemon = await startDaemon({
    queues: { idle: {} },
    functions: ['f'],
    recordsPerSecond: RECORDS_PER_SECOND,
    streams: Object.fromEntries(names.map((name) => [name, {}])),
    mappings: names.map((name) => ({
      Name: name,
      EventSourceArn: `arn:aws:kinesis:embedded:000000000000:stream/${name}`,
      FunctionName: 'f',
      StartingPosition: 'TRIM_HORIZON',
    })),
  });
  try {
    await sleep(SETTLE_MS);
    const api = new Api(daemon.url);
    const before = await invoked(api);
    const began = performance.now();
    const took = await askOften(api, options.short ? 5_000 : 15_000);
    const seconds = (performance.now() - began) / 1000;
    const flow = ((await invoked(api)) - before) / seconds;
    api.close();
    took.sort((one, other) => one - other);
    return {
      [P99]: took[Math.floor(took.length * 0.99)] ?? Number.NaN,
      'ms median': took[took.length >> 1] ?? Number.NaN,
      requests: took.length,
      [FLOW]: flow,
    };
  } finally {
    await daemon.end();
  }
}

/** How long each request took, ms: all operations in turn, on a mapping that comes and goes. */
async function askOften(api: Api, forMs: number): Promise<number[]> {
  const took: number[] = [];
  const ask = async (...call: Parameters<Api['ask']>): Promise<string> => {
    const { ms, body } = await api.ask(...call);
    took.push(ms);
    await sleep(20);
    return body;
  };
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    const { UUID: uuid } = JSON.parse(
      await ask('POST', PATH, { FunctionName: 'f', EventSourceArn: 'arn:aws:sqs:embedded:000000000000:idle' }),
    ) as { readonly UUID: string };
    await ask('GET', `${PATH}/${uuid}`);
    await ask('PUT', `${PATH}/${uuid}`, { BatchSize: 5 });
    await ask('GET', `${PATH}?MaxItems=100`);
    await ask('DELETE', `${PATH}/${uuid}`);
    for (let status = 200; status !== 404; ) {
      await sleep(20);
      ({ status } = await api.ask('GET', `${PATH}/${uuid}`));
    }
  }
  return took;
}

/** Records that functions have been given so far. */
async function invoked(api: Api): Promise<number> {
  const { body } = await api.ask('GET', '/metrics');
  return [...body.matchAll(/^InvokedEventCount\{[^}]*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Requests over connections that are kept. */
class Api {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CALLERS });

  constructor(url: string) {
    this.#url = url;
  }

  close(): void {
    this.#agent.destroy();
  }

  ask(method: string, path: string, given?: object): Promise<{ readonly status: number; readonly body: string; readonly ms: number }> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const asked = request(`${this.#url}${path}`, { method, agent: this.#agent }, (answer) => {
        let body = '';
        answer.on('data', (part: Buffer) => (body += part.toString()));
        answer.once('end', () => {
          const status = answer.statusCode ?? 0;
          if (status >= 400 && status !== 404) reject(new Error(`${method} ${path}: ${String(status)} ${body.slice(0, 500)}`));
          else resolve({ status, body, ms: performance.now() - began });
        });
      });
      asked.once('error', reject);
      asked.end(given === undefined ? undefined : JSON.stringify(given));
    });
  }
}
