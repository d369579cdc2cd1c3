import { EmbeddedStream } from '../../../adapters/source/embedded-stream/index.ts';
import type { Clock, SeededRandom, SequenceNumber } from '../../../src/index.ts';
import type { StreamOfPlan, StreamSend } from './plan.ts';
import type { Offered } from './record.ts';

/** How often a read of an idle shard gives an empty page, ms. */
export const POLL_MS = 2000;

/** What was put. */
export type Put = Pick<Offered, 'incarnation' | 'shardId' | 'sequenceNumber' | 'arrivedAt' | 'data'>;

/** A stream of the world, and the truth of what is in it. */
export class WatchedStream {
  readonly plan: StreamOfPlan;
  readonly embedded: EmbeddedStream;
  /** What large records claim to take, by sequence number, bytes. */
  readonly sizes = new Map<string, number>();
  readonly #clock: Clock;
  incarnation = '';
  /** When it was made anew, ms. */
  recreatedAt = Number.NEGATIVE_INFINITY;
  /** When this incarnation was made, wall clock, epoch ms. */
  bornAt: number;

  /** The wall instant that AT_TIMESTAMP names, epoch ms. */
  readonly startAt: number;

  constructor(plan: StreamOfPlan, clock: Clock, random: SeededRandom, startAt: number) {
    const { name, shards, retentionMs } = plan;
    this.plan = plan;
    this.startAt = startAt;
    this.#clock = clock;
    this.bornAt = clock.wall();
    this.embedded = new EmbeddedStream({ name, clock, random, shards, retentionMs, pollMs: POLL_MS });
  }

  async open(): Promise<void> {
    this.incarnation = (await this.embedded.describe()).incarnation;
  }

  put({ key, bytes, kind }: StreamSend, text: string): Put {
    const data = dataOf(text, kind);
    const { shardId, sequenceNumber } = this.embedded.put({ partitionKey: key, data });
    if (bytes > 0) this.sizes.set(sequenceNumber, bytes);
    const arrivedAt = this.embedded.peek(shardId).records.at(-1)?.arrivedAt ?? this.#clock.wall();
    return { incarnation: this.incarnation, shardId, sequenceNumber, arrivedAt, data: Buffer.from(data).toString('base64') };
  }

  async recreate(): Promise<void> {
    this.recreatedAt = this.#clock.monotonic();
    this.bornAt = this.#clock.wall();
    this.embedded.recreate();
    await this.open();
  }

  /** Whether a record can still be read. */
  keeps({ incarnation, shardId, sequenceNumber }: Offered): boolean {
    if (incarnation !== this.incarnation || !this.#knows(shardId)) return false;
    const oldest = this.embedded.peek(shardId).records[0];
    return oldest !== undefined && BigInt(oldest.sequenceNumber) <= BigInt(sequenceNumber);
  }

  /** Whether a shard takes no more records, or is not known any more. */
  isClosed(shardId: string): boolean {
    return !this.#knows(shardId) || this.embedded.peek(shardId).isClosed;
  }

  trim(shardId: string, upTo: string): void {
    this.embedded.trim(shardId, upTo as SequenceNumber);
  }

  #knows(shardId: string): boolean {
    return this.embedded.shardIds.includes(shardId);
  }
}

/** The data of a record; an engine that parsed it and wrote it again would change an order. */
function dataOf(text: string, kind: StreamSend['kind']): string | Uint8Array {
  switch (kind) {
    case 'order':
      return `{ "text" : "${text}",  "kind":"order" }`;
    case 'chat':
      return JSON.stringify({ text, kind: 'chat' });
    case 'plain':
      return `order ${text}`;
    case 'no text':
      return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text)]);
  }
}
