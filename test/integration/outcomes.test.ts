/**
 * What becomes of a batch of four (spec e.3 and the table of partial batch responses), judged by the real queue: which
 * messages have left it, which come again, and with which receive count.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest';
import { http } from '../../adapters/target/http/index.ts';
import type { FunctionTarget, QueueMapOptions } from '../../src/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { EMPTY, SqsWorld } from '../support/sqs-world.ts';

/** Long enough that a first invocation settles, short enough to wait for. */
const VISIBILITY_SECONDS = 3;
const BODIES = ['a', 'b', 'c', 'd'];

/** Makes an answer from the message ids of a, b, c and d. */
type Answer = (ids: readonly string[]) => unknown;
type Row = readonly [title: string, returned: readonly string[], answer: Answer];

const id = (ids: readonly string[], place: number): string => ids[place] ?? '';
const failing = (...failures: readonly unknown[]): unknown => ({ batchItemFailures: failures });
const item = (itemIdentifier: unknown): unknown => ({ itemIdentifier });

const ALL_LEAVE: readonly Row[] = [
  ['nothing (undefined)', [], () => undefined],
  ['null', [], () => null],
  ['an empty text', [], () => ''],
  ['{}', [], () => ({})],
  ['[]', [], () => []],
  ['an object without batchItemFailures', [], () => ({ statusCode: 200 })],
  ['an empty batchItemFailures', [], () => failing()],
  ['batchItemFailures: null', [], () => ({ batchItemFailures: null })],
];
const SOME_RETURN: readonly Row[] = [
  ['one failed item', ['b'], (ids) => failing(item(id(ids, 1)))],
  ['two failed items, one of them twice', ['a', 'd'], (ids) => failing(item(id(ids, 3)), item(id(ids, 0)), item(id(ids, 3)))],
  ['every item', BODIES, (ids) => failing(...ids.map(item))],
];
const ALL_RETURN: readonly Row[] = [
  [
    'an exception',
    BODIES,
    () => {
      throw new Error('it failed');
    },
  ],
  ['what has no JSON', BODIES, () => 1n],
  ['a text that is no JSON object', BODIES, () => 'done'],
  ['an empty itemIdentifier', BODIES, (ids) => failing(item(id(ids, 0)), item(''))],
  ['itemIdentifier: null', BODIES, () => failing(item(null))],
  ['a key that is not itemIdentifier', BODIES, () => failing({ foo: 'notvalid' })],
  ['an identifier of another batch beside one of this', BODIES, (ids) => failing(item(id(ids, 0)), item('not-of-this-batch'))],
  ['batchItemFailures that is no list', BODIES, (ids) => ({ batchItemFailures: item(id(ids, 0)) })],
];
const PARTIAL = { functionResponseTypes: ['ReportBatchItemFailures' as const] };

describeWithBackend('localstack', 'what becomes of a batch', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  /** Runs one mapping on four messages until the queue is empty: `first` for the first invocation, success afterwards. */
  async function run(
    { onTestFinished, expect: expectHere }: Pick<TestContext, 'onTestFinished' | 'expect'>,
    returned: readonly string[],
    fields: Partial<QueueMapOptions<SQSEvent>>,
    target: FunctionTarget<SQSEvent> | ((event: SQSEvent, invocation: number) => unknown),
  ): Promise<void> {
    const queue = await world.queue({ visibilitySeconds: VISIBILITY_SECONDS });
    const sent = await queue.send(BODIES);
    const bodies = new Map(sent.map(({ messageId }, index) => [messageId, BODIES[index] ?? '']));
    const engine = world.engine(onTestFinished);
    const settled = new Promise<{ deleted: number; returned: number }>((resolve) => {
      engine.on('batch.settled', resolve);
    });
    let invocations = 0;
    engine.map<SQSEvent>({
      source: engine.sqs(queue.arn),
      reservedConcurrentExecutions: 1,
      ...fields,
      target: typeof target === 'function' ? async (event: SQSEvent) => target(event, (invocations += 1)) : target,
    });
    await engine.start();
    expectHere(await settled).toMatchObject({ deleted: BODIES.length - returned.length, returned: returned.length });
    const { hidden, visible } = await queue.counts();
    expectHere(hidden + visible).toBe(returned.length);
    await engine.idle({ timeoutMs: 60_000 });
    const seen = engine.invocations.map(({ event }) => (event as SQSEvent).Records);
    expectHere(seen[0]?.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(['1', '1', '1', '1']);
    const again = seen.slice(1).flat();
    expectHere(
      again
        .filter(({ attributes }) => attributes.ApproximateReceiveCount !== '1')
        .map(({ messageId }) => bodies.get(messageId))
        .sort(),
    ).toEqual([...returned].sort());
    expectHere(again.every(({ attributes }) => Number(attributes.ApproximateReceiveCount) <= 2)).toBe(true);
    expectHere(await queue.counts()).toEqual(EMPTY);
  }

  const idsOf = ({ Records }: SQSEvent): string[] => {
    const byBody = new Map(Records.map(({ body, messageId }) => [body, messageId]));
    return BODIES.map((body) => byBody.get(body) ?? '');
  };
  const firstly =
    (answer: Answer) =>
    (event: SQSEvent, invocation: number): unknown =>
      invocation === 1 ? answer(idsOf(event)) : undefined;

  test.concurrent.for([...ALL_LEAVE, ...SOME_RETURN, ...ALL_RETURN])('ReportBatchItemFailures, %s: %j come again', async (row, context) => {
    const [, returned, answer] = row;
    await run(context, returned, PARTIAL, firstly(answer));
  });

  test.concurrent.for([
    ['a list of failures', (ids) => failing(...ids.map(item))],
    ['what has no JSON', () => 1n],
    ['a text', () => 'done'],
  ] as const satisfies readonly (readonly [string, Answer])[])('without ReportBatchItemFailures, %s is a success', async (row, context) => {
    await run(context, [], {}, firstly(row[1]));
  });

  test.concurrent('without ReportBatchItemFailures, an exception returns all', async (context) => {
    await run(
      context,
      BODIES,
      {},
      firstly(() => Promise.reject(new Error('it failed'))),
    );
  });

  test.concurrent('a time-out returns all, once the handler has stopped', async (context) => {
    const first = firstly(() => new Promise((resolve) => setTimeout(resolve, 600)));
    await run(context, BODIES, { timeout: 0.2 }, first);
  });

  describe('of a function behind HTTP', () => {
    let server: Server;
    let url = '';
    /** Statuses and bodies still to be answered, by path; then 200. */
    const answers = new Map<string, { status: number; body: string }[]>();
    const asked = new Map<string, number>();

    beforeAll(async () => {
      server = createServer((request, response) => {
        const path = request.url ?? '';
        asked.set(path, (asked.get(path) ?? 0) + 1);
        request.resume().on('end', () => {
          const { status, body } = answers.get(path)?.shift() ?? { status: 200, body: '' };
          response.writeHead(status, { 'content-type': 'application/json' }).end(body);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    });
    afterAll(() => {
      server.close();
      server.closeAllConnections();
    });

    test.concurrent.for([
      ['429', { status: 429, body: '' }, 2],
      ['503', { status: 503, body: '' }, 2],
    ] as const)('a throttled or unreachable function (%s) is tried again with the same receive', async ([name, answer, times], context) => {
      answers.set(
        `/${name}`,
        Array.from({ length: times }, () => answer),
      );
      const target = http({ url: `${url}/${name}` });
      context.onTestFinished(() => target.close());
      // A window makes the engine ask for a longer visibility than the queue's, which gives the tries their time.
      await run(context, [], { maximumBatchingWindowInSeconds: 1 }, target);
      context.expect(asked.get(`/${name}`)).toBe(times + 1);
    });

    test.concurrent('a function that stays throttled until the visibility ends has its batch back in the queue', async (context) => {
      answers.set(
        '/long',
        Array.from({ length: 100 }, () => ({ status: 429, body: '' })),
      );
      const target = http({ url: `${url}/long` });
      const { onTestFinished, expect: expectHere } = context;
      onTestFinished(() => target.close());
      const queue = await world.queue({ visibilitySeconds: VISIBILITY_SECONDS });
      await queue.send(['throttled']);
      const engine = world.engine(onTestFinished);
      const returned = new Promise((resolve) => {
        engine.on('batch.settled', resolve);
      });
      engine.map({ source: engine.sqs(queue.arn), reservedConcurrentExecutions: 1, target: target });
      await engine.start();
      expectHere(await returned).toMatchObject({ deleted: 0, returned: 1 });
      const triesOfFirstReceive = engine.invocations.map(({ attempt }) => attempt);
      expectHere(triesOfFirstReceive.length).toBeGreaterThan(1);
      expectHere(triesOfFirstReceive).toEqual(triesOfFirstReceive.map((_, index) => index + 1));
      answers.set('/long', []);
      await engine.idle({ timeoutMs: 60_000 });
      const counts = engine.invocations.map(({ event }) => (event as SQSEvent).Records[0]?.attributes.ApproximateReceiveCount);
      expectHere(counts.slice(0, triesOfFirstReceive.length)).toEqual(triesOfFirstReceive.map(() => '1'));
      expectHere(counts.at(-1)).not.toBe('1');
      expectHere(await queue.counts()).toEqual(EMPTY);
    });

    test.concurrent.for([
      ['no-json', '{"batchItemFailures": [', BODIES],
      ['empty', '', []],
      ['null', 'null', []],
    ] as const)('an answer over HTTP that is %s (%j) returns %j', async ([name, body, returned], context) => {
      answers.set(`/${name}`, [{ status: 200, body }]);
      const target = http({ url: `${url}/${name}` });
      context.onTestFinished(() => target.close());
      await run(context, returned, PARTIAL, target);
    });
  });
});
