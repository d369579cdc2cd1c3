import { describe, expect, it } from 'vitest';
import { prometheusMeter } from '../../../adapters/meter/prometheus/index.ts';
import type { LagExplanation, MappingSnapshot } from '../../../src/contract/index.ts';
import { MeterListener } from '../../../src/observe/index.ts';
import type { Measured, MeasuredLag } from '../../../src/observe/meter-listener.ts';
import { SHARD_SERIES_MAX } from '../../../src/observe/meter-series.ts';

const lagOf = (records: number, seconds: number): LagExplanation => ({ records, isAtLeast: false, seconds });

function measured(shards: ReadonlyMap<string, MeasuredLag>, name = 'clicks', id = 'uuid-2'): Measured {
  const mapping: MappingSnapshot = {
    id,
    name,
    functionName: 'fn',
    eventSource: name,
    state: 'Enabled',
    problem: undefined,
    lastProcessingResult: undefined,
    inFlight: 12,
    waits: [
      { part: 'a', reason: { kind: 'invocation', requestId: 'r', records: 1, since: 0 } },
      { part: 'b', reason: { kind: 'no-records' } },
    ],
    shards: [],
    retentionMs: 86_400_000,
    timeoutMs: 3000,
    credits: { inUse: 3, ofMapping: 2, limit: 10, waiting: 4, isFree: false },
    breaker: undefined,
    lease: undefined,
    isBufferFull: false,
  };
  return { mapping, findings: 1, shards };
}

/** The series of a metric: its labels behind the constant ones, and its value. */
async function series(meter: ReturnType<typeof prometheusMeter>, name: string): Promise<string[]> {
  const lines = (await meter.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.map((line) => line.replace(/EventSourceMappingUUID="[^"]*",Mapping="[^"]*",FunctionName="[^"]*",?/, '')).sort();
}

describe('what shows how things are', () => {
  it('is no more of a function that no mapping has', async () => {
    const meter = prometheusMeter();
    const listener = new MeterListener(meter);
    listener.openFunction('fn');
    listener.measure([measured(new Map())], undefined);
    expect(await meter.metrics()).toContain('FunctionName="fn"');
    listener.measure([], undefined);
    expect(await meter.metrics()).not.toContain('FunctionName="fn"');
    listener.openFunction('fn');
    listener.measure([measured(new Map())], undefined);
    expect(await meter.metrics()).toMatch(/^millrace_credits_waiting\{[^}]*FunctionName="fn"[^}]*\} 4$/m);
    expect(await meter.metrics()).toMatch(/^millrace_breaker[^{]*\{[^}]*FunctionName="fn"/m);
  });

  it('is no more of a function as soon as its last mapping is closed, look or no look', async () => {
    const meter = prometheusMeter();
    const listener = new MeterListener(meter);
    for (const name of ['one', 'other']) {
      listener.openFunction('fn');
      listener.open({ id: `uuid-${name}`, name, functionName: 'fn', kind: 'queue' });
    }
    listener.measure([measured(new Map(), 'one', 'uuid-one'), measured(new Map(), 'other', 'uuid-other')], undefined);
    listener.listener('breaker.state', { functionName: 'fn', state: 'open', cause: 'down', pauseMs: 1, openings: 1 });
    listener.close('one');
    expect(await series(meter, 'millrace_breaker_state')).toEqual(['millrace_breaker_state{FunctionName="fn"} 2']);
    expect(await series(meter, 'millrace_credits_limit')).toEqual(['millrace_credits_limit{FunctionName="fn"} 10']);
    listener.close('other');
    expect(await meter.metrics()).not.toContain('FunctionName="fn"');
    // A function of that name is another one, whose breaker is closed.
    listener.openFunction('fn');
    listener.open({ id: 'uuid-one', name: 'one', functionName: 'fn', kind: 'queue' });
    expect(await series(meter, 'millrace_breaker_state')).toEqual(['millrace_breaker_state{FunctionName="fn"} 0']);
    expect(await series(meter, 'PolledEventCount')).toHaveLength(1);
  });

  it('is the state of the breaker, though it changed while no mapping had the function', async () => {
    const meter = prometheusMeter();
    const listener = new MeterListener(meter);
    listener.openFunction('fn');
    const one = measured(new Map());
    const breaker = { state: 'open', until: 5, openings: 1, cause: 'down' } as const;
    listener.measure([{ ...one, mapping: { ...one.mapping, breaker } }], undefined);
    expect(await series(meter, 'millrace_breaker_state')).toEqual(['millrace_breaker_state{FunctionName="fn"} 2']);
  });

  it('is set at each look: lag and loss of each shard and of the mapping, credits of the function, findings', async () => {
    const meter = prometheusMeter();
    const listener = new MeterListener(meter);
    listener.open({ id: 'uuid-2', name: 'clicks', functionName: 'fn', kind: 'stream' });
    const shards = new Map([
      ['shard-1', { lag: lagOf(5, 60), secondsToLoss: 7200 }],
      ['shard-2', { lag: lagOf(2, 1), secondsToLoss: undefined }],
    ]);
    listener.measure([measured(shards)], 250);
    const text = await meter.metrics();
    const one = (name: string): string | undefined => new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
    expect([one('millrace_lag_records'), one('millrace_lag_seconds'), one('millrace_seconds_to_loss')]).toEqual(['7', '60', '7200']);
    expect([one('millrace_credits_in_use'), one('millrace_credits_waiting'), one('millrace_credits_limit')]).toEqual(['3', '4', '10']);
    expect([one('millrace_in_flight_records'), one('ConcurrentExecutions'), one('millrace_watchdog_findings')]).toEqual(['12', '1', '1']);
    expect(one('millrace_event_loop_delay_seconds')).toBe('0.25');
    expect(await series(meter, 'millrace_shard_seconds_to_loss')).toEqual([
      'millrace_shard_seconds_to_loss{Shard="shard-1"} 7200',
      'millrace_shard_seconds_to_loss{Shard="shard-2"} 31536000',
    ]);
    expect(text).toContain('EventSourceMappingUUID="uuid-2"');
    expect(text).not.toContain('millrace_refused_series');
  });

  it('has at most so many series of shards, and one in which those beyond are summed', async () => {
    const meter = prometheusMeter();
    const listener = new MeterListener(meter);
    listener.open({ id: 'uuid-2', name: 'clicks', functionName: 'fn', kind: 'stream' });
    const shards = new Map(
      Array.from({ length: SHARD_SERIES_MAX + 10 }, (_, index): [string, MeasuredLag] => [
        `shard-${String(index)}`,
        { lag: lagOf(1, index), secondsToLoss: 1000 - index },
      ]),
    );
    listener.measure([measured(shards)], undefined);
    const all = await series(meter, 'millrace_shard_lag_records');
    expect(all).toHaveLength(SHARD_SERIES_MAX + 1);
    expect(all).toContain('millrace_shard_lag_records{Shard="other"} 10');
    const last = SHARD_SERIES_MAX + 9;
    expect(await series(meter, 'millrace_shard_lag_seconds')).toContain(`millrace_shard_lag_seconds{Shard="other"} ${String(last)}`);
    expect(await series(meter, 'millrace_shard_seconds_to_loss')).toContain(
      `millrace_shard_seconds_to_loss{Shard="other"} ${String(1000 - last)}`,
    );
  });

  it('ends with its shard and with its mapping, and takes nothing else with it', async () => {
    const meter = prometheusMeter();
    const listener = new MeterListener(meter);
    listener.open({ id: 'uuid-2', name: 'clicks', functionName: 'fn', kind: 'stream' });
    listener.open({ id: 'uuid-3', name: 'views', functionName: 'fn', kind: 'topic' });
    const lag = { lag: lagOf(1, 1), secondsToLoss: undefined };
    const other = measured(new Map([['0', lag]]), 'views', 'uuid-3');
    listener.measure(
      [
        measured(
          new Map([
            ['shard-1', lag],
            ['shard-2', lag],
          ]),
        ),
        other,
      ],
      undefined,
    );
    listener.measure([measured(new Map([['shard-2', lag]])), other], undefined);
    expect(await series(meter, 'millrace_shard_lag_records')).toEqual([
      'millrace_shard_lag_records{Shard="0"} 1',
      'millrace_shard_lag_records{Shard="shard-2"} 1',
    ]);
    listener.measure([other], undefined);
    const text = await meter.metrics();
    expect(text).not.toContain('uuid-2');
    expect(text).toContain('PolledEventCount{EventSourceMappingUUID="uuid-3"');
    expect(await series(meter, 'MaxOffsetLag')).toEqual(['MaxOffsetLag{} 1']);
    // What comes late counts nowhere, and nothing of it comes back.
    listener.listener('batch.started', { mapping: 'clicks', requestId: 'r', records: 1, attempt: 1, ageMs: 5 });
    expect(await meter.metrics()).not.toContain('uuid-2');
  });
});

describe('what topics count', () => {
  it('is committed offsets, commits that failed, polls that failed and deliveries that failed', async () => {
    const meter = prometheusMeter();
    const listener = new MeterListener(meter);
    listener.open({ id: 'uuid-3', name: 'views', functionName: 'fn', kind: 'topic' });
    listener.listener('offsets.committed', { mapping: 'views', records: 7 });
    listener.listener('commit.failed', { mapping: 'views', message: 'no' });
    listener.listener('source.failed', { mapping: 'views', error: 'unavailable', message: 'no' });
    listener.listener('destination.failed', { mapping: 'views', shardId: '0', destination: 'd', message: 'no' });
    for (const [name, value] of [
      ['CommittedEventCount', 7],
      ['CommitErrorCount', 1],
      ['PollingErrorCount', 1],
      ['OnFailureDestinationDeliveryErrorCount', 1],
      ['DestinationDeliveryFailures', 1],
    ] as const) {
      expect(await series(meter, name)).toEqual([`${name}{} ${String(value)}`]);
    }
  });
});
