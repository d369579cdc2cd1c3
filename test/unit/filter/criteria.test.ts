import { describe, expect, it } from 'vitest';
import type { FilterSourceKind, FilterView, RecordFilter } from '../../../src/contract/index.ts';
import {
  compileFilterCriteria,
  FILTERS_MAX,
  FILTERS_MAX_ON_REQUEST,
  type FilterCriteria,
  FilterPatternError,
} from '../../../src/filter/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const NO_UTF8 = Uint8Array.from([0x7b, 0xff, 0x7d]);

function compile(kind: FilterSourceKind, ...patterns: readonly unknown[]): RecordFilter {
  const filters = patterns.map((pattern) => ({ pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern) }));
  const filter = compileFilterCriteria({ filters }, kind);
  if (filter === undefined) throw new Error('there are filters');
  return filter;
}

function view(data: unknown, metadata: Readonly<Record<string, unknown>> = {}): FilterView {
  return { data: () => data, metadata: (key) => metadata[key] };
}

const json = { a: [1] };
const plain = [{ prefix: 'x' }];
const metadata = { eventSource: 'aws:sqs' };
const metadataClause = { eventSource: ['aws:sqs'] };

describe('data of a record against what a filter expects of it', () => {
  it.each<readonly [string, FilterSourceKind, data: unknown, pattern: unknown, accepted: boolean]>([
    ['SQS plain / plain: filters', 'sqs', 'xyz', { body: plain }, true],
    ['SQS plain / plain: filters', 'sqs', 'abc', { body: plain }, false],
    ['SQS plain / none: metadata', 'sqs', 'abc', metadataClause, true],
    ['SQS plain / JSON: drops, whatever the pattern says', 'sqs', 'abc', { body: { a: [{ exists: false }] } }, false],
    ['SQS JSON / plain: drops, whatever the pattern says', 'sqs', '["xyz"]', { body: plain }, false],
    ['SQS JSON / none: metadata', 'sqs', '{"a":1}', metadataClause, true],
    ['SQS JSON / JSON: filters', 'sqs', ' {"a":1}', { body: json, ...metadataClause }, true],
    ['SQS JSON / JSON: filters', 'sqs', '{"a":2}', { body: json, ...metadataClause }, false],
    ['SQS single JSON value: filters', 'sqs', '300.0', { body: [3e2] }, true],
    ['SQS text that only begins as JSON is a text', 'sqs', '{x', { body: [{ prefix: '{' }] }, true],
    ['Kinesis plain / none: metadata', 'kinesis', bytes('abc'), metadataClause, true],
    ['Kinesis plain / JSON: skips', 'kinesis', bytes('abc'), { data: { a: [{ exists: false }] } }, false],
    ['Kinesis JSON / none: metadata', 'kinesis', bytes('{"a":1}'), metadataClause, true],
    ['Kinesis JSON / JSON: filters', 'kinesis', bytes('{"a":1}'), { data: json }, true],
    ['Kinesis JSON / JSON: filters', 'kinesis', bytes('{"a":3}'), { data: json }, false],
    ['Kinesis non-UTF-8 / JSON: skips', 'kinesis', NO_UTF8, { data: { a: [{ exists: false }] } }, false],
    ['Kinesis non-UTF-8 / none: skips', 'kinesis', NO_UTF8, metadataClause, false],
    ['DynamoDB: filters', 'dynamodb', { Keys: { id: { S: 'x' } } }, { dynamodb: { Keys: { id: { S: ['x'] } } } }, true],
    ['DynamoDB: filters', 'dynamodb', { Keys: { id: { S: 'y' } } }, { dynamodb: { Keys: { id: { S: ['x'] } } } }, false],
    ['Kafka plain / plain: filters', 'kafka', bytes('xyz'), { value: plain }, true],
    ['Kafka plain / plain: filters', 'kafka', bytes('abc'), { value: plain }, false],
    ['Kafka plain / none: metadata', 'kafka', bytes('abc'), metadataClause, true],
    ['Kafka plain / JSON: passes', 'kafka', bytes('abc'), { value: json }, true],
    ['Kafka plain / JSON: the metadata still filters', 'kafka', bytes('abc'), { value: json, eventSource: ['other'] }, false],
    ['Kafka JSON / plain: passes', 'kafka', bytes('{"a":5}'), { value: plain }, true],
    ['Kafka JSON / none: metadata', 'kafka', bytes('{"a":5}'), metadataClause, true],
    ['Kafka JSON / JSON: filters', 'kafka', bytes('{"a":1}'), { value: json }, true],
    ['Kafka JSON / JSON: filters', 'kafka', bytes('{"a":5}'), { value: json }, false],
    ['Kafka non-UTF-8 / JSON: passes', 'kafka', NO_UTF8, { value: json }, true],
    ['Kafka non-UTF-8 / plain: the metadata still filters', 'kafka', NO_UTF8, { value: plain, eventSource: ['other'] }, false],
    ['Kafka without a value: the metadata still filters', 'kafka', undefined, { value: json, ...metadataClause }, true],
  ])('%s', (_promise, kind, data, pattern, accepted) => {
    expect(compile(kind, pattern).accepts(view(data, metadata))).toBe(accepted);
  });

  it.each<readonly [FilterSourceKind, string]>([
    ['kinesis', '{"data":[{"prefix":"x"}]}'],
    ['kinesis', '{"$or":[{"eventName":["x"]},{"data":["x"]}]}'],
    ['dynamodb', '{"dynamodb":[{"exists":true}]}'],
  ])('refuses a pattern for plain text where data is always JSON: %s %s', (kind, pattern) => {
    expect(() => compile(kind, pattern)).toThrow(FilterPatternError);
  });
});

describe('verdicts that were recorded from Lambda', () => {
  const image = (attribute: unknown): FilterView =>
    view({ NewImage: { presentKey: attribute } }, { eventName: 'INSERT', eventSource: 'aws:dynamodb' });
  const ofImage = (pattern: unknown): unknown => ({ dynamodb: { NewImage: { presentKey: pattern } } });
  it.each<readonly [string, FilterSourceKind, pattern: unknown, FilterView, boolean]>([
    ['metadata of DynamoDB', 'dynamodb', { eventName: ['INSERT'], eventSource: ['aws:dynamodb'] }, image({ S: 'v' }), true],
    ['an attribute without its type tag', 'dynamodb', ofImage(['v']), image({ S: 'v' }), false],
    ['an attribute with its type tag', 'dynamodb', ofImage({ S: ['v'] }), image({ S: 'v' }), true],
    ['exists on a typed attribute', 'dynamodb', ofImage([{ exists: true }]), image({ S: 'v' }), false],
    ['exists below the type tag', 'dynamodb', ofImage({ S: [{ exists: true }] }), image({ S: 'v' }), true],
    ['exists false on a node in between', 'dynamodb', ofImage([{ exists: false }]), image({ S: 'v' }), true],
    ['numeric on N, which is a string', 'dynamodb', ofImage({ N: [{ numeric: ['>', 100] }] }), image({ N: '101' }), false],
    [
      'numeric on a date',
      'dynamodb',
      { dynamodb: { ApproximateCreationDateTime: [{ numeric: ['>', 100] }] } },
      view({ ApproximateCreationDateTime: 101 }),
      true,
    ],
    ['a key of a JSON body', 'sqs', { body: { 'my-key': ['my-value'] } }, view('{"my-key":"my-value"}'), true],
    ['a plain body against a JSON pattern', 'sqs', { body: { 'my-key': ['my-value'] } }, view('my-value'), false],
    ['a plain body by its prefix', 'sqs', { body: [{ prefix: 'plain' }] }, view('plain-string'), true],
  ])('%s', (_case, kind, pattern, record, accepted) => {
    expect(compile(kind, pattern).accepts(record)).toBe(accepted);
  });
});

describe('FilterCriteria', () => {
  it('wants a record that any filter wants', () => {
    const filter = compile('sqs', { body: { a: [1] } }, { body: [{ prefix: 'x' }] }, { messageId: ['m'] });
    expect(filter.accepts(view('{"a":1}'))).toBe(true);
    expect(filter.accepts(view('xyz'))).toBe(true);
    expect(filter.accepts(view('abc', { messageId: 'm' }))).toBe(true);
    expect(filter.accepts(view('abc'))).toBe(false);
  });

  it('without filters is none', () => {
    expect(compileFilterCriteria({ filters: [] }, 'sqs')).toBeUndefined();
  });

  it('takes five filters, and ten on request', () => {
    const criteria = (count: number): FilterCriteria => ({
      filters: Array.from({ length: count }, () => ({ pattern: '{"a":[1]}' })),
    });
    expect(compileFilterCriteria(criteria(FILTERS_MAX), 'sqs')).toBeDefined();
    expect(() => compileFilterCriteria(criteria(6), 'sqs')).toThrow('FilterCriteria.Filters: has 6 filters; at most 5 are allowed.');
    expect(compileFilterCriteria(criteria(FILTERS_MAX_ON_REQUEST), 'sqs', FILTERS_MAX_ON_REQUEST)).toBeDefined();
    expect(() => compileFilterCriteria(criteria(11), 'sqs', FILTERS_MAX_ON_REQUEST)).toThrow('at most 10');
  });

  it('says which filter was refused', () => {
    const filters = [{ pattern: '{"body":["x"]}' }, { pattern: '{"body":[]}' }];
    const refused = expect.objectContaining({
      detail: { filter: 1, path: 'body', offset: 8, reason: 'Empty arrays are not allowed' },
    }) as unknown;
    expect(() => compileFilterCriteria({ filters }, 'sqs')).toThrow(refused);
  });

  it('asks the record only for what a filter names, and once', () => {
    const asked: string[] = [];
    const record: FilterView = {
      data: () => {
        asked.push('data');
        return '{"a":1}';
      },
      metadata: (key) => {
        asked.push(key);
        return undefined;
      },
    };
    compile('sqs', { eventSource: ['x'] }, { awsRegion: ['y'], eventSource: ['z'] }).accepts(record);
    expect(asked.splice(0)).toEqual(['eventSource', 'awsRegion']);
    compile('sqs', { body: { a: [5] } }, { body: { b: [1] } }).accepts(record);
    expect(asked).toEqual(['data']);
  });

  it('compares numbers as they are written in the record', () => {
    const filter = compile('sqs', '{"body":{"id":[12345678901234567891]}}');
    expect(filter.accepts(view('{"id": 12345678901234567891}'))).toBe(true);
    expect(filter.accepts(view('{"id": 12345678901234567892}'))).toBe(false);
    expect(compile('kinesis', '{"data":{"n":[{"numeric":[">",1]}]}}').accepts(view(bytes('{"n":1e400}')))).toBe(false);
  });

  it('finds no inherited properties in a record', () => {
    const record: FilterView = { data: () => '{}', metadata: (key) => ({ eventSource: 'x' })[key as 'eventSource'] };
    for (const key of ['constructor', 'toString', '__proto__']) {
      expect(compile('sqs', `{"${key}":[{"exists":true}]}`).accepts(record)).toBe(false);
    }
  });

  it('reads a body that is nested without end', () => {
    const body = `{"a":${'['.repeat(200_000)}1${']'.repeat(200_000)}}`;
    expect(compile('sqs', { body: { a: [1] } }).accepts(view(body))).toBe(false);
    expect(compile('sqs', { body: { a: { b: [1] } } }).accepts(view(body))).toBe(false);
    expect(compile('sqs', { body: { a: [{ exists: false }], b: [{ exists: false }] } }).accepts(view(body))).toBe(true);
    expect(compile('sqs', { body: { a: { b: [{ exists: false }] } } }).accepts(view(body))).toBe(true);
  });
});
