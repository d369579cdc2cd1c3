/** FilterCriteria on real queues and streams: what AWS was seen to do with them. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { DynamoDbWorld } from '../support/dynamodb-world.ts';
import { KinesisWorld } from '../support/kinesis-world.ts';
import { EMPTY, SqsWorld } from '../support/sqs-world.ts';

const PATIENCE = { interval: 200 };
const wanting = (...patterns: readonly object[]): { filters: { pattern: string }[] } => ({
  filters: patterns.map((pattern) => ({ pattern: JSON.stringify(pattern) })),
});

const ORDER = '{ "kind" : "order", "price": 1.50, "price": 2e0 }';
const CHAT = '{"kind":"chat"}';
const PLAIN = 'order in plain words';

describeWithBackend('localstack', 'FilterCriteria of queues', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test.concurrent.for([
    ['of JSON want JSON: a plain text is deleted', { body: { kind: ['order'] } }, [ORDER]],
    ['of a plain text want plain text: JSON is deleted', { body: [{ prefix: 'order' }] }, [PLAIN]],
    ['of metadata alone do not look at the body', { eventSource: ['aws:sqs'] }, [CHAT, ORDER, PLAIN]],
    ['of other metadata reject everything', { eventSource: ['aws:kinesis'] }, []],
  ] as const)('%s', async ([, pattern, expected], { onTestFinished, expect: expectHere }) => {
    const queue = await world.queue();
    await queue.send([ORDER, CHAT, PLAIN]);
    const engine = world.engine(onTestFinished);
    engine.map({ source: engine.sqs(queue.arn), filterCriteria: wanting(pattern), target: () => Promise.resolve() });
    await engine.start();
    await expectHere.poll(() => queue.counts(), PATIENCE).toEqual(EMPTY);
    await engine.idle({ timeoutMs: 60_000 });
    const bodies = engine.invocations.flatMap(({ event }) => (event as SQSEvent).Records.map(({ body }) => body));
    expectHere(bodies.sort()).toEqual([...expected].sort());
  });

  test.concurrent('of FIFO delete what they reject, and keep the order of the rest', async ({ onTestFinished, expect: expectHere }) => {
    const queue = await world.queue({ fifo: true });
    const bodies = Array.from({ length: 12 }, (_, number) => JSON.stringify({ kind: number % 3 === 0 ? 'chat' : 'order', number }));
    await queue.send(bodies.map((body, number) => ({ body, group: number % 2 === 0 ? 'even' : 'odd' })));
    const engine = world.engine(onTestFinished);
    engine.map({ source: engine.sqs(queue.arn), filterCriteria: wanting({ body: { kind: ['order'] } }), target: () => Promise.resolve() });
    await engine.start();
    await expectHere.poll(() => queue.counts(), PATIENCE).toEqual(EMPTY);
    await engine.idle({ timeoutMs: 60_000 });
    const records = engine.invocations.flatMap(({ event }) => (event as SQSEvent).Records);
    for (const group of ['even', 'odd']) {
      const ofGroup = records.filter(({ attributes }) => attributes.MessageGroupId === group).map(({ body }) => body);
      expectHere(ofGroup).toEqual(bodies.filter((_, number) => number % 3 !== 0 && (number % 2 === 0) === (group === 'even')));
    }
  });
});

describeWithBackend('localstack', 'FilterCriteria of a Kinesis stream', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  afterAll(() => world.close());

  test.concurrent.for([
    ['of JSON pass over plain text', { data: { kind: ['order'] } }, [ORDER]],
    ['of metadata alone do not look at the data', { eventName: ['aws:kinesis:record'] }, [CHAT, ORDER, PLAIN, CHAT]],
    ['see the partition key', { partitionKey: [{ prefix: 'other' }] }, []],
  ] as const)('%s, byte for byte', async ([, pattern, expected], { onTestFinished, expect: expectHere }) => {
    const stream = await world.stream();
    await stream.say(CHAT, ORDER, PLAIN, CHAT);
    const run = world.run(onTestFinished);
    run.map(stream, { filterCriteria: wanting(pattern) }, () => undefined);
    await run.start();
    await run.engine.idle({ timeoutMs: 60_000 });
    expectHere(run.texts().flat()).toEqual(expected);
    const rejected = run.of('records.filtered').reduce((sum, { records }) => sum + records, 0);
    expectHere(rejected).toBe(4 - expected.length);
  });

  test.concurrent('move the position over what they reject: another life with other filters begins behind it', async (context) => {
    const { onTestFinished, expect: expectHere } = context;

    const stream = await world.stream();
    const store = memoryStore();
    await stream.say(CHAT, CHAT);
    const first = world.run(onTestFinished, { store });
    first.map(stream, { filterCriteria: wanting({ data: { kind: ['order'] } }) }, () => undefined);
    await first.start();
    await first.engine.idle({ timeoutMs: 60_000 });
    await first.stop();
    await stream.say(ORDER);
    const second = world.run(onTestFinished, { store });
    second.map(stream, {}, () => undefined);
    await second.start();
    await second.settled(1);
    expectHere([first.texts(), second.texts()]).toEqual([[], [[ORDER]]]);
  });
});

describeWithBackend('dynamodb-local', 'FilterCriteria of a DynamoDB stream', ({ endpoint }) => {
  const image = (attribute: object): object => ({ dynamodb: { NewImage: attribute } });
  test.for([
    ['see eventName and eventSource', { eventName: ['INSERT'], eventSource: ['aws:dynamodb'] }, ['a']],
    ['see what else happens', { eventName: ['REMOVE'] }, ['(deleted)']],
    ['take an attribute with its type', image({ v: { S: ['b'] } }), ['b']],
    ['take no attribute without its type', image({ v: ['b'] }), []],
    ['never compare N as a number', image({ n: { N: [{ numeric: ['>', 100] }] } }), []],
    ['compare N as the text that it is', image({ n: { N: ['101'] } }), ['a']],
    ['compare the time of creation as a number', { dynamodb: { ApproximateCreationDateTime: [{ numeric: ['>', 1] }] } }, 'all'],
    ['ask with exists for leaves', image({ n: { N: [{ exists: true }] } }), ['a']],
    ['find with exists nothing in between', image({ n: [{ exists: true }] }), []],
    ['find with exists false whatever is in between', image({ n: [{ exists: false }] }), 'all'],
    ['join operators by or', image({ v: { S: [{ prefix: 'b' }, { 'anything-but': 'a' }] } }), ['b']],
  ] as const)('%s', async ([, pattern, expected], { onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    const { credentials } = world.table;
    const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
    const Item = { pk: { S: 'x' }, sk: { S: '-' }, v: { S: 'a' }, n: { N: '101' } };
    await client.send(new PutItemCommand({ TableName: 'items', Item }));
    client.destroy();
    await world.table.put({ item: 'x', value: 'b' });
    await world.table.delete('x');
    await world.start({ filterCriteria: wanting(pattern) });
    await world.idle();
    expect(world.values).toEqual(expected === 'all' ? ['a', 'b', '(deleted)'] : expected);
  });
});
