/**
 * Defects of others in this field that concern streams, as they are known from reading: each is a promise here, which an engine
 * with that defect would break; the numbers in the titles count the list of them. Those about queues are in engine/known-defects.test.ts; AT_TIMESTAMP is held in
 * streams/beginnings.test.ts, lists of shards that have pages in adapters/kinesis/source.test.ts, leases in engine/lease.test.ts.
 */
import type { KinesisStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { handler } from '../../adapters/target/function/index.ts';
import type { FunctionTarget, Outcome } from '../../src/index.ts';
import { type SeenRecord, StreamWorld } from '../support/stream-world.ts';
import { MortalWorld } from './streams/mortal-world.ts';

/** Longer than a dead process keeps its lease. */
const TAKE_OVER_MS = 15_000;

const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => String(from + index));
const nothing = (): undefined => undefined;
const forever = (): Promise<never> => new Promise(() => undefined);

function ascending(texts: readonly string[]): string[] {
  return texts.toSorted((a, b) => Number(a) - Number(b));
}

/** Every key's records came in order. */
function expectOrder(records: readonly SeenRecord[]): void {
  const last = new Map<string, number>();
  for (const { key, text } of records) {
    expect(Number(text), key).toBeGreaterThan(last.get(key) ?? -1);
    last.set(key, Number(text));
  }
}

/** Parents have ended before their children begin. */
function expectLineage(world: StreamWorld, lineage: readonly (readonly [parent: string, child: string])[]): void {
  const states = world.events.flatMap(({ name, event }) => {
    if (name !== 'shard.state') return [];
    const { shardId, state } = event as { readonly shardId: string; readonly state: string };
    return [`${shardId} ${state}`];
  });
  for (const [parent, child] of lineage) {
    expect(states).toContain(`${parent} ended`);
    expect(states.indexOf(`${child} reading`)).toBeGreaterThan(states.indexOf(`${parent} ended`));
  }
}

describe('a position (1: stored before delivery, by the count of what was taken out of aggregates, or by the newest iterator)', () => {
  it.for([0, 3])('moves only when the function has succeeded: what it worked on, from %i on, comes again', async (from) => {
    const world = new MortalWorld();
    world.put(0, 6);
    world.begin({ batchSize: 3 }, (records) => (records[0]?.text === String(from) ? forever() : undefined));
    await world.clock.advance(1000);
    expect(world.texts).toEqual(numbers(from + 3));
    world.kill();
    world.batches.length = 0;
    world.begin({ batchSize: 3 }, nothing);
    await world.clock.advance(TAKE_OVER_MS);
    world.kill();
    expect(world.texts).toEqual(numbers(6 - from, from));
  });

  it('that is still a start is where reading goes on when an iterator expires, not the newest record', async () => {
    const world = new StreamWorld();
    world.put(0, 2);
    await world.clock.advance(1000);
    world.map({ startingPosition: 'LATEST' }, nothing);
    await world.engine.start();
    await world.clock.advance(1000);
    world.stream.expireIterators();
    world.put(2, 5);
    await world.clock.advance(1000);
    await world.stop();
    expect(world.texts).toEqual(numbers(3, 2));
  });

  it('counts an aggregate of the KPL as the one record it is, which is delivered untouched (12: whole, wherever its keys belong)', async () => {
    const world = new StreamWorld({ shards: 2 });
    // The producers' mark, something like their protocol buffer, and a checksum: not text, and not taken apart.
    const aggregate = Uint8Array.from([0xf3, 0x89, 0x9a, 0xc2, 0x0a, 0x01, 0x61, 0x1a, 0x03, 0x08, 0x00, 0xff, ...numbers(16).map(Number)]);
    const data: string[] = [];
    const target = handler(({ Records }: KinesisStreamEvent) => {
      data.push(...Records.map(({ kinesis }) => kinesis.data));
    });
    const map = (): void => {
      world.engine.map({ name: 'm', source: world.stream, target, startingPosition: 'TRIM_HORIZON', batchSize: 2 });
    };
    const aggregated = (): void => {
      // One key, in both shards: what is inside may belong to either.
      for (const explicitHashKey of ['0', String(2n ** 128n - 1n)])
        world.stream.put({ partitionKey: 'a', data: aggregate, explicitHashKey });
    };
    map();
    for (let round = 0; round < 3; round += 1) aggregated();
    await world.engine.start();
    await world.idle();
    await world.stop();
    world.renew();
    map();
    aggregated();
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(data).toEqual(Array.from({ length: 8 }, () => Buffer.from(aggregate).toString('base64')));
  });
});

describe('a merged shard (1: followed by one parent only)', () => {
  it('waits for both of its parents', async () => {
    const world = new StreamWorld({ shards: 2 });
    world.put(0, 40, 8);
    const [left = '', right = ''] = world.stream.shardIds;
    const child = world.stream.mergeShards(left, right);
    world.put(40, 60, 8);
    let isHeld = true;
    world.map({ batchSize: 5 }, ([first]) => {
      if (isHeld && first?.shardId === right) throw new Error('not yet');
    });
    await world.engine.start();
    await world.clock.advance(60_000);
    expect(world.batches.filter(([first]) => first?.shardId === left)).not.toEqual([]);
    expect(world.batches.filter(([first]) => first?.shardId === child)).toEqual([]);
    expect(world.engine.explain().join('\n')).toContain(`${child}: waits until its parents are worked off: ${right}`);
    isHeld = false;
    await world.idle();
    await world.stop();
    expect(ascending([...new Set(world.texts)])).toEqual(numbers(60));
    expectLineage(world, [
      [left, child],
      [right, child],
    ]);
  });
});

describe('shards that were closed before anybody read them (2: skipped, or read after their children)', () => {
  it('are read to their end, and their children after them', async () => {
    const world = new StreamWorld();
    world.put(0, 30, 6);
    const [parent = ''] = world.stream.shardIds;
    const [left, right] = world.stream.splitShard(parent);
    world.put(30, 60, 6);
    world.map({ parallelizationFactor: 3, batchSize: 4 }, nothing);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(ascending(world.texts)).toEqual(numbers(60));
    expectOrder(world.batches.flat());
    expectLineage(world, [
      [parent, left],
      [parent, right],
    ]);
  });

  it('stay ended over a restart: nobody reads them again (2: the row of an ended shard was removed)', async () => {
    const world = new StreamWorld();
    world.put(0, 10, 5);
    const [parent = ''] = world.stream.shardIds;
    world.stream.splitShard(parent);
    world.put(10, 20, 5);
    for (let life = 0; life < 3; life += 1) {
      if (life > 0) world.renew();
      world.map({}, nothing);
      await world.engine.start();
      await world.idle();
      await world.stop();
    }
    expect(ascending(world.texts)).toEqual(numbers(20));
    const rows = await world.store.readRows('m');
    expect(rows.find(({ shard }) => shard === parent)?.data).toContain('"position":{"at":"end"}');
  });
});

describe('a shard that opens while a mapping runs (2, 6: begins at its newest record)', () => {
  it.for(['LATEST', 'TRIM_HORIZON'] as const)('is read from its first record, with %s too', async (startingPosition) => {
    const world = new StreamWorld();
    world.map({ startingPosition }, nothing);
    await world.engine.start();
    await world.idle();
    world.put(0, 10, 10);
    world.stream.splitShard(world.stream.shardIds[0] ?? '');
    // In the children before anybody has heard of them, and while nobody runs.
    world.put(10, 50, 10);
    await world.stop();
    await world.clock.advance(5000);
    world.renew();
    world.map({ startingPosition }, nothing);
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(ascending(world.texts)).toEqual(numbers(50));
    expectOrder(world.batches.flat());
  });
});

describe('a batch that was not taken (5: dropped when the call raised; one retry held all shards)', () => {
  it('is handed over again whole, by the next process too, while other shards go on', async () => {
    const world = new MortalWorld({ shards: 4 });
    world.put(0, 80, 40);
    const [bad = ''] = world.stream.shardIds;
    const inBad = world.stream.peek(bad).records.map(({ data }) => Buffer.from(data, 'base64').toString());
    expect(inBad.length).toBeGreaterThan(4);
    world.begin({ batchSize: 10 }, ([first]) => {
      if (first?.shardId === bad) throw new Error('it is away');
    });
    await world.clock.advance(60_000);
    world.kill();
    expect(ascending(world.batches.flatMap((batch) => (batch[0]?.shardId === bad ? [] : batch.map(({ text }) => text))))).toEqual(
      numbers(80).filter((text) => !inBad.includes(text)),
    );
    const tries = world.batches.filter(([first]) => first?.shardId === bad).map((batch) => batch.map(({ text }) => text));
    expect(tries.length).toBeGreaterThan(2);
    expect(new Set(tries.map(String))).toEqual(new Set([String(inBad.slice(0, 10))]));
    world.batches.length = 0;
    world.begin({ batchSize: 10 }, nothing);
    await world.clock.advance(TAKE_OVER_MS);
    world.kill();
    expect(world.texts).toEqual(inBad);
  });
});

describe('a mapping (6: one thread for all of them)', () => {
  it('is not held by another one whose function hangs', async () => {
    const world = new StreamWorld();
    world.put(0, 20);
    world.map({ batchSize: 2 }, nothing);
    let isAsked = false;
    const target = handler(() => {
      isAsked = true;
      return forever();
    });
    world.engine.map({ name: 'hangs', source: world.stream, target, startingPosition: 'TRIM_HORIZON', timeout: 900 });
    await world.engine.start();
    await world.clock.advance(1000);
    expect(isAsked).toBe(true);
    expect(world.texts).toEqual(numbers(20));
    await world.clock.run(world.engine.stop({ timeoutMs: 0 }), 60_000);
  });
});

describe('a backlog (7: one batch a tick of a timer; LATEST ignored)', () => {
  it('is worked off as fast as the function answers, not at the pace of polls, and only from LATEST on', async () => {
    const world = new StreamWorld({ pollMs: 60_000 });
    world.put(0, 10);
    await world.clock.advance(1000);
    world.map({ batchSize: 10, startingPosition: 'LATEST' }, nothing);
    // More than a page.
    world.put(10, 12_000);
    await world.engine.start();
    await world.clock.advance(1000);
    expect(world.texts).toEqual(numbers(11_990, 10));
    await world.stop();
  });
});

describe('an exception (12: passed over)', () => {
  it.for([
    ['of the function', { kind: 'function-error', errorType: 'Error', errorMessage: 'no' }],
    ['of the way to it', { kind: 'service-error', message: 'reset', retryAfterMs: undefined }],
    ['that is a time-out', { kind: 'timeout' }],
  ] as const satisfies readonly (readonly [string, Outcome])[])(
    '%s repeats the batch, and never goes on without it',
    async ([, outcome]) => {
      const world = new StreamWorld();
      world.put(0, 4);
      const texts: string[] = [];
      const target: FunctionTarget<KinesisStreamEvent> = {
        invoke: ({ Records }) => {
          texts.push(Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString()).join(''));
          const answer: Outcome = texts.length <= 5 ? outcome : { kind: 'success', text: () => '' };
          return { outcome: Promise.resolve(answer), ended: Promise.resolve() };
        },
        close: () => Promise.resolve(),
      };
      world.engine.map({ name: 'm', source: world.stream, target, startingPosition: 'TRIM_HORIZON', batchSize: 2 });
      await world.engine.start();
      await world.idle();
      await world.stop();
      expect(texts).toEqual(['01', '01', '01', '01', '01', '01', '23']);
    },
  );
});
