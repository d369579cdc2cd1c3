/** Where mappings of DynamoDB Streams begin, what their functions receive, and where they go on. */
import { expect, test } from 'vitest';
import { describeWithBackend } from '../support/backends/inject.ts';
import { DynamoDbWorld } from '../support/dynamodb-world.ts';

const named = (prefix: string, count: number): { item: string; value: string }[] =>
  Array.from({ length: count }, (_, index) => ({ item: 'a', value: `${prefix}${String(index)}` }));
/** The keys of a record in the order in which AWS writes them. */
const EVENT_ORDER = ['eventID', 'eventName', 'eventVersion', 'eventSource', 'awsRegion', 'dynamodb', 'eventSourceARN'];

const values = (prefix: string, count: number): string[] => named(prefix, count).map(({ value }) => value);

describeWithBackend('dynamodb-local', 'a mapping of a DynamoDB stream', ({ endpoint }) => {
  test('from TRIM_HORIZON hands over everything that is kept, in order, and goes on with what comes', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.table.put(...named('before ', 25));
    await world.table.rollOver();
    await world.table.put(...named('child ', 5));
    await world.start({ batchSize: 10 });
    await world.idle();
    expect(world.values).toEqual([...values('before ', 25), ...values('child ', 5)]);
    expect(Math.max(...world.batches.map(({ length }) => length))).toBe(10);
    await world.table.put(...named('after ', 3));
    await expect.poll(() => world.values.slice(30)).toEqual(values('after ', 3));
  });

  test('goes on behind its position in another engine, without a repeat', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.start();
    await world.table.put(...named('first ', 5));
    await world.idle();
    await world.stop();
    await world.table.put(...named('meanwhile ', 5));
    await world.start();
    await world.idle();
    expect(world.values).toEqual([...values('first ', 5), ...values('meanwhile ', 5)]);
  });

  test('from LATEST leaves out what is older, also after a restart before the first record and in shards of later', async ({
    onTestFinished,
  }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.table.put(...named('old ', 5));
    // DynamoDB Local cuts creation times to the minute: what is to be older has to be so by more.
    await world.table.age(1);
    await world.start({ startingPosition: 'LATEST' });
    await world.idle();
    await world.stop();
    await world.table.put(...named('while nobody read ', 3));
    await world.table.rollOver();
    await world.table.put(...named('first of a later shard ', 2));
    await world.start({ startingPosition: 'LATEST' });
    await world.idle();
    await world.table.rollOver();
    await world.table.put(...named('last ', 2));
    await expect.poll(() => world.values.slice(5)).toEqual(values('last ', 2));
    expect(world.values.slice(0, 5)).toEqual([...values('while nobody read ', 3), ...values('first of a later shard ', 2)]);
  });

  test('hands over inserts, changes and removals as Lambda does', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.table.put({ item: 'a', value: '1' }, { item: 'a', value: '2' });
    await world.table.delete('a');
    await world.start();
    await world.idle();
    const Keys = { pk: { S: 'a' }, sk: { S: '-' } };
    const image = (v: string): unknown => ({ ...Keys, v: { S: v } });
    const common = {
      eventID: expect.stringMatching(/^[0-9a-f-]{32,36}$/) as unknown,
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'ddblocal',
      eventSourceARN: world.table.streamArn,
    };
    const change = {
      ApproximateCreationDateTime: expect.any(Number) as unknown,
      Keys,
      SequenceNumber: expect.stringMatching(/^\d{21,40}$/) as unknown,
      SizeBytes: expect.any(Number) as unknown,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    };
    expect(world.invoked.flatMap(({ Records }) => Records)).toStrictEqual([
      { ...common, eventName: 'INSERT', dynamodb: { ...change, NewImage: image('1') } },
      { ...common, eventName: 'MODIFY', dynamodb: { ...change, NewImage: image('2'), OldImage: image('1') } },
      { ...common, eventName: 'REMOVE', dynamodb: { ...change, OldImage: image('2') } },
    ]);
    const [first] = world.invoked[0]?.Records ?? [];
    expect(Object.keys(first ?? {})).toEqual(EVENT_ORDER);
    expect(Number.isInteger(first?.dynamodb?.ApproximateCreationDateTime)).toBe(true);
  });

  test('does not inherit positions from a table that was dropped and made again', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.start();
    await world.table.put(...named('of the first ', 5));
    await world.idle();
    await world.stop();
    await world.recreate();
    await world.table.put(...named('of the second ', 4));
    await world.start();
    await world.idle();
    expect(world.values).toEqual([...values('of the first ', 5), ...values('of the second ', 4)]);
  });
});
