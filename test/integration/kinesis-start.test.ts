/** Where whole mappings of a Kinesis stream begin, and where they go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { KinesisWorld } from '../support/kinesis-world.ts';

/** Arrivals are told in ms: instants so far apart are told apart. */
const APART_MS = 20;

const nothing = (): void => undefined;

describeWithBackend('localstack', 'a mapping of a stream', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  afterAll(() => world.close());

  test('with TRIM_HORIZON begins with the first record that the stream has, in every shard', async ({ onTestFinished }) => {
    const stream = await world.stream(2);
    const placed = await stream.put(Array.from({ length: 20 }, (_, index) => ({ key: `key ${String(index)}`, value: String(index) })));
    const run = world.run(onTestFinished);
    run.map(stream, { startingPosition: 'TRIM_HORIZON' }, nothing);
    await run.start();
    await run.settled(20);
    for (const shard of await stream.openShards()) {
      const inShard = placed.filter(({ shardId }) => shardId === shard).map(({ value }) => value);
      const handled = run.batches.filter(({ shardId }) => shardId === shard).flatMap(({ records }) => records.map(({ value }) => value));
      expect(handled).toEqual(inShard);
      expect(inShard).not.toEqual([]);
    }
  });

  test('with LATEST begins with what is put after it was created, though it was started later', async ({ onTestFinished }) => {
    const stream = await world.stream();
    await stream.say('before');
    await sleep(APART_MS);
    const run = world.run(onTestFinished);
    run.map(stream, { startingPosition: 'LATEST' }, nothing);
    await sleep(APART_MS);
    await stream.say('between');
    await run.start();
    await run.settled(1);
    await stream.say('after');
    await run.settled(2);
    expect(run.texts().flat()).toEqual(['between', 'after']);
  });

  test('with LATEST and no record for a while begins with the first that comes', async ({ onTestFinished }) => {
    const stream = await world.stream();
    await stream.say('before');
    await sleep(APART_MS);
    const run = world.run(onTestFinished);
    run.map(stream, { startingPosition: 'LATEST' }, nothing);
    await run.start();
    await run.until(() => run.of('shard.page').length >= 5);
    await stream.say('first');
    await run.settled(1);
    expect(run.texts().flat()).toEqual(['first']);
  });

  test('with LATEST keeps its instant when the engine restarts before the first record', async ({ onTestFinished }) => {
    const stream = await world.stream();
    await stream.say('before');
    await sleep(APART_MS);
    const store = memoryStore();
    const first = world.run(onTestFinished, { store });
    first.map(stream, { startingPosition: 'LATEST' }, nothing);
    await first.start();
    await first.until(() => first.of('shard.page').length >= 2);
    await first.stop();
    await stream.say('while nobody reads');
    await sleep(APART_MS);
    const second = world.run(onTestFinished, { store });
    second.map(stream, { startingPosition: 'LATEST' }, nothing);
    await second.start();
    await second.settled(1);
    await stream.say('after');
    await second.settled(2);
    expect([...first.texts(), ...second.texts()].flat()).toEqual(['while nobody reads', 'after']);
  });

  test('with AT_TIMESTAMP begins with the first record at the instant or later, to the millisecond', async ({ onTestFinished }) => {
    const stream = await world.stream();
    await stream.say('long before');
    await sleep(APART_MS);
    await stream.say('before');
    await sleep(APART_MS);
    const startingPositionTimestamp = Date.now() / 1000;
    await sleep(APART_MS);
    await stream.say('after', 'long after');
    const run = world.run(onTestFinished);
    run.map(stream, { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp }, nothing);
    await run.start();
    await run.settled(2);
    expect(run.texts().flat()).toEqual(['after', 'long after']);
  });
});
