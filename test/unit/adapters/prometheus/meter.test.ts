import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Counter, Gauge, Histogram, Registry, register } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { prometheusMeter } from '../../../../adapters/meter/prometheus/index.ts';
import { ConfigError } from '../../../../src/index.ts';

/** The lines of a scrape without comments. */
async function samples(meter: { metrics(): Promise<string> }): Promise<string[]> {
  const text = await meter.metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** What is in use once nothing is left that nobody needs, MB. */
function heapMb(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}

describe('a Prometheus meter', () => {
  test('shows a counter from zero, and what was added once', async () => {
    const meter = prometheusMeter();
    const polled = meter.counter('polled_total', 'read', { mapping: 'a' });
    expect(await samples(meter)).toEqual(['polled_total{mapping="a"} 0']);
    polled.add(2);
    polled.add(3);
    expect(await samples(meter)).toEqual(['polled_total{mapping="a"} 5']);
    expect(await samples(meter)).toEqual(['polled_total{mapping="a"} 5']);
    polled.add(1);
    expect(await samples(meter)).toEqual(['polled_total{mapping="a"} 6']);
  });

  test('shows the last value of a gauge, zero at first', async () => {
    const meter = prometheusMeter();
    const inFlight = meter.gauge('in_flight', 'now', { mapping: 'a' });
    expect(await samples(meter)).toEqual(['in_flight{mapping="a"} 0']);
    inFlight.set(4);
    inFlight.set(-1.5);
    expect(await samples(meter)).toEqual(['in_flight{mapping="a"} -1.5']);
  });

  test('sorts observations into the buckets of the first call', async () => {
    const meter = prometheusMeter();
    meter.histogram('seconds', 'time', { kind: 'x' }, [1, 0.1]).observe(0.5);
    meter.histogram('seconds', 'time', { kind: 'x' }, [7]).observe(2);
    expect(await samples(meter)).toEqual([
      'seconds_bucket{le="0.1",kind="x"} 0',
      'seconds_bucket{le="1",kind="x"} 1',
      'seconds_bucket{le="+Inf",kind="x"} 2',
      'seconds_sum{kind="x"} 2.5',
      'seconds_count{kind="x"} 2',
    ]);
  });

  test('gives the same series for the same name and labels, in whatever order they are written', () => {
    const meter = prometheusMeter();
    expect(meter.counter('c', 'h', { a: '1', b: '2' })).toBe(meter.counter('c', 'other help', { b: '2', a: '1' }));
    expect(meter.gauge('g', 'h', {})).toBe(meter.gauge('g', 'h', {}));
    expect(meter.histogram('s', 'h', { a: '1' }, [1])).toBe(meter.histogram('s', 'h', { a: '1' }, [1]));
    expect(meter.counter('c', 'h', { a: '1', b: '2' })).not.toBe(meter.counter('c', 'h', { a: '2', b: '1' }));
  });

  test('keeps series with other values of the same labels apart', async () => {
    const meter = prometheusMeter();
    const labels = { mapping: 'a' };
    meter.counter('c', 'h', labels).add(1);
    labels.mapping = 'changed later';
    meter.counter('c', 'h', { mapping: 'with "quotes"\nand lines' }).add(2);
    expect(await samples(meter)).toEqual(['c{mapping="a"} 1', 'c{mapping="with \\"quotes\\"\\nand lines"} 2']);
  });

  test('refuses other label names, another kind and bad names without throwing, and counts them', async () => {
    const meter = prometheusMeter();
    meter.counter('c', 'h', { a: '1' }).add(1);
    meter.counter('c', 'h', { b: '1' }).add(10);
    meter.counter('c', 'h', {}).add(10);
    meter.gauge('c', 'h', { a: '1' }).set(10);
    meter.counter('no name', 'h', {}).add(10);
    meter.histogram('s', 'h', { le: '1' }, [1]).observe(10);
    expect(await samples(meter)).toEqual([
      'c{a="1"} 1',
      'millrace_refused_series{metric="c"} 3',
      'millrace_refused_series{metric="no name"} 1',
      'millrace_refused_series{metric="s"} 1',
    ]);
  });

  test('keeps nothing of what it refuses, however often the labels are others', async () => {
    const meter = prometheusMeter();
    meter.counter('c', 'h', { a: '1' }).add(1);
    const before = heapMb();
    for (let index = 0; index < 5_000; index += 1) {
      const tenant = `tenant-${String(index)}`;
      meter.counter('c', 'h', { tenant }).add(1);
      meter.counter('c', 'h', { [`tenant_${String(index)}`]: '1' }).add(1);
      meter.gauge('c', 'h', { a: tenant }).set(1);
      meter.counter('no name', 'h', { a: tenant, tenant }).add(1);
    }
    // Of 20,000 sets of labels there would be 7 MB.
    expect(heapMb() - before).toBeLessThan(2);
    expect(await samples(meter)).toEqual([
      'c{a="1"} 1',
      'millrace_refused_series{metric="c"} 15000',
      'millrace_refused_series{metric="no name"} 5000',
    ]);
  });

  test('leaves out values that are no numbers', async () => {
    const meter = prometheusMeter();
    const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined as unknown as number];
    for (const value of bad) {
      meter.counter('c', 'h', {}).add(value);
      meter.gauge('g', 'h', {}).set(value);
      meter.histogram('s', 'h', {}, [1]).observe(value);
    }
    meter.counter('c', 'h', {}).add(-1);
    expect(await samples(meter)).toEqual(['c 0', 'g 0', 's_bucket{le="1"} 0', 's_bucket{le="+Inf"} 0', 's_sum 0', 's_count 0']);
  });

  test('says the same, line by line, as the metrics library says of the same numbers', async () => {
    const [meter, registry] = [prometheusMeter(), new Registry()];
    const help = 'with \\ and\na line';
    const labelled = [
      { a: '1', b: 'with "quotes", \\ and\nlines' },
      { a: '', b: 'ä 🙂' },
    ];
    const named = { help, labelNames: ['a', 'b'], registers: [registry] };
    const counter = new Counter({ ...named, name: 'c' });
    const gauge = new Gauge({ ...named, name: 'g' });
    const buckets = [0.001, 1, 1_000_000, 1e21];
    const histogram = new Histogram({ ...named, name: 'h', buckets });
    for (const labels of labelled) {
      const ours = [meter.counter('c', help, labels), meter.gauge('g', help, labels), meter.histogram('h', help, labels, buckets)] as const;
      histogram.zero(labels);
      for (const value of [0, 0.001, 0.1 + 0.2, 1, 17, 1e21, 1e22]) {
        counter.inc(labels, value);
        ours[0].add(value);
        gauge.set(labels, -value);
        ours[1].set(-value);
        histogram.observe(labels, value);
        ours[2].observe(value);
      }
    }
    const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
    expect(lines(await meter.metrics())).toEqual(lines(await registry.metrics()));
  });

  test('lets others go on between the pieces of a long text, and shows every series once', async () => {
    const meter = prometheusMeter();
    for (let index = 0; index < 1_000; index += 1) meter.counter('c', 'h', { mapping: String(index) }).add(index);
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    const lines = await samples(meter);
    clearImmediate(timer);
    expect(turns).toBeGreaterThan(3);
    expect(lines).toEqual(Array.from({ length: 1_000 }, (_, index) => `c{mapping="${String(index)}"} ${String(index)}`));
  });

  test('ends the series that carry what is gone, whoever else still counts, and begins them again at zero', async () => {
    const meter = prometheusMeter();
    const series = (mapping: string): (() => void) => {
      const labels = { mapping, function: 'f' };
      const [counter, histogram] = [meter.counter('c', 'h', labels), meter.histogram('s', 'h', labels, [1])];
      return () => {
        counter.add(1);
        histogram.observe(2);
      };
    };
    const [gone, kept] = [series('gone'), series('kept')];
    meter.gauge('g', 'h', { mapping: 'gone', function: 'f', shard: '1' }).set(7);
    gone();
    meter.forget?.({ mapping: 'gone' });
    meter.forget?.({});
    meter.forget?.({ mapping: 'kept', other: 'label' });
    gone();
    kept();
    const ofKept = [
      'c{mapping="kept",function="f"} 1',
      's_bucket{le="1",mapping="kept",function="f"} 0',
      's_bucket{le="+Inf",mapping="kept",function="f"} 1',
      's_sum{mapping="kept",function="f"} 2',
      's_count{mapping="kept",function="f"} 1',
    ];
    expect(await samples(meter)).toEqual(ofKept);
    series('gone');
    expect(await samples(meter)).toContain('c{mapping="gone",function="f"} 0');
    expect(await samples(meter)).toContain('s_count{mapping="gone",function="f"} 0');
  });

  test('refuses names that the metrics of the process have', async () => {
    const meter = prometheusMeter({ processMetrics: true });
    meter.gauge('process_resident_memory_bytes', 'h', {}).set(-1);
    const lines = (await samples(meter)).filter((line) => line.includes('process_resident_memory_bytes'));
    expect(lines).toEqual([
      expect.stringMatching(/^process_resident_memory_bytes \d+$/),
      'millrace_refused_series{metric="process_resident_memory_bytes"} 1',
    ]);
  });

  test('puts its prefix before every name', async () => {
    const meter = prometheusMeter({ prefix: 'millrace_' });
    meter.counter('c', '', {}).add(1);
    expect(await meter.metrics()).toContain('# HELP millrace_c c\n# TYPE millrace_c counter\nmillrace_c 1');
  });

  test('refuses a prefix that Prometheus does not allow', () => {
    expect(() => prometheusMeter({ prefix: '1-a' })).toThrow(ConfigError);
    expect(() => prometheusMeter({ prefix: '1-a' })).toThrow('prefix: must be letters, digits, underscores and colons');
  });

  test('shares nothing with another meter or with the global registry', async () => {
    const [one, two] = [prometheusMeter(), prometheusMeter()];
    one.counter('c', 'h', {}).add(1);
    two.gauge('c', 'h', {}).set(2);
    expect(await samples(one)).toEqual(['c 1']);
    expect(await samples(two)).toEqual(['c 2']);
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  test('measures the process only when asked to', async () => {
    expect(await prometheusMeter().metrics()).not.toContain('process_cpu');
    const meter = prometheusMeter({ prefix: 'millrace_', processMetrics: true });
    expect(await meter.metrics()).toContain('millrace_process_cpu_seconds_total');
    expect(meter.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});
