import { describe, expect, it } from 'vitest';
import type { KinesisRecord } from '../../../adapters/source/embedded-stream/index.ts';
import type { ReadRequest, StreamPosition, StreamStep } from '../../../src/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';

/** Between two looks at a shard, ms, as on Kinesis. */
const POLL_MS = 1000;

/** A world whose stream is looked at now and then only: no put ends a wait. */
function polledWorld(): StreamWorld {
  const world = new StreamWorld();
  const { stream, clock } = world;
  const read = stream.read.bind(stream);
  stream.read = async function* polled(request: ReadRequest): AsyncGenerator<StreamStep<KinesisRecord>, undefined> {
    let position: StreamPosition = request.position;
    while (!request.signal.aborted) {
      const once = new AbortController();
      for await (const step of read({ ...request, position, signal: once.signal })) {
        const last = step.kind === 'page' ? step.records.at(-1) : undefined;
        if (last !== undefined) position = { kind: 'after', sequenceNumber: last.sequenceNumber };
        once.abort();
        yield step;
      }
      await new Promise<void>((resolve) => {
        const cancel = clock.timer(POLL_MS, resolve);
        request.signal.addEventListener('abort', () => {
          cancel();
          resolve();
        });
      });
    }
    return undefined;
  };
  return world;
}

describe('the question whether a stream mapping is idle', () => {
  it('is answered by pages that were asked for after it, not by what a look before had found', async () => {
    const world = polledWorld();
    world.map({}, () => undefined);
    await world.engine.start();
    await world.idle();
    world.put(0, 5);
    await world.idle();
    expect(world.texts).toHaveLength(5);
    await world.stop();
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('is answered when the mapping is stopped before the next page comes', async () => {
    const world = polledWorld();
    world.map({}, () => undefined);
    await world.engine.start();
    await world.idle();
    const idle = world.engine.idle({ timeoutMs: 60_000 }).then(
      () => 'idle',
      () => 'not idle',
    );
    await world.clock.advance(100);
    await world.stop();
    expect(await world.clock.run(idle, 100_000)).toMatch(/idle/);
    expect(world.clock.pendingTimers).toBe(0);
  });
});
