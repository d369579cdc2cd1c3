import type { SelfManagedKafkaEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { EmbeddedTopic } from '../../../adapters/source/embedded-topic/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { handler } from '../../../adapters/target/function/index.ts';
import { CoreEngine, SeededRandom, sequenceNumber, silentLogger, silentMeter, VirtualClock } from '../../../src/index.ts';
import { decodeCommit } from '../../../src/settle/index.ts';
import { withCommits } from '../../support/faulty-commits.ts';

const ABOUT = { incarnation: 'orders', hash: 'fnv1a' };

/** Engines one after another, with two mappings of a function that runs once at a time; commits for the first topic come out as told. */
class World {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(7);
  readonly orders = new EmbeddedTopic({ name: 'orders', clock: this.clock, random: this.random });
  readonly returns = new EmbeddedTopic({ name: 'returns', clock: this.clock, random: this.random });
  readonly handled: string[] = [];
  commitOrder: () => Promise<undefined> | undefined = () => undefined;
  workMs = 10;

  /** Commits for the first topic are not answered before that is said. */
  holdCommits(): { readonly answer: () => void } {
    const held: (() => void)[] = [];
    this.commitOrder = () => new Promise((resolve) => held.push(() => resolve(undefined)));
    return {
      answer: () => {
        this.commitOrder = () => undefined;
        for (const go of held) go();
      },
    };
  }

  start(): CoreEngine {
    const { clock, random } = this;
    const parts = { clock, random, logger: silentLogger, meter: silentMeter, store: memoryStore(), ownerLabel: 'a test' };
    const engine = new CoreEngine(parts);
    const target = engine.function({
      name: 'work',
      reservedConcurrentExecutions: 1,
      target: handler(async (event: SelfManagedKafkaEvent) => {
        for (const { topic, offset } of Object.values(event.records).flat()) this.handled.push(`${topic} ${String(offset)}`);
        await new Promise<void>((resolve) => clock.timer(this.workMs, resolve));
      }),
    });
    const fields = { batchSize: 1, maximumBatchingWindowInSeconds: 0, target };
    const orders = withCommits(this.orders.client({ clock }), () => this.commitOrder());
    engine.map({ ...fields, name: 'orders', source: orders });
    engine.map({ ...fields, name: 'returns', source: this.returns.client({ clock }) });
    void engine.start();
    return engine;
  }

  async once(): Promise<void> {
    const engine = this.start();
    this.orders.produce({ value: '0' });
    this.returns.produce({ value: '0' });
    await this.clock.run(engine.idle());
    await this.clock.run(engine.stop());
    this.handled.length = 0;
  }
}

describe('a lane that is resumed, and stores what it is about to do', () => {
  it('holds no credit while that is not answered, and begins when it is', async () => {
    const world = new World();
    await world.once();
    const { answer } = world.holdCommits();
    const engine = world.start();
    world.orders.produce({ value: '1' });
    await world.clock.advance(5000);
    expect(world.handled).toEqual([]);
    for (const value of ['1', '2', '3']) world.returns.produce({ value });
    await world.clock.advance(5000);
    expect(world.handled).toEqual(['returns 1', 'returns 2', 'returns 3']);
    answer();
    await world.clock.run(engine.idle());
    expect(world.handled.at(-1)).toBe('orders 1');
    await world.clock.run(engine.stop());
  });

  it('is not taken for what ended the process while it waits for a credit after that', async () => {
    const world = new World();
    await world.once();
    const { answer } = world.holdCommits();
    const engine = world.start();
    world.orders.produce({ value: '1' });
    await world.clock.advance(5000);
    world.workMs = 2000;
    world.returns.produce({ value: '1' });
    await world.clock.advance(500);
    expect(world.handled).toEqual(['returns 1']);
    answer();
    await world.clock.advance(500);
    const committed = world.orders.peekGroup('orders').committed.get(0);
    const stored = committed && decodeCommit({ ...committed, offset: sequenceNumber(committed.offset) }, ABOUT);
    expect(stored?.row).toMatchObject({ position: { sequenceNumber: '1' }, retry: [] });
    await world.clock.run(engine.idle());
    expect(world.handled).toEqual(['returns 1', 'orders 1']);
    await world.clock.run(engine.stop());
  });
});
