import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handler } from '../../../adapters/target/function/index.ts';
import { ConfigError, type MappingState } from '../../../src/index.ts';
import { between, bodies, failing, grouped, QueueWorld } from '../../support/queue-world.ts';

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

function problems(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
  return [];
}

const works = handler(() => undefined);

describe('what an engine refuses', () => {
  it.each<[object, string]>([
    [
      { stopTimeoutMs: -1 },
      'stopTimeoutMs: must be a whole number of milliseconds from 0 to 3600000 (default 30000), but is the number -1',
    ],
    [{ idlePollMs: 0 }, 'idlePollMs: must be a whole number of milliseconds from 1 to 60000 (default 200), but is the number 0'],
    [{ bufferRecords: 0 }, 'bufferRecords: must be a whole number of records from 1 to 10000000 (default 100000), but is the number 0'],
    [{ bufferBytes: 1 }, 'bufferBytes: must be a whole number of bytes from 1000000 (default 268435456), but is the number 1'],
    [{ region: 'EU West' }, 'region: must be a region name such as eu-west-1 (default us-east-1), but is the text "EU West"'],
    [{ accountId: '1' }, 'accountId: must be an account id of 12 digits (default 000000000000), but is the text "1"'],
    [{ stopTimeoutMS: 1 }, 'stopTimeoutMS: is not a field that is known here; did you mean stopTimeoutMs?'],
  ])('settings %j', (settings, problem) => {
    expect(problems(() => new QueueWorld({ settings: settings }))).toEqual([problem]);
  });

  it.each<[object, string]>([
    [{ timeout: 0 }, 'timeout: must be a number of seconds up to 900 (default 3), but is the number 0'],
    [{ timeout: -1 }, 'timeout: must be a number of seconds up to 900 (default 3), but is the number -1'],
    [{ timeout: 901 }, 'timeout: must be a number of seconds up to 900 (default 3), but is the number 901'],
    [
      { reservedConcurrentExecutions: 0 },
      'reservedConcurrentExecutions: must be a whole number from 1 to 1000000; leave it out for no limit, but is the number 0',
    ],
    [{ name: 'no spaces' }, 'name: must be a function name of 1 to 64 letters, digits, - and _, but is the text "no spaces"'],
    [{ timeOut: 3 }, 'timeOut: is not a field that is known here; did you mean timeout?'],
  ])('a function %j', (options, problem) => {
    expect(problems(() => world.engine.function({ target: works, ...options }))).toEqual([problem]);
  });

  it('names that are taken, and settings of a function that has its own', () => {
    const shared = world.engine.function({ name: 'shared', target: works });
    expect(problems(() => world.engine.function({ name: 'shared', target: works }))).toEqual([
      'name: there is a function shared already; give this one another name',
    ]);
    world.map(world.queue(), { name: 'orders' });
    expect(problems(() => world.map(world.queue(), { name: 'orders' }))).toEqual([
      'name: there is a mapping orders already; give this one another name',
    ]);
    expect(problems(() => world.map(world.queue(), { name: 'other', target: shared, timeout: 5 }))).toEqual([
      'target: function shared has its own timeout, concurrency and breaker; set them where it is registered',
    ]);
  });

  it.each<[object, string]>([
    [{ source: undefined }, "source: must be a source such as sqs({ queue: 'arn:...' }) or embeddedQueue({ name }), but is missing"],
    [
      { source: 'orders' },
      'source: must be a source such as sqs({ queue: \'arn:...\' }) or embeddedQueue({ name }), but is the text "orders"',
    ],
    [{ target: null }, 'target: must be a handler, async (event, context) => ..., or a target such as http({ url }), but is null'],
    [{ target: {} }, 'target: must be a handler, async (event, context) => ..., or a target such as http({ url }), but is an object'],
    [{ name: '' }, 'name: must be a text of 1 to 256 characters, but is the text ""'],
    [{ name: 42 }, 'name: must be a text of 1 to 256 characters, but is the number 42'],
  ])('a mapping of parts that are none: %j', (given, problem) => {
    expect(problems(() => world.engine.map({ source: world.queue(), target: works, ...given }))).toEqual([problem]);
    expect(world.engine.mappings).toEqual([]);
  });

  it('a function without a target', () => {
    const without: object = { target: undefined };
    expect(problems(() => world.engine.function({ target: works, ...without }))).toEqual([
      'target: must be a handler, async (event, context) => ..., or a target such as http({ url }), but is missing',
    ]);
  });

  it('a function of another engine', () => {
    const foreign = new QueueWorld().engine.function({ name: 'foreign', target: works });
    expect(problems(() => world.map(world.queue(), { target: foreign }))).toEqual([
      'target: Function does not exist: foreign is not registered with this engine',
    ]);
  });

  it('options by the rules of the queue they are for, and then nothing was added', () => {
    const mistakes: object = { batchSise: 5 };
    expect(problems(() => world.map(world.queue(), { ...mistakes }))).toEqual([
      'batchSise: is not a field that is known here; did you mean batchSize?',
    ]);
    expect(problems(() => world.map(world.queue('orders.fifo'), { maximumBatchingWindowInSeconds: 5 }))).toEqual([
      'maximumBatchingWindowInSeconds: Batching window is not supported for FIFO queues',
    ]);
    expect(problems(() => world.map(world.queue(), { batchSize: 100 }))).toEqual([
      'batchSize: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ]);
    expect(world.engine.mappings).toEqual([]);
  });
});

describe('an engine', () => {
  it('shows what it has: mappings with id, function and source', () => {
    const mapping = world.engine.map({ source: world.queue(), target: works });
    expect(world.engine.mappings).toEqual([mapping]);
    expect(mapping.name).toBe(mapping.id);
    expect(mapping.sourceLabel).toBe('orders');
    expect(mapping.state).toBe<MappingState>('Disabled');
    expect(world.map(world.queue(), { name: 'second' }).functionName).toBe('second');
  });

  it('tells a function who it is, with the ARN of its account and region', async () => {
    world = new QueueWorld({ settings: { region: 'eu-west-1', accountId: '123456789012' } });
    const queue = world.queue();
    queue.send({ body: '1' });
    await world.started(queue, { name: 'billing', timeout: 7 });
    await world.idle();
    const context = world.invoked[0]?.context;
    expect(context?.invokedFunctionArn).toBe('arn:aws:lambda:eu-west-1:123456789012:function:billing');
    expect(context?.awsRequestId).toBe(world.of('batch.started')[0]?.requestId);
  });

  it('tells the whole story of a batch in events, once per batch', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5 });
    queue.sendBatch(bodies(3));
    await world.started(queue, { functionResponseTypes: ['ReportBatchItemFailures'], reservedConcurrentExecutions: 1 }, async (invoked) => {
      await world.sleep(250);
      return world.invoked.length === 1 ? failing(invoked, '2') : undefined;
    });
    await world.idle();
    const [first, second] = world.of('batch.started');
    expect(world.of('batch.started')).toMatchObject([
      { mapping: 'm', records: 3, attempt: 1 },
      { mapping: 'm', records: 1, attempt: 1 },
    ]);
    expect(world.of('batch.ended')).toEqual([
      {
        mapping: 'm',
        requestId: first?.requestId,
        records: 3,
        attempt: 1,
        durationMs: 250,
        outcome: 'success',
        returned: 1,
        error: 'the function reported 1 failed items',
      },
      {
        mapping: 'm',
        requestId: second?.requestId,
        records: 1,
        attempt: 1,
        durationMs: 250,
        outcome: 'success',
        returned: 0,
        error: undefined,
      },
    ]);
    expect(world.of('batch.settled').map(({ deleted, returned }) => [deleted, returned])).toEqual([
      [2, 1],
      [1, 0],
    ]);
    expect(world.of('mapping.state').map(({ to }) => to)).toEqual(['Creating', 'Enabled']);
  });

  it('lets listeners hear everything or one kind, until they end it, and survives one that throws', async () => {
    const settled: number[] = [];
    const names = new Set<string>();
    world.engine.on('batch.settled', () => {
      throw new Error('listener');
    });
    const end = world.engine.on('batch.settled', ({ deleted }) => settled.push(deleted));
    world.engine.on((name) => names.add(name));
    const queue = world.queue();
    queue.send({ body: '1' });
    await world.started(queue);
    await world.idle();
    end();
    queue.send({ body: '2' });
    await world.idle();
    expect(settled).toEqual([1]);
    expect(names).toContain('source.polled');
    expect(world.lines.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual(
      Array.from({ length: 2 }, () => 'an event listener threw'),
    );
  });

  it("counts under AWS's metric names", async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5 });
    queue.sendBatch(bodies(10));
    await world.started(queue, { functionResponseTypes: ['ReportBatchItemFailures'], reservedConcurrentExecutions: 1 }, (invoked) => {
      if (world.invoked.length === 1) return failing(invoked, '1', '2');
      if (world.invoked.length === 2) throw new Error('boom');
      return undefined;
    });
    await world.idle();
    const names = [
      'PolledEventCount',
      'InvokedEventCount',
      'FailedInvokeEventCount',
      'DeletedEventCount',
      'Invocations',
      'Errors',
      'Throttles',
    ];
    expect(names.map((name) => world.meter.sum(name))).toEqual([14, 14, 4, 10, 3, 1, 0]);
  });

  it('never writes a body, an attribute or a receipt handle into a log line or an event', async () => {
    const secret = 'body-4111-1111-1111-1111';
    const dead = world.queue('dead.fifo');
    const queue = world.queue('orders.fifo', { visibilityTimeoutSeconds: 2, redrive: { queue: dead, maxReceiveCount: 2 } });
    queue.sendBatch(
      grouped('a', 'b', 'c', 'd').map(({ body, messageGroupId }) => ({
        body: `${body} ${secret}`,
        messageGroupId,
        messageAttributes: { token: { dataType: 'String', stringValue: secret } },
      })),
    );
    const source = between(queue, {
      delete: async (receipts) => receipts.map(() => ({ ok: false, code: 'Denied', message: 'not allowed', retryable: false })),
    });
    await world.started(
      source,
      { batchSize: 1, timeout: 1, functionResponseTypes: ['ReportBatchItemFailures'] },
      async ({ bodies: [body = ''] }) => {
        if (body.startsWith('a')) throw new Error('boom');
        if (body.startsWith('b')) return { batchItemFailures: [{ itemIdentifier: secret }] };
        if (body.startsWith('c')) await world.sleep(3000);
        return undefined;
      },
    );
    await world.clock.advance(20_000);
    const handles = world.invoked.flatMap(({ event }) => event.Records.map(({ receiptHandle }) => receiptHandle));
    const told = JSON.stringify([world.lines, world.events]);
    expect(world.lines.length).toBeGreaterThan(10);
    expect(told).not.toContain(secret);
    for (const handle of handles) expect(told).not.toContain(handle);
    queue.purge();
    await world.clock.advance(5000);
  });

  it('explains what every part waits for', async () => {
    const queue = world.queue();
    await world.started(queue, { reservedConcurrentExecutions: 2 });
    await world.clock.advance(5000);
    expect(world.engine.explain()).toEqual([
      'm slot 0: the source has nothing; the next look is in 15.0 s at the latest',
      'm slot 1: the source has nothing; the next look is in 15.0 s at the latest',
    ]);
    await world.stop();
    expect(world.engine.explain()).toEqual(['m mapping: is disabled']);
  });
});

describe('a defect of a part', () => {
  it('is told, and what it held returns to its queue by itself, group and all', async () => {
    const queue = world.queue('orders.fifo', { visibilityTimeoutSeconds: 5 });
    queue.sendBatch(grouped('a1', 'a2', 'b1'));
    let isBroken = true;
    const source = between(queue, {
      toEvent: (messages, options) => {
        if (isBroken && messages.some(({ body }) => body === 'a1')) {
          isBroken = false;
          throw new Error('defect');
        }
        return queue.toEvent(messages, options);
      },
    });
    await world.started(source, { batchSize: 1 });
    expect(await world.idle()).toBeLessThan(60_000);
    expect(world.of('engine.defect')).toMatchObject([{ mapping: 'm', error: new Error('defect') }]);
    expect(world.batches.flat().filter((body) => body.startsWith('a'))).toEqual(['a1', 'a2']);
    expect(world.invoked.filter(({ bodies: [body] }) => body === 'a1').map(({ counts }) => counts)).toEqual([[2]]);
  });

  it('that repeats without end does not spin', async () => {
    const queue = world.queue('orders', { visibilityTimeoutSeconds: 5 });
    queue.send({ body: '1' });
    const source = between(queue, {
      toEvent: () => {
        throw new Error('defect');
      },
    });
    await world.started(source);
    await world.clock.advance(60_000);
    expect(world.of('engine.defect').length).toBeGreaterThan(3);
    expect(world.of('engine.defect').length).toBeLessThan(20);
  });
});
