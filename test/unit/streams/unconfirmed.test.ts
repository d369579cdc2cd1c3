import { describe, expect, it } from 'vitest';
import type { FailureDestination } from '../../../src/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';

describe('a batch whose retries are used up while its destination is away', () => {
  it('is not invoked again by the next engine, and reported with the count it had', async () => {
    const world = new StreamWorld();
    const { destination: memory } = world;
    let isUp = false;
    const destination: FailureDestination = {
      label: 'shaky',
      check: () => memory.check(),
      send: (discard, signal) => (isUp ? memory.send(discard, signal) : Promise.reject(new Error('down'))),
      close: () => memory.close(),
    };
    const map = (): void => {
      world.map({ batchSize: 1, maximumRetryAttempts: 1, destinationConfig: { onFailure: { destination } } }, ([first]) => {
        if (first?.text === '0') throw new Error('poison');
      });
    };
    world.put(0, 2);
    map();
    await world.engine.start();
    await world.clock.advance(60_000);
    expect(world.texts).toEqual(['0', '0']);
    await world.stop();
    isUp = true;
    world.renew();
    map();
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(memory.received.map(({ record }) => record.requestContext.approximateInvokeCount)).toEqual([2]);
    expect(world.texts).toEqual(['0', '0', '1']);
  });
});
