import { describe, expect, it } from 'vitest';
import { SourceError, type StateStore } from '../../../src/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';
import { MortalWorld } from './mortal-world.ts';

const HOUR_MS = 3_600_000;

describe('where a stream mapping begins', () => {
  it('takes a re-created stream from its first record, with LATEST too, also when the process was gone meanwhile', async () => {
    const world = new MortalWorld();
    world.begin({ startingPosition: 'LATEST' }, () => undefined);
    await world.clock.advance(2000);
    world.kill();
    world.stream.recreate();
    world.put(0, 3);
    await world.clock.advance(60_000);
    world.begin({ startingPosition: 'LATEST' }, () => undefined);
    await world.clock.advance(30_000);
    world.kill();
    expect(world.texts).toEqual(['0', '1', '2']);
  });

  it('stops when records since LATEST may have been lost before the first was read', async () => {
    const world = new StreamWorld({ retentionMs: HOUR_MS });
    world.map({ startingPosition: 'LATEST' }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    world.put(0, 3);
    await world.clock.advance(2 * HOUR_MS);
    world.put(3, 6);
    world.renew();
    world.map({ startingPosition: 'LATEST' }, () => undefined);
    await world.engine.start();
    await world.clock.advance(60_000);
    expect(world.texts).toEqual([]);
    expect(world.engine.explain().join('\n')).toContain('records may have been lost');
    await world.stop();
  });

  it('reads what arrived at an instant or later, and splits and merges after their parents', async () => {
    const world = new StreamWorld();
    world.put(0, 3);
    await world.clock.advance(5000);
    const startingPositionTimestamp = world.clock.wall() / 1000;
    world.put(3, 6, 3);
    const [left, right] = world.stream.splitShard(world.stream.shardIds[0] ?? '');
    world.put(6, 60, 3);
    world.stream.mergeShards(left, right);
    world.put(60, 90, 3);
    world.map({ startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp, batchSize: 5 }, () => undefined);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.texts.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 87 }, (_, index) => index + 3));
    for (const key of ['key 0', 'key 1', 'key 2']) {
      const order = world.batches
        .flat()
        .filter((record) => record.key === key)
        .map(({ text }) => Number(text));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  });

  it('goes on where it was when every iterator has expired', async () => {
    const world = new StreamWorld();
    world.map({}, () => undefined);
    world.put(0, 5);
    await world.engine.start();
    await world.idle();
    world.stream.expireIterators();
    world.put(5, 8);
    await world.idle();
    await world.stop();
    expect(world.texts).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  it('hands over each record of a stream that was made anew once, though the service calls the old place trimmed', async () => {
    const world = new StreamWorld();
    const { stream } = world;
    const read = stream.read.bind(stream);
    let isAnew = false;
    // So does an emulator of Kinesis; the embedded stream would say not-found.
    stream.read = (request) => {
      if (isAnew && request.position.kind === 'after') throw new SourceError('trimmed', 'ResourceNotFoundException', 'no such record');
      return read(request);
    };
    world.map({}, () => undefined);
    world.put(0, 3);
    await world.engine.start();
    await world.idle();
    stream.recreate();
    isAnew = true;
    stream.expireIterators();
    world.put(3, 6);
    await world.clock.advance(60_000);
    await world.stop();
    expect(world.texts).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('forgets a trouble of the store when it is over', async () => {
    const world = new StreamWorld();
    const inner = world.store;
    let failures = 2;
    const store: StateStore = Object.assign(Object.create(inner) as StateStore, {
      acquire: inner.acquire.bind(inner),
      readRows: (mappingId: string) => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new SourceError('unavailable', 'EIO', 'the disk is away')) : inner.readRows(mappingId);
      },
      renew: inner.renew.bind(inner),
      release: inner.release.bind(inner),
      writeRows: inner.writeRows.bind(inner),
      durable: false,
      label: 'shaky',
    });
    world.store = store;
    world.renew();
    world.map({}, () => undefined);
    world.put(0, 2);
    void world.engine.start();
    await world.clock.advance(10);
    expect(world.engine.explain().join('\n')).toContain('the disk is away');
    await world.idle();
    expect(world.engine.explain().join('\n')).not.toContain('the disk is away');
    expect(world.texts).toEqual(['0', '1']);
    await world.stop();
  });
});
