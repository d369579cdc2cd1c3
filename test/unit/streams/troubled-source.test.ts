import { describe, expect, it } from 'vitest';
import type { KinesisRecord } from '../../../adapters/source/embedded-stream/index.ts';
import { type ReadRequest, SourceError, type StreamStep } from '../../../src/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';

describe('a stream that lists its shards and does not describe itself', () => {
  it('is asked ever less often, and the problem stands until it is over', async () => {
    const world = new StreamWorld();
    const { stream } = world;
    const describeStream = stream.describe.bind(stream);
    let asked = 0;
    let isDown = false;
    stream.describe = () => {
      asked += 1;
      return isDown ? Promise.reject(new SourceError('denied', 'AccessDenied', 'not allowed')) : describeStream();
    };
    world.map({}, () => undefined);
    await world.engine.start();
    await world.clock.advance(5000);
    isDown = true;
    asked = 0;
    const before = world.events.length;
    await world.clock.advance(600_000);
    const problems = world.events.slice(before).filter(({ name }) => name === 'mapping.problem');
    expect(asked).toBeGreaterThan(30);
    expect(asked).toBeLessThan(150);
    expect(problems.filter(({ event }) => (event as { readonly problem: unknown }).problem === undefined)).toEqual([]);
    isDown = false;
    await world.clock.advance(30_000);
    expect(world.mapping?.problem).toBeUndefined();
    await world.stop();
  });
});

describe('a stream that goes on behind what it has trimmed and does not say so', () => {
  it.for([
    ['stop', 'stands still'],
    ['resumeAtTrimHorizon', 'the source has nothing'],
  ] as const)('with onTrimmed %s: after a wait for room of longer than its retention the shard %s', async ([onTrimmed, said]) => {
    const world = new StreamWorld({ retentionMs: 60_000 });
    const { stream, clock } = world;
    const read = stream.read.bind(stream);
    stream.read = async function* silently(request: ReadRequest): AsyncGenerator<StreamStep<KinesisRecord>, undefined> {
      try {
        yield* read(request);
      } catch (error) {
        if (!(error instanceof SourceError) || error.kind !== 'trimmed') throw error;
        yield* read({ ...request, position: { kind: 'start', start: { kind: 'trim-horizon' } } });
      }
      return undefined;
    };
    let isHeld = true;
    world.map({ onTrimmed }, async () => {
      while (isHeld) {
        await new Promise<void>((resolve) => {
          clock.timer(1000, resolve);
        });
      }
    });
    world.put(0, 10_000);
    await world.engine.start();
    await clock.advance(1000);
    world.put(10_000, 10_010);
    await clock.advance(100_000);
    world.put(10_010, 10_020);
    isHeld = false;
    await clock.advance(60_000);
    expect(world.engine.explain().join('\n')).toContain(said);
    expect(new Set(world.texts).size).toBe(onTrimmed === 'stop' ? 10_000 : 10_010);
    await world.stop();
  });
});
