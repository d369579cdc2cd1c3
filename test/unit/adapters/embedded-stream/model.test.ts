import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EmbeddedStream, embeddedStream, type KinesisRecord } from '../../../../adapters/source/embedded-stream/index.ts';
import { SeededRandom, type StreamPosition, type StreamStep, VirtualClock } from '../../../../src/index.ts';
import { page, request, TRIM_HORIZON, texts } from './support.ts';

type Act =
  | { readonly kind: 'put'; readonly key: number; readonly count: number }
  | { readonly kind: 'split' | 'merge' | 'expire' | 'reopen'; readonly which: number }
  | { readonly kind: 'read'; readonly which: number; readonly maxRecords: number }
  | { readonly kind: 'wait'; readonly ms: number };

const which = fc.nat({ max: 100 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.nat({ max: 9 }), count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), which, maxRecords: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('split' as const, 'merge', 'expire', 'reopen'), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400_000 }) }) },
);

/** Reads a stream as an engine does: parents before their children, each shard from its position. */
class Consumer {
  readonly got: KinesisRecord[] = [];
  readonly #stream: EmbeddedStream;
  readonly #clock: VirtualClock;
  readonly #positions = new Map<string, StreamPosition>();
  readonly #reads = new Map<string, AsyncIterator<StreamStep<KinesisRecord>>>();

  constructor(stream: EmbeddedStream, clock: VirtualClock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  /** One page of one shard that may be read. False when there is none left. */
  async read(choice: number, maxRecords: number): Promise<boolean> {
    const shardId = at(await this.#readable(), choice);
    if (shardId === undefined) return false;
    const position = this.#positions.get(shardId) ?? TRIM_HORIZON;
    const read = this.#reads.get(shardId) ?? this.#stream.read(request({ shardId, position, maxRecords }));
    this.#reads.set(shardId, read);
    const { records, ended } = await this.#clock.run(page(read));
    this.got.push(...records);
    const last = records.at(-1);
    if (last !== undefined) this.#positions.set(shardId, { kind: 'after', sequenceNumber: last.sequenceNumber });
    if (ended) this.#positions.set(shardId, { kind: 'end' });
    return true;
  }

  /** Forgets a read, so that the next begins at the position. */
  reopen(choice: number): void {
    const shardId = at([...this.#reads.keys()], choice);
    if (shardId !== undefined) this.#reads.delete(shardId);
  }

  async #readable(): Promise<string[]> {
    const shards = await this.#stream.listShards();
    const hasEnded = (shardId: string): boolean => this.#positions.get(shardId)?.kind === 'end';
    return shards.filter(({ shardId, parents }) => !hasEnded(shardId) && parents.every(hasEnded)).map(({ shardId }) => shardId);
  }
}

function at<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items[choice % items.length];
}

function openShards(stream: EmbeddedStream): string[] {
  return stream.shardIds.filter((shardId) => !stream.peek(shardId).isClosed);
}

function merge(stream: EmbeddedStream, choice: number): void {
  const sorted = openShards(stream).sort((a, b) => (start(stream, a) < start(stream, b) ? -1 : 1));
  const index = choice % sorted.length;
  const [one, other] = [sorted[index], sorted[index + 1]];
  if (one !== undefined && other !== undefined) stream.mergeShards(one, other);
}

function start(stream: EmbeddedStream, shardId: string): bigint {
  return BigInt(stream.peek(shardId).hashKeyRange.startingHashKey);
}

interface Put {
  readonly key: string;
  readonly text: string;
}

interface World {
  readonly clock: VirtualClock;
  readonly stream: EmbeddedStream;
  readonly consumer: Consumer;
  /** All that was put, in its order. */
  readonly put: Put[];
}

async function perform(one: Act, { clock, stream, consumer, put }: World): Promise<void> {
  switch (one.kind) {
    case 'put':
      for (let count = 0; count < one.count; count += 1) {
        const record = { key: `key-${String(one.key)}`, text: String(put.length) };
        put.push(record);
        stream.put({ partitionKey: record.key, data: record.text });
      }
      return;
    case 'read':
      await consumer.read(one.which, one.maxRecords);
      return;
    case 'wait':
      return clock.advance(one.ms);
    case 'split':
      stream.splitShard(at(openShards(stream), one.which) ?? '');
      return;
    case 'merge': {
      merge(stream, one.which);
      return;
    }
    case 'expire': {
      stream.expireIterators();
      return;
    }
    case 'reopen': {
      consumer.reopen(one.which);
      return;
    }
  }
}

describe('whatever happens to an embedded stream', () => {
  it('a reader that follows the lineage gets every record once, those of a key in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(act, { maxLength: 60 }), async (shards, acts) => {
        const clock = new VirtualClock();
        const stream = embeddedStream({ name: 'orders', shards, clock, random: new SeededRandom(shards) });
        const consumer = new Consumer(stream, clock);
        const put: Put[] = [];
        for (const one of acts) await perform(one, { clock, stream, consumer, put });
        for (let turn = 0; consumer.got.length < put.length && turn < 2000; turn += 1) await consumer.read(turn, 10);
        const got = consumer.got.map((record) => ({ key: record.partitionKey, text: texts([record])[0] }));
        for (const key of new Set(put.map((record) => record.key))) {
          expect(got.filter((record) => record.key === key)).toEqual(put.filter((record) => record.key === key));
        }
        expect(got).toHaveLength(put.length);
      }),
      { numRuns: 60 },
    );
  });
});
