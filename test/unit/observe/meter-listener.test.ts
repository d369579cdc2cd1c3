import { beforeEach, describe, expect, it } from 'vitest';
import type { EngineEvents } from '../../../src/contract/index.ts';
import { MeterListener } from '../../../src/observe/index.ts';
import { CountingMeter } from '../../support/counting-meter.ts';

let meter: CountingMeter;
let tell: MeterListener['listener'];

beforeEach(() => {
  meter = new CountingMeter();
  const listener = new MeterListener(meter);
  listener.open({ id: 'uuid-1', name: 'orders', functionName: 'fn', kind: 'queue' });
  listener.open({ id: 'uuid-2', name: 'clicks', functionName: 'fn', kind: 'stream' });
  tell = listener.listener;
});

function ended(given: Partial<EngineEvents['batch.ended']>): void {
  const base = { mapping: 'orders', requestId: 'r', records: 10, attempt: 1, durationMs: 250, outcome: 'success', returned: 0 } as const;
  tell('batch.ended', { ...base, error: undefined, ...given });
}

const sums = (...names: string[]): number[] => names.map((name) => meter.sum(name));

describe('metrics', () => {
  it("show 0 under AWS's names before anything happened, with the mapping's UUID as dimension", () => {
    const names = [
      'PolledEventCount',
      'InvokedEventCount',
      'FailedInvokeEventCount',
      'DeletedEventCount',
      'Invocations',
      'Errors',
      'Throttles',
    ];
    expect(sums(...names)).toEqual(names.map(() => 0));
    const [queue, stream] = [
      { EventSourceMappingUUID: 'uuid-1', Mapping: 'orders', FunctionName: 'fn' },
      { EventSourceMappingUUID: 'uuid-2', Mapping: 'clicks', FunctionName: 'fn' },
    ];
    for (const name of ['PolledEventCount', 'FilteredOutEventCount', 'Invocations'])
      expect(meter.labels.get(name)).toEqual([queue, stream]);
    expect(meter.labels.get('DeletedEventCount')).toEqual([queue]);
    for (const name of ['DroppedEventCount', 'OnFailureDestinationDeliveredEventCount', 'DestinationDeliveryFailures', 'IteratorAge']) {
      expect(meter.labels.get(name)).toEqual([stream]);
      expect(meter.sum(name)).toBe(0);
    }
  });

  it('count a success, a partial failure and a failure of all', () => {
    ended({});
    ended({ returned: 3, error: 'the function reported 3 failed items' });
    ended({ returned: 10, outcome: 'function-error', error: 'Error: boom' });
    ended({ returned: 10, outcome: 'timeout', error: 'timed out' });
    expect(sums('InvokedEventCount', 'FailedInvokeEventCount', 'Invocations', 'Errors', 'Throttles')).toEqual([40, 23, 4, 2, 0]);
    expect(meter.sum('millrace_invoke_seconds')).toBe(1);
    expect(meter.sum('millrace_batch_records')).toBe(40);
  });

  it('count a throttle as no invocation and no error', () => {
    ended({ outcome: 'throttled', error: 'throttled: busy' });
    expect(sums('Invocations', 'Errors', 'Throttles')).toEqual([0, 0, 1]);
  });

  it('count polls, deletes, returns, duplicates and what went wrong', () => {
    tell('source.polled', { mapping: 'orders', records: 0 });
    tell('source.polled', { mapping: 'orders', records: 7 });
    tell('source.duplicates', { mapping: 'orders', messages: 2 });
    tell('batch.settled', { mapping: 'orders', requestId: 'r', deleted: 4, returned: 3 });
    tell('handler.overrun', { mapping: 'orders', requestId: 'r', stopped: false });
    tell('handler.overrun', { mapping: 'orders', requestId: 'r', stopped: true });
    tell('message.oversized', { mapping: 'orders', messageId: '1', bytes: 2, limit: 1 });
    tell('engine.defect', { mapping: 'orders', error: 1 });
    tell('settle.failed', { mapping: 'orders', action: 'delete', messages: 5, code: '', message: '' });
    expect(sums('PolledEventCount', 'DeletedEventCount', 'millrace_returned_messages', 'millrace_duplicate_messages')).toEqual([
      7, 4, 3, 2,
    ]);
    expect(sums('millrace_handler_overruns', 'millrace_oversized_messages', 'millrace_defects', 'millrace_settle_failures')).toEqual([
      1, 1, 1, 5,
    ]);
  });

  it('count what streams read, invoke, halve, repeat and give up, with or without a destination', () => {
    const shard = { mapping: 'clicks', shardId: 's' };
    for (const records of [0, 5, 3]) tell('shard.page', { ...shard, records, behindMs: undefined });
    tell('batch.started', { mapping: 'clicks', requestId: 'r', records: 8, attempt: 1, iteratorAgeMs: 1500 });
    ended({ mapping: 'clicks', records: 8, returned: 8, outcome: 'function-error', error: 'Error: boom' });
    tell('range.split', { ...shard, records: 8, first: 4 });
    for (const attempt of [2, 3]) tell('batch.started', { mapping: 'clicks', requestId: 'r', records: 4, attempt, iteratorAgeMs: 2000 });
    tell('destination.failed', { ...shard, destination: 'd', message: 'down' });
    tell('range.discarded', { ...shard, records: 4, condition: 'RetryAttemptsExhausted', delivered: true });
    tell('range.discarded', { ...shard, records: 1, condition: 'RecordAgeExceeded', delivered: false });
    expect(sums('PolledEventCount', 'InvokedEventCount', 'FailedInvokeEventCount', 'FilteredOutEventCount')).toEqual([8, 8, 8, 0]);
    expect(sums('DroppedEventCount', 'OnFailureDestinationDeliveredEventCount', 'DestinationDeliveryFailures')).toEqual([1, 4, 1]);
    expect(sums('IteratorAge', 'millrace_retries', 'millrace_bisects')).toEqual([5500, 2, 1]);
  });

  it('ignore mappings that were not opened', () => {
    tell('source.polled', { mapping: 'stranger', records: 7 });
    expect(meter.sum('PolledEventCount')).toBe(0);
  });
});
