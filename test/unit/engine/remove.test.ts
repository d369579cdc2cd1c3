import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedTopic } from '../../../adapters/source/embedded-topic/index.ts';
import { handler } from '../../../adapters/target/function/index.ts';
import { bodies, QueueWorld } from '../../support/queue-world.ts';
import { StreamWorld } from '../../support/stream-world.ts';

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

describe('a mapping that is removed', () => {
  it('drains, is forgotten, and another may begin under its name with the messages it left', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(12));
    await world.started(queue, { batchSize: 1 }, () => world.sleep(2000));
    await world.clock.advance(100);
    await world.clock.run(world.engine.remove('m'));
    expect(world.engine.mappings).toEqual([]);
    expect(world.invoked.map(({ endedAt }) => endedAt)).not.toContain(undefined);
    const left = await queue.depth();
    expect(left).toEqual({ visible: 12 - world.invoked.length, notVisible: 0, delayed: 0 });
    world.map(queue, { batchSize: 10 });
    await world.idle();
    expect(world.batches.flat().toSorted()).toEqual(
      bodies(12)
        .map(({ body }) => body)
        .toSorted(),
    );
  });

  it('ends at its time-out with what does not finish given back', async () => {
    const queue = world.queue();
    queue.sendBatch(bodies(1));
    await world.started(queue, {}, ({ context }) => new Promise((_resolve, reject) => context.signal.addEventListener('abort', reject)));
    await world.clock.advance(100);
    await world.clock.run(world.engine.remove('m', { timeoutMs: 500 }));
    expect(await queue.depth()).toEqual({ visible: 1, notVisible: 0, delayed: 0 });
  });

  it('is no error when it is not there, nor twice at once', async () => {
    const queue = world.queue();
    await world.started(queue);
    await world.clock.run(Promise.all([world.engine.remove('m'), world.engine.remove('m'), world.engine.remove('nobody')]));
    expect(world.engine.mappings).toEqual([]);
  });

  it('leaves its positions to the one that follows under its name', async () => {
    const stream = new StreamWorld();
    stream.map({ batchSize: 2 }, () => undefined);
    await stream.engine.start();
    stream.put(0, 5);
    await stream.idle();
    await stream.clock.run(stream.engine.remove('m'));
    stream.put(5, 8);
    stream.map({ batchSize: 100, startingPosition: 'LATEST' }, () => undefined);
    await stream.idle();
    await stream.stop();
    expect(stream.texts).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });
});

it('a mapping has the UUID that it is given, and LATEST means when it was created', async () => {
  const stream = new StreamWorld();
  const createdAt = stream.clock.wall();
  await stream.clock.advance(5000);
  stream.put(0, 2);
  await stream.clock.advance(5000);
  const id = '01234567-89ab-4cde-8f01-23456789abcd';
  stream.map({ startingPosition: 'LATEST', id, createdAt }, () => undefined);
  expect(stream.mapping?.id).toBe(id);
  await stream.engine.start();
  await stream.idle();
  await stream.stop();
  expect(stream.texts).toEqual(['0', '1']);
});

describe('a function that is invoked without a mapping', () => {
  it('answers within the function its mappings share, and is refused when that is full', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    world.engine.function({ name: 'mill', description: 'mills', reservedConcurrentExecutions: 1, target: world.target(() => held) });
    const first = world.engine.invoke('mill', { Records: [] });
    await world.clock.settle();
    expect(await world.engine.invoke('mill', { Records: [] })).toEqual({ kind: 'no-credit', isReserved: true });
    release();
    expect(await first).toMatchObject({ kind: 'answered', version: '$LATEST', outcome: { kind: 'success' } });
    expect(await world.engine.invoke('nobody', {})).toBeUndefined();
  });

  it('is found by every form of its name, with its versions and aliases', () => {
    const aliases = { live: { functionVersion: '1' } };
    world.engine.function({ name: 'mill', target: world.target(), timeout: 7, versions: { '1': { timeout: 9 } }, aliases });
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:mill';
    const found = (name: string): unknown => {
      const one = world.engine.findFunction(name);
      return one && [one.arn, one.version, one.timeoutMs];
    };
    expect(found('mill')).toEqual([arn, '$LATEST', 7000]);
    expect(found('mill:live')).toEqual([`${arn}:live`, '1', 9000]);
    expect(found('000000000000:function:mill:$LATEST')).toEqual([`${arn}:$LATEST`, '$LATEST', 7000]);
    expect([found('mill:2'), found('mil'), found('arn:aws:lambda:eu-west-1:000000000000:function:mill')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(world.engine.functions).toEqual([
      {
        name: 'mill',
        arn,
        description: undefined,
        reservedConcurrency: undefined,
        versions: [
          { version: '$LATEST', timeoutMs: 7000 },
          { version: '1', timeoutMs: 9000 },
        ],
        aliases: ['live'],
      },
    ]);
  });
});

it('the series of a mapping that is removed end with it, and those of its function with the last one', async () => {
  const forgotten: unknown[] = [];
  Object.assign(world.meter, { forget: (labels: unknown) => forgotten.push(labels) });
  const mapping = await world.started(world.queue());
  await world.clock.run(world.engine.remove('m'));
  expect(forgotten).toEqual([{ EventSourceMappingUUID: mapping.id }, { FunctionName: 'm' }]);
});

it('a mapping that is refused opens no series of its function', () => {
  const { clock, random, meter, engine } = world;
  const source = new EmbeddedTopic({ name: 'orders', clock, random }).client({ clock });
  const target = Object.assign(
    handler(() => undefined),
    { remote: true },
  );
  expect(() => engine.map({ name: 'm'.repeat(201), source, target: target })).toThrow(/consumerGroupId/);
  expect(meter.labels.get('millrace_breaker_state') ?? []).toEqual([]);
  engine.map({ name: 'm', source, target: target });
  expect(meter.labels.get('millrace_breaker_state')).toHaveLength(1);
});
