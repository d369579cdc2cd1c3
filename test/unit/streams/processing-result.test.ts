import { describe, expect, it } from 'vitest';
import { StreamWorld } from '../../support/stream-world.ts';

describe('LastProcessingResult of a stream mapping', () => {
  it('tells how the last batch came out', async () => {
    const world = new StreamWorld();
    let isBroken = false;
    world.map({}, () => {
      if (isBroken) throw new Error('broken');
    });
    expect(world.mapping?.lastProcessingResult).toBe('No records processed');
    await world.engine.start();
    world.put(0, 1);
    await world.idle();
    expect(world.mapping?.lastProcessingResult).toBe('OK');
    isBroken = true;
    world.put(1, 2);
    await world.clock.advance(10_000);
    expect(world.mapping?.lastProcessingResult).toBe('PROBLEM: Function call failed');
    isBroken = false;
    await world.idle();
    expect(world.mapping?.lastProcessingResult).toBe('OK');
    await world.stop();
  });

  it('tells that the source cannot be reached', async () => {
    const world = new StreamWorld();
    world.map({}, () => undefined);
    world.stream.delete();
    await world.engine.start();
    await world.clock.advance(1000);
    expect(world.mapping?.lastProcessingResult).toMatch(/^PROBLEM: Connection error/);
    await world.stop();
  });

  it('is shown of the windows, too: an answer without state is a failed call', async () => {
    const world = new StreamWorld();
    world.map({ tumblingWindowInSeconds: 60 }, () => undefined);
    world.put(0, 1);
    await world.engine.start();
    await world.clock.advance(5000);
    expect(world.mapping?.lastProcessingResult).toBe('PROBLEM: Function call failed');
    await world.stop();
  });
});
