import { describe, expect, it } from 'vitest';
import type { EngineEvents, EngineListener, LogFields, Logger } from '../../../src/contract/index.ts';
import { EventHub, logListener, silentLogger, silentMeter } from '../../../src/observe/index.ts';

interface Line {
  readonly level: string;
  readonly fields: LogFields;
  readonly text: string;
}

function log(): { readonly lines: Line[]; readonly logger: Logger; readonly tell: EngineListener } {
  const lines: Line[] = [];
  const write = (level: string) => (fields: LogFields, text: string) => void lines.push({ level, fields, text });
  const logger: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: () => logger };
  return { lines, logger, tell: logListener(logger) };
}

const ended: EngineEvents['batch.ended'] = {
  mapping: 'm',
  requestId: 'r',
  records: 3,
  attempt: 1,
  durationMs: 5,
  outcome: 'success',
  returned: 0,
  error: undefined,
};

describe('the hub of events', () => {
  it('tells all listeners in spite of one that throws, and logs that one', () => {
    const { lines, logger } = log();
    const hub = new EventHub(logger);
    const heard: string[] = [];
    hub.add(() => {
      throw new Error('listener');
    });
    const end = hub.add((name) => heard.push(name));
    hub.tell('engine.defect', { mapping: 'm', error: 1 });
    expect(heard).toEqual(['engine.defect']);
    expect(lines).toMatchObject([{ level: 'error', fields: { event: 'engine.defect' }, text: 'an event listener threw' }]);
    end();
    hub.tell('batch.ended', ended);
    expect(heard).toHaveLength(1);
  });
});

describe('log lines', () => {
  const source = { kind: 'source', error: 'not-found', message: 'no queue' } as const;

  it('tell of a problem when it begins, becomes another and ends, not at every look', () => {
    const { lines, tell } = log();
    for (const retryAt of [1, 2, 3]) tell('mapping.problem', { mapping: 'm', problem: { ...source, retryAt } });
    tell('mapping.problem', { mapping: 'm', problem: { ...source, error: 'denied', retryAt: 4 } });
    tell('mapping.problem', { mapping: 'other', problem: { kind: 'lease', owner: 'PID 1' } });
    tell('mapping.problem', { mapping: 'm', problem: { kind: 'store', message: 'locked', retryAt: 1 } });
    tell('mapping.problem', { mapping: 'm', problem: undefined });
    tell('mapping.problem', { mapping: 'm', problem: undefined });
    expect(lines.map(({ level, fields }) => [level, fields['mapping'], fields['waitsFor'], fields['reason']])).toEqual([
      ['warn', 'm', 'source', 'no queue'],
      ['warn', 'm', 'source', 'no queue'],
      ['warn', 'other', 'lease', 'owned by PID 1'],
      ['warn', 'm', 'store', 'locked'],
      ['info', 'm', undefined, undefined],
    ]);
  });

  it('keep normal work at debug and cut what a function says of its failure', () => {
    const { lines, tell } = log();
    tell('batch.ended', ended);
    tell('source.polled', { mapping: 'm', records: 0 });
    tell('batch.ended', { ...ended, outcome: 'function-error', error: `TypeError: ${'x'.repeat(10_000)}` });
    expect(lines.map(({ level, text }) => [level, text])).toEqual([
      ['debug', 'invoked'],
      ['warn', 'the function failed; what it said is logged at debug'],
      ['debug', 'what the function said'],
    ]);
    expect(lines[1]?.fields['error']).toBe('TypeError');
    expect(String(lines[2]?.fields['error'])).toHaveLength(500);
  });

  it('never show at warn what an error quotes of a body', () => {
    const { lines, tell } = log();
    for (const error of ['SyntaxError: Unexpected token \'c\', "card 4111" is not valid JSON', 'card 4111', 'card 4111: no such card']) {
      tell('batch.ended', { ...ended, outcome: 'function-error', error });
    }
    const shown = lines.filter(({ level }) => level !== 'debug');
    expect(shown.map(({ fields }) => fields['error'])).toEqual(['SyntaxError', 'Error', 'Error']);
    expect(JSON.stringify(shown)).not.toContain('4111');
  });

  it('tell of a destination that fails when it begins to and when it confirms again, not at every try', () => {
    const { lines, tell } = log();
    const given = { mapping: 'm', shardId: 's', records: 2, condition: 'RetryAttemptsExhausted' } as const;
    const failed = (mapping: string, shardId: string): void => {
      tell('destination.failed', { mapping, shardId, destination: 'd', message: `down, request ${shardId}` });
    };
    for (const shardId of ['a', 'b', 'a']) failed('m', shardId);
    failed('other', 'a');
    tell('range.discarded', { ...given, delivered: false });
    tell('range.discarded', { ...given, delivered: true });
    tell('range.discarded', { ...given, delivered: true });
    failed('m', 'a');
    const shown = lines.filter(({ level }) => level !== 'debug').map(({ level, fields, text }) => [level, fields['mapping'], text]);
    const takesNone = 'the on-failure destination did not take a record';
    expect(shown).toEqual([
      ['error', 'm', takesNone],
      ['error', 'other', takesNone],
      ['error', 'm', 'records were given up'],
      ['info', 'm', 'the on-failure destination takes records again'],
      ['error', 'm', 'records were given up and recorded at the destination'],
      ['error', 'm', 'records were given up and recorded at the destination'],
      ['error', 'm', takesNone],
    ]);
  });

  it('have a constant text for every event of a stream, at a level that fits', () => {
    const { lines, tell } = log();
    const shard = { mapping: 'm', shardId: 's' };
    for (const state of ['reading', 'ended', 'trimmed'] as const) tell('shard.state', { ...shard, state });
    tell('shard.page', { ...shard, records: 0, behindMs: 0 });
    tell('shard.page', { ...shard, records: 1, behindMs: 0 });
    tell('range.settled', { ...shard, records: 1 });
    tell('range.split', { ...shard, records: 3, first: 2 });
    expect(lines.map(({ level }) => level).join(' ')).toBe('info info error debug debug debug');
    expect(new Set(lines.map(({ text }) => text)).size).toBe(lines.length);
  });

  it('have a constant text for every event, at a level that fits', () => {
    const { lines, tell } = log();
    tell('mapping.state', { mapping: 'm', from: 'Disabled', to: 'Creating' });
    tell('store.volatile', { mapping: 'm', store: 'memory' });
    tell('source.polled', { mapping: 'm', records: 1 });
    tell('source.duplicates', { mapping: 'm', messages: 1 });
    tell('batch.started', { mapping: 'm', requestId: 'r', records: 1, attempt: 1 });
    tell('batch.settled', { mapping: 'm', requestId: 'r', deleted: 1, returned: 0 });
    tell('handler.overrun', { mapping: 'm', requestId: 'r', stopped: false });
    tell('handler.overrun', { mapping: 'm', requestId: 'r', stopped: true });
    tell('handler.abandoned', { mapping: 'm', requestId: 'r' });
    tell('message.oversized', { mapping: 'm', messageId: '1', bytes: 2, limit: 1 });
    tell('message.expired', { mapping: 'm', messages: 1 });
    tell('engine.defect', { mapping: 'm', error: new Error('why') });
    tell('settle.failed', { mapping: 'm', action: 'delete', messages: 1, code: 'c', message: 'why' });
    expect(lines.map(({ level }) => level).join(' ')).toBe('info warn debug debug debug debug warn warn error error warn error error');
    expect(new Set(lines.map(({ text }) => text)).size).toBe(lines.length);
    expect(lines.every(({ fields }) => fields['mapping'] === 'm')).toBe(true);
  });
});

describe('silence', () => {
  it('takes everything and does nothing', () => {
    expect(silentLogger.child({})).toBe(silentLogger);
    silentLogger.error({}, 'nothing');
    silentMeter.counter('c', '', {}).add(1);
    silentMeter.gauge('g', '', {}).set(1);
    silentMeter.histogram('h', '', {}, []).observe(1);
  });
});
