import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/index.ts';
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
