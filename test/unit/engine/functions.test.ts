import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedTopic } from '../../../adapters/source/embedded-topic/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { handler } from '../../../adapters/target/function/index.ts';
import { CoreEngine, type FunctionOptions, type FunctionTarget, type InvocationContext, silentLogger } from '../../../src/index.ts';
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

/** A target that writes down what it was told, under a name of its own. */
function noting(seen: (InvocationContext & { readonly label: string })[], label: string): FunctionTarget<SQSEvent> {
  return {
    invoke: (_event, context) => {
      seen.push({ ...context, label });
      return { outcome: Promise.resolve({ kind: 'success', text: () => '' }), ended: Promise.resolve() };
    },
    close: () => Promise.resolve(),
  };
}

/** What one message made the function see that `functionName` names. */
async function invokedAs(
  functionName: string,
  options: (seen: Parameters<typeof noting>[0]) => FunctionOptions<SQSEvent>,
): Promise<unknown> {
  const seen: Parameters<typeof noting>[0] = [];
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
  it.each([
    { weight: 0.05, seed: 1 },
    { weight: 0.05, seed: 2 },
    { weight: 0.5, seed: 3 },
    { weight: 0.95, seed: 4 },
  ])('gives the second one the part $weight of the invocations (seed $seed)', async ({ weight, seed }) => {
    world = new QueueWorld({ seed });
    const seen: Parameters<typeof noting>[0] = [];
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
    const seen: Parameters<typeof noting>[0] = [];
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

describe('a function that is not registered', () => {
  function engineWith(elsewhere: (functionName: string) => FunctionTarget): CoreEngine {
    const { clock, random, meter } = world;
    const store = memoryStore();
    return new CoreEngine({ clock, random, logger: silentLogger, meter, store, ownerLabel: 'x', functionsElsewhere: elsewhere });
  }

  it('is invoked elsewhere, by the name that was given, and its target is closed with the engine', async () => {
    const seen: Parameters<typeof noting>[0] = [];
    const made: string[] = [];
    let closed = 0;
    const engine = engineWith((functionName) => {
      made.push(functionName);
      return {
        ...(noting(seen, functionName) as FunctionTarget),
        close: () => {
          closed += 1;
          return Promise.resolve();
        },
      };
    });
    engine.function({ name: 'orders', target: noting(seen, 'here'), versions: { '1': {} } });
    const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:orders';
    const names = ['orders', 'zebra', 'zebra', 'zebra:live', `${arn}:7`, arn];
    for (const [index, functionName] of names.entries()) {
      const queue = world.queue(`queue-${String(index)}`);
      queue.send({ body: '1' });
      engine.map({ source: queue, functionName });
    }
    await engine.start();
    await world.clock.run(engine.idle());
    expect(made).toEqual(['zebra', 'zebra:live', `${arn}:7`, arn]);
    const told = seen.map(({ label, functionName, functionVersion, invokedFunctionArn, timeoutMs }) =>
      [label, functionName, functionVersion, invokedFunctionArn, timeoutMs].join(' '),
    );
    const zebra = 'arn:aws:lambda:us-east-1:000000000000:function:zebra';
    expect(told.sort()).toEqual(
      [
        `here orders $LATEST ${HERE} 3000`,
        `zebra zebra $LATEST ${zebra} 900000`,
        `zebra zebra $LATEST ${zebra} 900000`,
        `zebra:live zebra live ${zebra}:live 900000`,
        `${arn}:7 orders 7 ${arn}:7 900000`,
        `${arn} orders $LATEST ${arn} 900000`,
      ].sort(),
    );
    expect(closed).toBe(0);
    await world.clock.run(engine.stop());
    expect(closed).toBe(4);
  });

  it('has one breaker and one ledger, whichever of its versions and aliases its mappings name', async () => {
    let calls = 0;
    const engine = engineWith(() => ({
      remote: true,
      invoke: () => {
        calls += 1;
        return {
          outcome: Promise.resolve({ kind: 'service-error', message: 'ECONNREFUSED', retryAfterMs: undefined }),
          ended: Promise.resolve(),
        };
      },
      close: () => Promise.resolve(),
    }));
    const opened: string[] = [];
    engine.on('breaker.state', ({ functionName, state }) => state === 'open' && opened.push(functionName));
    for (const [index, functionName] of ['zebra', 'zebra:live', 'zebra:7', 'zebra:$LATEST'].entries()) {
      const queue = world.queue(`queue-${String(index)}`);
      queue.sendBatch(bodies(10));
      engine.map({ source: queue, functionName, name: functionName, batchSize: 1, scalingConfig: { maximumConcurrency: 2 } });
    }
    await engine.start();
    await world.clock.advance(100);
    expect(opened).toEqual(['zebra']);
    // Five in a row open it, and what was under way then comes out.
    expect(calls).toBeGreaterThanOrEqual(5);
    expect(calls).toBeLessThanOrEqual(5 + 8);
    const waiting = new Set<string | undefined>();
    for (let looks = 0; looks < 8; looks += 1) {
      await world.clock.advance(50);
      for (const line of engine.explain()) if (line.includes('the breaker of function zebra is open')) waiting.add(line.split(' ')[0]);
    }
    expect(waiting).toEqual(new Set(['zebra', 'zebra:live', 'zebra:7', 'zebra:$LATEST']));
    await world.clock.run(engine.stop({ timeoutMs: 0 }));
  });

  it('shares the account with others as one function, however many of its aliases are named', async () => {
    const { clock, random, meter } = world;
    const slow: FunctionTarget = handler(() => world.sleep(100));
    const seen: string[] = [];
    const engine = new CoreEngine(
      { clock, random, logger: silentLogger, meter, store: memoryStore(), ownerLabel: 'x', functionsElsewhere: (name) => noted(name) },
      { accountConcurrency: 4 },
    );
    const noted = (name: string): FunctionTarget => ({
      invoke: (event, context) => {
        seen.push(name);
        return slow.invoke(event, context);
      },
      close: () => Promise.resolve(),
    });
    const names = ['zebra', 'zebra:live', 'zebra:7', 'lion'];
    for (const [index, functionName] of names.entries()) {
      const queue = world.queue(`queue-${String(index)}`);
      for (let sent = 0; sent < 200; sent += 10) queue.sendBatch(bodies(10));
      engine.map({ source: queue, functionName, name: functionName, batchSize: 1 });
    }
    await engine.start();
    await world.clock.advance(5000);
    const part = seen.filter((name) => name === 'lion').length / seen.length;
    expect(part).toBeGreaterThan(0.4);
    expect(part).toBeLessThan(0.6);
    await world.clock.run(engine.stop({ timeoutMs: 0 }));
  });

  it('may be that of a topic too, and then has as long as functions of topics may have', async () => {
    const seen: Parameters<typeof noting>[0] = [];
    const engine = engineWith((name) => noting(seen, name));
    const topic = embeddedTopic({ name: 'orders', partitions: 1 });
    topic.produce({ value: 'x' });
    engine.map({ name: 'topic', source: topic, functionName: 'zebra' });
    const queue = world.queue();
    queue.send({ body: '1' });
    engine.map({ name: 'queue', source: queue, functionName: 'zebra' });
    await engine.start();
    const until = performance.now() + 20_000;
    while (seen.length < 2 && performance.now() < until) {
      await world.clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen.map(({ timeoutMs }) => timeoutMs).sort((a, b) => a - b)).toEqual([840_000, 900_000]);
    await world.clock.run(engine.stop({ timeoutMs: 0 }));
    await topic.close();
  });

  it('is still missing where the function is here and its alias is not', () => {
    const engine = engineWith(() => works);
    engine.function({ name: 'orders', target: works });
    expect(problemLines(() => engine.map({ source: world.queue(), functionName: 'orders:live' }))).toEqual([
      'functionName: Function does not exist: orders has no version or alias live; it has $LATEST',
    ]);
  });
});
