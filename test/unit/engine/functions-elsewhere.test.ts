import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedTopic } from '../../../adapters/source/embedded-topic/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { handler } from '../../../adapters/target/function/index.ts';
import { CoreEngine, type FunctionTarget, silentLogger } from '../../../src/index.ts';
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

describe('a function that is not registered', () => {
  function engineWith(elsewhere: (functionName: string) => FunctionTarget): CoreEngine {
    const { clock, random, meter } = world;
    const store = memoryStore();
    return new CoreEngine({ clock, random, logger: silentLogger, meter, store, ownerLabel: 'x', functionsElsewhere: elsewhere });
  }

  it('is invoked elsewhere, by the name that was given, and its target is closed with the engine', async () => {
    const seen: Noted[] = [];
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

  it('is forgotten with the last mapping that uses it, which closes its target; what runs still comes to its end', async () => {
    const [made, closed]: [string[], string[]] = [[], []];
    const engine = engineWith((functionName) => {
      made.push(functionName);
      return {
        ...(noting([], functionName) as FunctionTarget),
        close: () => {
          closed.push(functionName);
          return functionName === 'lion' ? Promise.reject(new Error('no')) : Promise.resolve();
        },
      };
    });
    const map = (name: string, functionName: string): void => {
      engine.map({ name, source: world.queue(`${name}-${String(made.length)}`), functionName });
    };
    map('a', 'zebra');
    map('b', 'zebra');
    map('c', 'zebra:live');
    map('d', 'lion');
    await engine.start();
    await world.clock.run(engine.remove('a'));
    expect(closed).toEqual([]);
    await world.clock.run(engine.remove('b'));
    await world.clock.run(engine.remove('d'));
    expect(closed).toEqual(['zebra', 'lion']);
    map('b', 'zebra');
    map('d', 'lion');
    expect(made).toEqual(['zebra', 'zebra:live', 'lion', 'zebra', 'lion']);
    await world.clock.run(engine.remove('d'));
    await world.clock.run(engine.stop());
    expect(closed.toSorted()).toEqual(['lion', 'lion', 'zebra', 'zebra', 'zebra:live']);
  });

  it('is not kept where its mapping is refused', () => {
    const closed: string[] = [];
    const engine = engineWith((functionName) => ({
      ...works,
      close: () => {
        closed.push(functionName);
        return Promise.resolve();
      },
    }));
    expect(problemLines(() => engine.map({ source: world.queue(), functionName: 'zebra', weight: 0 }))).toHaveLength(1);
    expect(closed).toEqual(['zebra']);
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
    const seen: Noted[] = [];
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
