import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handler } from '../../../adapters/target/function/index.ts';
import type { FunctionOptions, FunctionTarget } from '../../../src/index.ts';
import { type Noted, noting } from '../../support/noting-target.ts';
import { problemLines } from '../../support/problems-of.ts';
import { bodies, QueueWorld } from '../../support/queue-world.ts';

let world: QueueWorld;

beforeEach(() => {
  world = new QueueWorld();
});

afterEach(async () => {
  expect(await world.stop()).toBe(0);
});

const works = handler(() => undefined);
const HERE = 'arn:aws:lambda:us-east-1:000000000000:function:orders';

/** What one message made the function see that `functionName` names. */
async function invokedAs(functionName: string, options: (seen: Noted[]) => FunctionOptions<SQSEvent>): Promise<unknown> {
  const seen: Noted[] = [];
  world.engine.function(options(seen));
  const queue = world.queue();
  queue.send({ body: '1' });
  world.engine.map({ source: queue, functionName });
  await world.engine.start();
  await world.idle();
  const [first] = seen;
  return [first?.label, first?.functionName, first?.functionVersion, first?.invokedFunctionArn, first?.timeoutMs];
}

describe('a function by its name', () => {
  it.each([
    ['orders', ['latest', 'orders', '$LATEST', HERE, 3000]],
    ['orders:$LATEST', ['latest', 'orders', '$LATEST', `${HERE}:$LATEST`, 3000]],
    ['orders:1', ['one', 'orders', '1', `${HERE}:1`, 9000]],
    ['orders:2', ['latest', 'orders', '2', `${HERE}:2`, 3000]],
    ['orders:live', ['one', 'orders', '1', `${HERE}:live`, 9000]],
    ['orders:next', ['latest', 'orders', '$LATEST', `${HERE}:next`, 3000]],
    [HERE, ['latest', 'orders', '$LATEST', HERE, 3000]],
    [`${HERE}:live`, ['one', 'orders', '1', `${HERE}:live`, 9000]],
    ['000000000000:function:orders:live', ['one', 'orders', '1', `${HERE}:live`, 9000]],
    ['us-east-1:000000000000:function:orders', ['latest', 'orders', '$LATEST', HERE, 3000]],
  ])('%s is invoked, and told the version that runs and the ARN that was asked for', async (functionName, expected) => {
    const told = await invokedAs(functionName, (seen) => ({
      name: 'orders',
      target: noting(seen, 'latest'),
      versions: { '1': { target: noting(seen, 'one'), timeout: 9, description: 'the first one' }, '2': {} },
      aliases: { live: { functionVersion: '1' }, next: { functionVersion: '$LATEST', description: 'what comes' } },
    }));
    expect(told).toEqual(expected);
  });

  it.each<[string, string]>([
    ['order', 'Function does not exist: order is not registered with this engine; did you mean orders?'],
    ['zebra', 'Function does not exist: zebra is not registered with this engine'],
    ['orders:blue', 'Function does not exist: orders has no version or alias blue; it has live, $LATEST, 1'],
    ['orders:2', 'Function does not exist: orders has no version or alias 2; it has live, $LATEST, 1'],
    [
      'arn:aws:lambda:us-east-1:123456789012:function:orders',
      'Function does not exist: the functions of this engine are named arn:aws:lambda:us-east-1:000000000000:function:NAME',
    ],
    [
      'arn:aws:lambda:eu-west-1:000000000000:function:orders',
      'Function does not exist: the functions of this engine are named arn:aws:lambda:us-east-1:000000000000:function:NAME',
    ],
    ['or ders', 'is no name or ARN of a function'],
  ])('%s is refused, and nothing was added', (functionName, message) => {
    world.engine.function({ name: 'orders', target: works, versions: { '1': {} }, aliases: { live: { functionVersion: '1' } } });
    const problems = problemLines(() => world.engine.map({ source: world.queue(), functionName }));
    expect(problems).toEqual([expect.stringContaining(`functionName: ${message}`)]);
    expect(world.engine.mappings).toEqual([]);
  });

  it('is told in the spelling and at the place of whoever asks', () => {
    const checked = { at: 'mappings[3]', spell: (name: string) => name.charAt(0).toUpperCase() + name.slice(1) };
    expect(problemLines(() => world.engine.map({ source: world.queue(), functionName: 'zebra' }, checked))).toEqual([
      'mappings[3].FunctionName: Function does not exist: zebra is not registered with this engine',
    ]);
  });

  it.each<[object, string]>([
    [{ functionName: 'orders' }, 'functionName: must be left out beside a target'],
    [{ target: undefined, functionName: 5 }, 'functionName: must be the name or ARN of a function, but is the number 5'],
    [{ target: undefined }, 'target: must be a handler'],
    [{ target: undefined, functionName: 'orders', timeout: 5 }, 'functionName: function orders has its own timeout'],
    [{ target: undefined, functionName: 'orders', reservedConcurrentExecutions: 5 }, 'functionName: function orders has its own timeout'],
  ])('goes with nothing that contradicts it: %j', (given, message) => {
    world.engine.function({ name: 'orders', target: works });
    const options = { source: world.queue(), target: works, ...given };
    expect(problemLines(() => world.engine.map(options))).toEqual([expect.stringContaining(message)]);
  });

  it('may be undefined beside a target, for callers without types', () => {
    const options = { source: world.queue(), target: works, functionName: undefined };
    expect(world.engine.map(options).state).toBe('Disabled');
  });
});

describe('versions and aliases', () => {
  const weights = (additionalVersionWeights: Record<string, number>): object => ({
    live: { functionVersion: '1', routingConfig: { additionalVersionWeights } },
  });

  it.each<[string, object, string]>([
    ['versions that are none', { versions: null }, 'versions: must be an object with one entry for each name, but is null'],
    ['aliases in a list', { aliases: [] }, 'aliases: must be an object with one entry for each name'],
    ['a version that is no number', { versions: { one: {} } }, 'versions.one: must be named by a number from 1'],
    ['version 0', { versions: { '0': {} } }, 'versions.0: must be named by a number from 1'],
    [
      'a version that is nothing',
      { versions: { '1': null } },
      'versions.1: must be an object with target, timeout and description, but is null',
    ],
    ['a target that is none', { versions: { '1': { target: {} } } }, 'versions.1.target: must be a handler'],
    ['a negative time-out', { versions: { '1': { timeout: -1 } } }, 'versions.1.timeout: must be a number of seconds up to 900'],
    ['an alias of digits', { aliases: { '7': { functionVersion: '$LATEST' } } }, 'aliases.7: must be named by 1 to 128 letters'],
    [
      'an alias without a version',
      { aliases: { live: {} } },
      'aliases.live.functionVersion: must be a version such as "1", or $LATEST, but is missing',
    ],
    [
      'an alias of nothing',
      { aliases: { live: { functionVersion: '3' } } },
      'aliases.live.functionVersion: there is no version 3; there are $LATEST',
    ],
    [
      'three versions',
      { versions: { '1': {}, '2': {}, '3': {} }, aliases: weights({ '2': 0.1, '3': 0.1 }) },
      'aliases.live.routingConfig.additionalVersionWeights: must hold one version; an alias weighs 2 in all',
    ],
    ['$LATEST with a weight', { versions: { '1': {} }, aliases: weights({ $LATEST: 0.1 }) }, 'cannot weigh $LATEST'],
    ['a version against itself', { versions: { '1': {} }, aliases: weights({ '1': 0.1 }) }, 'must hold another version than 1'],
    [
      'a version that is missing',
      { versions: { '1': {} }, aliases: weights({ '2': 0.1 }) },
      'additionalVersionWeights.2: there is no version 2',
    ],
    [
      'a weight above 1',
      { versions: { '1': {}, '2': {} }, aliases: weights({ '2': 1.1 }) },
      'additionalVersionWeights.2: must be a number from 0 to 1',
    ],
    ['a misspelt field', { aliases: { live: { functionversion: '$LATEST' } } }, 'did you mean functionVersion?'],
  ])('are refused: %s', (_title, options, message) => {
    const problems = problemLines(() => world.engine.function({ name: 'orders', target: works, ...options }));
    expect(problems).toContainEqual(expect.stringContaining(message));
    // Nothing was registered.
    expect(problemLines(() => world.engine.function({ name: 'orders', target: works }))).toEqual([]);
  });

  it('are all checked before any is reported', () => {
    const options = { versions: { one: {}, '2': { timeout: 0 } }, aliases: { '7': { functionVersion: '9' } } };
    expect(problemLines(() => world.engine.function({ target: works, ...options }))).toHaveLength(4);
  });
});

describe('an alias of two versions', () => {
  it('says which of them ran when it is invoked directly', async () => {
    const seen: Noted[] = [];
    world.engine.function({
      name: 'orders',
      target: works,
      versions: { '1': { target: noting(seen, '1') }, '2': { target: noting(seen, '2') } },
      aliases: { live: { functionVersion: '1', routingConfig: { additionalVersionWeights: { '2': 1 } } } },
    });
    expect(await world.engine.invoke('orders:live', {})).toMatchObject({ kind: 'answered', version: '2' });
    expect(seen.map(({ label, functionVersion }) => [label, functionVersion])).toEqual([['2', '2']]);
  });

  it.each([
    { weight: 0.05, seed: 1 },
    { weight: 0.05, seed: 2 },
    { weight: 0.5, seed: 3 },
    { weight: 0.95, seed: 4 },
  ])('gives the second one the part $weight of the invocations (seed $seed)', async ({ weight, seed }) => {
    world = new QueueWorld({ seed });
    const seen: Noted[] = [];
    world.engine.function({
      name: 'orders',
      target: works,
      versions: { '1': { target: noting(seen, '1') }, '2': { target: noting(seen, '2') } },
      aliases: { live: { functionVersion: '1', routingConfig: { additionalVersionWeights: { '2': weight } } } },
    });
    const invocations = 4000;
    const queue = world.queue();
    for (let sent = 0; sent < invocations; sent += 10) queue.sendBatch(bodies(10));
    world.engine.map({ source: queue, functionName: 'orders:live', batchSize: 1, scalingConfig: { maximumConcurrency: 100 } });
    await world.engine.start();
    await world.idle();
    expect(seen).toHaveLength(invocations);
    expect(seen.every(({ label, functionVersion }) => label === functionVersion)).toBe(true);
    const second = seen.filter(({ label }) => label === '2').length;
    const expected = [invocations * (1 - weight), invocations * weight] as const;
    const chiSquare = (invocations - second - expected[0]) ** 2 / expected[0] + (second - expected[1]) ** 2 / expected[1];
    // One degree of freedom: a true split is above this once in a thousand seeds.
    expect(chiSquare).toBeLessThan(10.83);
    // And it is drawn, not dealt out: runs of the rarer version differ in length.
    const rarer = weight < 0.5 ? '2' : '1';
    const gaps = seen
      .map(({ label }) => (label === rarer ? 'x' : '.'))
      .join('')
      .split('x');
    expect(new Set(gaps.map(({ length }) => length)).size).toBeGreaterThan(5);
  });

  it.each([
    [0, '1'],
    [1, '2'],
  ])('with the weight %d gives all to version %s', async (weight, version) => {
    const seen: Noted[] = [];
    world.engine.function({
      name: 'orders',
      target: noting(seen, 'orders'),
      versions: { '1': {}, '2': {} },
      aliases: { live: { functionVersion: '1', routingConfig: { additionalVersionWeights: { '2': weight } } } },
    });
    const queue = world.queue();
    for (let sent = 0; sent < 200; sent += 10) queue.sendBatch(bodies(10));
    world.engine.map({ source: queue, functionName: 'orders:live', batchSize: 1 });
    await world.engine.start();
    await world.idle();
    expect(seen).toHaveLength(200);
    expect(new Set(seen.map(({ functionVersion }) => functionVersion))).toEqual(new Set([version]));
  });

  it('ends each version at its own time-out', async () => {
    const ended = new Map<string, number>();
    const hangs = (label: string): FunctionTarget<SQSEvent> =>
      handler((_event, { signal }) => {
        const since = world.clock.monotonic();
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            ended.set(label, world.clock.monotonic() - since);
            resolve(undefined);
          });
        });
      });
    world.engine.function({
      name: 'orders',
      target: works,
      versions: { '1': { target: hangs('1'), timeout: 2 }, '2': { target: hangs('2'), timeout: 7 } },
      aliases: { live: { functionVersion: '1', routingConfig: { additionalVersionWeights: { '2': 0.5 } } } },
    });
    const queue = world.queue();
    queue.sendBatch(bodies(10));
    world.engine.map({ source: queue, functionName: 'orders:live', batchSize: 1 });
    await world.engine.start();
    await world.clock.advance(60_000);
    expect([...ended].sort()).toEqual([
      ['1', 2000],
      ['2', 7000],
    ]);
    queue.purge();
  });
});

describe('reserved concurrency', () => {
  it('is one number for all versions, aliases and mappings of a function', async () => {
    world.engine.function({
      name: 'orders',
      target: world.target(() => world.sleep(300)),
      reservedConcurrentExecutions: 3,
      versions: { '1': {}, '2': {} },
      aliases: { live: { functionVersion: '1', routingConfig: { additionalVersionWeights: { '2': 0.3 } } } },
    });
    const names = ['orders', 'orders:$LATEST', 'orders:1', 'orders:2', 'orders:live'];
    for (const functionName of names) {
      const queue = world.queue(functionName.replace(/\W/g, '-'));
      queue.sendBatch(bodies(10));
      world.engine.map({ source: queue, functionName, name: functionName, batchSize: 1 });
    }
    await world.engine.start();
    await world.idle();
    expect(world.invoked).toHaveLength(50);
    expect(world.most).toBe(3);
    expect(new Set(world.invoked.map(({ context }) => context.functionVersion))).toEqual(new Set(['$LATEST', '1', '2']));
  });
});
