import { describe, expect, it } from 'vitest';
import { OneStream } from './one-stream.ts';

const RETENTION_MS = 60_000;

// Streams seed 437: a stop that came while shards were looked for begun those anew that had come to rest, from nothing.
describe('a stop that comes while shards are looked for', () => {
  it('begins no shard again that has come to rest', async () => {
    const world = new OneStream({ shards: 2, retentionMs: RETENTION_MS });
    const { clock, stream } = world;
    const describeStream = stream.describe.bind(stream);
    let isSlow = false;
    stream.describe = async () => {
      const described = await describeStream();
      if (isSlow) await new Promise<void>((resolve) => clock.timer(1000, resolve));
      return described;
    };
    const engine = world.start();
    await clock.advance(5000);
    isSlow = true;
    await clock.advance(5500);
    await clock.run(engine.stop());
    const begun = world.events('shard.state').filter(({ state }) => state === 'reading');
    expect(begun).toHaveLength(2);
  });
});
