import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { CoreEngine, type EventLoopMonitor, SeededRandom, silentLogger, VirtualClock } from '../../../src/index.ts';
import { CountingMeter } from '../../support/counting-meter.ts';
import { QueueWorld } from '../../support/queue-world.ts';
import { StreamWorld } from '../../support/stream-world.ts';

/** Time passes, and the watchdog looks every ten seconds. */
async function watch(world: QueueWorld | StreamWorld, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10_000) {
    await world.clock.advance(10_000);
    world.engine.look();
  }
}

describe('the watchdog of an engine', () => {
  it('finds a queue that owes an answer, and tells it as event, metric and log line until the answer comes', async () => {
    const world = new QueueWorld();
    const queue = world.queue();
    let answer: () => void = () => undefined;
    const receive = queue.receive.bind(queue);
    const mapping = world.engine.map({
      name: 'm',
      source: Object.assign(queue, {
        receive: async (request: Parameters<typeof receive>[0]) => {
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
          return receive(request);
        },
      }),
      target: world.target(),
      reservedConcurrentExecutions: 1,
    });
    await world.engine.start();
    await watch(world, 60_000);
    expect(world.engine.findings).toEqual([]);
    await watch(world, 60_000);
    expect(world.engine.findings).toMatchObject([{ kind: 'poll-unanswered', mapping: 'm', part: 'slot 0', severity: 'stuck' }]);
    expect(mapping.explanation().findings).toEqual(world.engine.findings);
    expect(world.of('watchdog.finding')).toMatchObject([{ kind: 'poll-unanswered', isOver: false }]);
    expect(world.meter.sum('millrace_watchdog_findings')).toBe(1);
    expect(world.lines.filter(({ text }) => text === 'the watchdog finds')).toMatchObject([{ level: 'warn' }]);
    answer();
    await watch(world, 30_000);
    expect(world.engine.findings).toEqual([]);
    expect(world.of('watchdog.finding').at(-1)).toMatchObject({ isOver: true });
    expect(world.meter.sum('millrace_watchdog_findings')).toBe(0);
    const stopped = world.engine.stop({ timeoutMs: 0 });
    answer();
    await world.clock.run(stopped);
  });

  it('lets every mapping wait for the process while its event loop is blocked, and no longer', async () => {
    const world = new StreamWorld();
    world.map({}, () => undefined);
    await world.engine.start();
    await world.clock.advance(1000);
    const ofProcess = (): unknown[] => (world.mapping?.waits() ?? []).filter(({ part }) => part === 'process').map(({ reason }) => reason);
    world.engine.look(50);
    expect(ofProcess()).toEqual([]);
    world.engine.look(2500);
    expect(ofProcess()).toEqual([{ kind: 'event-loop', delayMs: 2500 }]);
    expect(world.engine.explain().join('\n')).toContain('the process did not get round to its work for 2500 ms');
    world.engine.look(50);
    expect(ofProcess()).toEqual([]);
    await world.stop();
  });

  it('is silent for long while a function fails, a window is open, a breaker is open or there is nothing to do', async () => {
    const world = new StreamWorld({ shards: 2 });
    world.map({ maximumRetryAttempts: -1, parallelizationFactor: 3, maximumBatchingWindowInSeconds: 300 }, (records) => {
      if (records.some(({ text }) => text === '3')) throw new Error('poison');
    });
    world.put(0, 30, 7);
    await world.engine.start();
    await watch(world, 1_800_000);
    expect(world.events.filter(({ name }) => name === 'watchdog.finding')).toEqual([]);
    await world.stop();
  });
});

describe('a started engine that measures the event loop', () => {
  it('looks by itself every 10 s, tells a loop that was held up, and leaves no timer behind', async () => {
    const clock = new VirtualClock();
    const meter = new CountingMeter();
    let delayMs = 0;
    let measures = 0;
    const eventLoop = (): EventLoopMonitor => {
      measures += 1;
      return {
        delayMs: () => delayMs,
        stop: () => {
          measures -= 1;
        },
      };
    };
    const platform = { clock, random: new SeededRandom(1), logger: silentLogger, meter, store: memoryStore(), ownerLabel: 'x', eventLoop };
    const engine = new CoreEngine(platform);
    const told: unknown[] = [];
    engine.on('watchdog.finding', (event) => told.push(event));
    expect(measures).toBe(0);
    await engine.start();
    await clock.advance(10_000);
    expect([measures, told.length]).toEqual([1, 0]);
    delayMs = 2500;
    await clock.advance(10_000);
    expect(told).toMatchObject([{ kind: 'event-loop-delay', mapping: undefined, severity: 'warning', isOver: false }]);
    expect(meter.sum('millrace_event_loop_delay_seconds')).toBe(2.5);
    await engine.stop();
    expect([measures, clock.pendingTimers]).toEqual([0, 0]);
  });
});
