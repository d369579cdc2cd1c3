import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MeterListener } from '../../../src/observe/index.ts';
import { openShardSeries } from '../../../src/observe/meter-series.ts';
import { CountingMeter } from '../../support/counting-meter.ts';

const folder = resolve(import.meta.dirname, '../../../config/grafana');

/** Everything that an engine measures, by name; histograms under the names of their series, too. */
function measured(): ReadonlySet<string> {
  const meter = new CountingMeter();
  const names = new Set<string>();
  const histogram = meter.histogram.bind(meter);
  meter.histogram = (name, ...rest) => {
    for (const end of ['_bucket', '_sum', '_count']) names.add(`${name}${end}`);
    return histogram(name, ...rest);
  };
  const listener = new MeterListener(meter);
  for (const kind of ['queue', 'stream', 'topic'] as const) listener.open({ id: kind, name: kind, functionName: 'fn', kind });
  listener.openFunction('fn');
  openShardSeries(meter, { id: 'stream', name: 'stream', functionName: 'fn' }, '0');
  const credits = { inUse: 0, ofMapping: 0, limit: 1, waiting: 0, isFree: true };
  const mapping = {
    id: 'stream',
    name: 'stream',
    functionName: 'fn',
    eventSource: 's',
    state: 'Enabled',
    problem: undefined,
    lastProcessingResult: undefined,
    inFlight: 0,
    waits: [],
    shards: [],
    retentionMs: undefined,
    timeoutMs: 1,
    credits,
    breaker: undefined,
    lease: undefined,
    isBufferFull: false,
  } as const;
  listener.measure([{ mapping, findings: 0, shards: new Map() }], 0);
  return new Set([...names, ...meter.labels.keys()]);
}

/** Words of PromQL and Grafana, and labels. */
const WORDS =
  /^(sum|max|min|by|rate|increase|count|topk|vector|or|le|histogram_quantile|Mapping|FunctionName|Shard|mapping|label_values|__rate_interval|m|h)$/;

function metricsOf(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '');
  return [...bare.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)].map(([word]) => word).filter((word) => !WORDS.test(word));
}

/** Every expression of a document. */
function expressions(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) =>
    (key === 'expr' || key === 'definition') && typeof entry === 'string' ? [entry] : expressions(entry),
  );
}

describe('the dashboard and the alerts', () => {
  it.each(['millrace.json', 'alerts.yaml'])('ask only for what is measured: %s', (name) => {
    const asked = expressions(parse(readFileSync(resolve(folder, name), 'utf8'))).flatMap(metricsOf);
    expect(asked.length).toBeGreaterThan(5);
    const known = measured();
    expect([...new Set(asked)].filter((metric) => !known.has(metric))).toEqual([]);
  });

  it('show what tells people that something is wrong', () => {
    const shown = new Set(expressions(JSON.parse(readFileSync(resolve(folder, 'millrace.json'), 'utf8'))).flatMap(metricsOf));
    const needed = [
      'millrace_watchdog_findings',
      'millrace_seconds_to_loss',
      'millrace_breaker_state',
      'millrace_lag_seconds',
      'IteratorAge_bucket',
    ];
    expect(needed.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('have panels that do not overlap, each with an id of its own', () => {
    const { panels } = JSON.parse(readFileSync(resolve(folder, 'millrace.json'), 'utf8')) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${String(x + (index % w))},${String(y + Math.floor(index / w))}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});
