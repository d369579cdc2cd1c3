import { describe, expect, test } from 'vitest';
import {
  addTags,
  byCreation,
  configurationOf,
  decodeDefinition,
  encodeDefinition,
  functionArnOf,
  type MappingDefinition,
  pageOf,
  ResourceRefusal,
  readCreate,
  readFunctionList,
  readList,
  readTagged,
  readTagResource,
  readUntagResource,
  refuseConflict,
  type WantedFunction,
} from '../../../src/resource/index.ts';
import { type AnySource, defined, MINIMAL, NOW, UUID } from './requests.ts';

const PLACE = { region: 'us-east-1', account: '000000000000' };
const ARN = `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${UUID}`;

function answer(source: AnySource): Readonly<Record<string, unknown>> {
  return configurationOf(defined(source), { state: 'Creating', lastModified: NOW + 5, lastProcessingResult: undefined });
}

describe('the answer', () => {
  test('of SQS has the keys that AWS shows, with LastModified in seconds and no LastProcessingResult', () => {
    expect(answer('sqs')).toEqual({
      BatchSize: 10,
      EventSourceArn: MINIMAL.sqs.EventSourceArn,
      EventSourceMappingArn: ARN,
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:mill',
      FunctionResponseTypes: [],
      LastModified: NOW / 1000 + 0.005,
      MaximumBatchingWindowInSeconds: 0,
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
      UUID,
    });
  });

  test.each([
    ['kinesis', 'User action', 'No records processed'],
    ['dynamodb', 'User action', 'No records processed'],
    ['sqs-fifo', 'USER_INITIATED', undefined],
    ['self-managed-kafka', 'USER_INITIATED', 'No records processed'],
  ] as const)('of %s has its own reason and result', (source, reason, result) => {
    expect([answer(source)['StateTransitionReason'], answer(source)['LastProcessingResult']]).toEqual([reason, result]);
  });
});

test.each([
  ['mill', undefined, 'arn:aws:lambda:us-east-1:000000000000:function:mill'],
  ['mill', '$LATEST', 'arn:aws:lambda:us-east-1:000000000000:function:mill:$LATEST'],
  ['mill', '1', 'arn:aws:lambda:us-east-1:000000000000:function:mill:1'],
  ['mill', 'live', 'arn:aws:lambda:us-east-1:000000000000:function:mill:live'],
])('the ARN of %s with %s is %s', (name, qualifier, arn) => {
  expect(functionArnOf({ name, qualifier, partition: undefined, region: undefined, account: undefined }, PLACE)).toBe(arn);
});

test('a definition comes back from the store as it went in, and one of another version is not guessed at', () => {
  const definition = defined('kinesis', { Tags: { a: 'b' } });
  expect(decodeDefinition(encodeDefinition(definition))).toEqual(definition);
  expect(() => decodeDefinition('{"v":2}')).toThrow('version 2');
});

describe('a second mapping of the same source to the same function', () => {
  const mend = `already exists. Please update or delete the existing mapping with UUID ${UUID}`;
  const servers = (...all: string[]): Record<string, unknown> => ({
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: all } },
  });

  test.each([
    ['sqs', {}, `An event source mapping with SQS arn (" ${MINIMAL.sqs.EventSourceArn} ") and function (" mill ") ${mend}`],
    ['kinesis', {}, `The event source arn (" ${MINIMAL.kinesis.EventSourceArn} ") and function (" mill ") provided mapping ${mend}`],
    ['dynamodb', {}, `The event source arn (" ${MINIMAL.dynamodb.EventSourceArn} ") and function (" mill ") provided mapping ${mend}`],
    [
      'self-managed-kafka',
      servers('kafka:1000', 'kafka:2000'),
      `An event source mapping with event source ("kafka:1000,kafka:2000"), function ("arn:aws:lambda:us-east-1:000000000000:function:mill"), topics ("topic") ${mend}`,
    ],
  ] as const)('of %s is refused in the words of its source', (source, more, message) => {
    expect(() => {
      refuseConflict(defined(source, more), [defined(source)]);
    }).toThrow(new ResourceRefusal('ResourceConflictException', message));
  });

  test.each([
    ['another function', defined('sqs'), { ...defined('sqs'), functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:other' }],
    [
      '$LATEST said in so many words',
      defined('sqs'),
      { ...defined('sqs'), functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:mill:$LATEST' },
    ],
    ['another queue', defined('sqs'), defined('sqs-fifo')],
    ['another topic', defined('self-managed-kafka'), defined('self-managed-kafka', { Topics: ['topic2'] })],
    ['other servers', defined('self-managed-kafka'), defined('self-managed-kafka', servers('kafka:2000'))],
  ])('is none with %s', (_what, one, other) => {
    expect(() => {
      refuseConflict(one, [other]);
    }).not.toThrow();
  });
});

describe('a list', () => {
  const all = Array.from({ length: 250 }, (_, index): { readonly definition: MappingDefinition } => ({
    definition: {
      ...defined('sqs'),
      uuid: `${String(index).padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`,
      createdAt: NOW + Math.floor(index / 10),
      functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${index % 2 === 0 ? 'mill' : 'mill-2'}${index % 4 === 0 ? ':live' : ''}`,
    },
  }));
  const HERE = { region: 'us-east-1', account: '000000000000', partition: undefined, qualifier: undefined };
  const count = (wanted: { readonly name: string } & Partial<WantedFunction>): number =>
    pageOf(all.slice(0, 100), readList({}), { ...HERE, ...wanted }).items.length;

  test('comes in pages of at most 100, whatever is asked for, each mapping once', () => {
    const seen: string[] = [];
    let marker: string | undefined;
    let pages = 0;
    do {
      const page = pageOf(all, readList({ MaxItems: '10000', ...(marker === undefined ? {} : { Marker: marker }) }), undefined);
      seen.push(...page.items.map(({ definition }) => definition.uuid));
      marker = page.nextMarker;
      pages += 1;
    } while (marker !== undefined);
    expect([pages, seen.length, new Set(seen).size]).toEqual([3, 250, 250]);
  });

  test('tells functions apart by their whole name', () => {
    expect(count({ name: 'mill' })).toBe(50);
    expect(count({ name: 'mill', qualifier: 'live' })).toBe(25);
    expect(count({ name: 'mil' })).toBe(0);
  });

  test('tells functions of other regions, accounts and partitions apart', () => {
    expect(count({ name: 'mill', partition: 'aws' })).toBe(50);
    for (const other of [{ region: 'eu-west-1' }, { account: '123456789012' }, { partition: 'aws-cn' }]) {
      expect(count({ name: 'mill', ...other })).toBe(0);
    }
  });

  test('is of one source, where one is asked for', () => {
    expect(pageOf(all, readList({ EventSourceArn: MINIMAL.kinesis.EventSourceArn }), undefined)).toEqual({
      items: [],
      nextMarker: undefined,
    });
  });

  test('refuses numbers out of range and markers that are none', () => {
    expect(() => readList({ MaxItems: '0' })).toThrow(
      "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
    );
    expect(() => readList({ MaxItems: '10001' })).toThrow('less than or equal to 10000');
    expect(() => readList({ MaxItems: 'many' })).toThrow('STRING_VALUE can not be converted to an Integer');
    for (const marker of ['x', '%', 'bnVsbA', '""']) expect(() => readList({ Marker: marker })).toThrow('Invalid Marker.');
  });

  test('of functions comes in pages of at most 50, and refuses what it cannot read as a list of mappings does', () => {
    expect(readFunctionList({})).toEqual({ withVersions: false, from: 0, maxItems: 50 });
    expect(readFunctionList({ MaxItems: '10000', Marker: '50', FunctionVersion: 'ALL' })).toEqual({
      withVersions: true,
      from: 50,
      maxItems: 50,
    });
    expect(readFunctionList({ MaxItems: '7', Marker: '' }).maxItems).toBe(7);
    expect(() => readFunctionList({ MaxItems: '0' })).toThrow(
      "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
    );
    expect(() => readFunctionList({ MaxItems: '10001' })).toThrow('Member must have value less than or equal to 10000');
    expect(() => readFunctionList({ MaxItems: 'many' })).toThrow('STRING_VALUE can not be converted to an Integer');
    expect(() => readFunctionList({ FunctionVersion: 'all' })).toThrow(
      "Value 'all' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]",
    );
    for (const marker of ['x', '-1', '1.5', '%']) expect(() => readFunctionList({ Marker: marker })).toThrow('Invalid Marker.');
  });

  test('is in the order of creation', () => {
    const [first, second] = [all[0]?.definition ?? defined('sqs'), all[20]?.definition ?? defined('sqs')];
    expect([second, first].toSorted(byCreation)).toEqual([first, second]);
  });
});

describe('tags', () => {
  test.each(['arn:aws:lambda:us-east-1:000000000000:event-source-mapping:none', `${ARN}:alias`, 'x'])(
    'of %s, which is no ARN of a mapping, are refused by the pattern',
    (resource) => {
      const text = `1 validation error detected: Value '${resource}' at 'resource' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:`;
      for (const read of [
        () => readTagged(resource),
        () => readTagResource(resource, { Tags: { a: 'b' } }),
        () => readUntagResource(resource, ['a']),
      ]) {
        expect(read).toThrow(text);
      }
    },
  );

  test('are read with the UUID that they belong to', () => {
    expect(readTagged(ARN)).toBe(UUID);
    expect(readTagResource(ARN, { Tags: { a: 'b' } })).toEqual({ uuid: UUID, tags: { a: 'b' } });
    expect(readUntagResource(ARN, ['a', 'b'])).toEqual({ uuid: UUID, keys: ['a', 'b'] });
  });

  test('that overlap win, and there are at most 50', () => {
    expect(addTags({ a: '1', b: '2' }, { b: '3' })).toEqual({ a: '1', b: '3' });
    const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${String(index)}`, 'v']));
    expect(addTags(fifty, { k1: 'w' })).toEqual({ ...fifty, k1: 'w' });
    expect(() => addTags(fifty, { more: 'w' })).toThrow('Number of tags exceeds resource tag limit.');
  });

  test('with keys that begin with aws:, in whatever case, are refused, and kept where they only hold it', () => {
    for (const key of ['aws:cloudformation:stack-name', 'aws:', 'AWS:x', 'Aws:x']) {
      for (const tag of [
        () => readTagResource(ARN, { Tags: { [key]: 'v' } }),
        () => readCreate({ ...MINIMAL.sqs, Tags: { [key]: 'v' } }, { now: NOW, uuid: UUID }),
      ]) {
        expect(tag).toThrow('Tag keys that begin with aws: are reserved.');
      }
    }
    expect(readTagResource(ARN, { Tags: { 'my-aws:x': 'v', aws: 'v' } }).tags).toEqual({ 'my-aws:x': 'v', aws: 'v' });
  });

  test('without any, with keys too long or none at all are refused', () => {
    expect(() => readTagResource(ARN, { Tags: {} })).toThrow('An error occurred and the request cannot be processed.');
    expect(() => readTagResource(ARN, {})).toThrow("Value null at 'tags' failed to satisfy constraint: Member must not be null");
    expect(() => readTagResource(ARN, { Tags: { ['k'.repeat(129)]: 'v' } })).toThrow(
      'Map keys must satisfy constraint: [Member must have length less than or equal to 128]',
    );
    expect(() => readTagResource(ARN, { Tags: { k: 'v'.repeat(257) } })).toThrow(
      'Map value must satisfy constraint: [Member must have length less than or equal to 256]',
    );
    expect(() => readUntagResource(ARN, undefined)).toThrow(
      "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    );
  });
});

test('bodies of refusals have the members that AWS gives them, in its case', () => {
  const body = (code: ConstructorParameters<typeof ResourceRefusal>[0]): unknown => new ResourceRefusal(code, 'm').body;
  expect(body('InvalidParameterValueException')).toEqual({ Type: 'User', message: 'm' });
  expect(body('ValidationException')).toEqual({ message: 'm' });
  expect(body('ResourceNotFoundException')).toEqual({ Type: 'User', Message: 'm' });
  expect(body('ResourceConflictException')).toEqual({ Type: 'User', message: 'm' });
  expect(body('ResourceInUseException')).toEqual({ Type: 'User', Message: 'm' });
  expect(body('ServiceException')).toEqual({ Type: 'Service', Message: 'm' });
  expect(new ResourceRefusal('TooManyRequestsException', 'm', { reason: 'CallerRateLimitExceeded' }).body).toEqual({
    Type: 'User',
    Reason: 'CallerRateLimitExceeded',
    message: 'm',
  });
});
