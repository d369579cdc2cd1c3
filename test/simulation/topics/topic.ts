import { EmbeddedTopic } from '../../../adapters/source/embedded-topic/index.ts';
import type { Clock, SeededRandom } from '../../../src/index.ts';
import type { Offered } from '../streams/record.ts';
import type { TopicOfPlan, TopicSend } from './plan.ts';

/** How often a read at the end gives an empty page, ms. */
export const POLL_MS = 1000;
/** The consumer group of all processes. */
export const GROUP = 'group-1';
/** A topic has no incarnation that the engine is told of. */
export const INCARNATION = '';

/** What was produced. */
export type Produced = Pick<Offered, 'incarnation' | 'shardId' | 'sequenceNumber' | 'arrivedAt' | 'data' | 'key'> & {
  readonly isKeyless: boolean;
};

/** The topic of the world, and the truth of what is in it. */
export class WatchedTopic {
  readonly plan: TopicOfPlan;
  readonly embedded: EmbeddedTopic;
  /** What large records claim to take, by partition and offset, bytes. */
  readonly sizes = new Map<string, number>();
  /** The wall instant that AT_TIMESTAMP names, epoch ms. */
  readonly startAt: number;
  readonly #clock: Clock;

  constructor(plan: TopicOfPlan, clock: Clock, random: SeededRandom, startAt: number) {
    const { name, partitions, retentionMs, sessionTimeoutMs, firstOffset, isCommittedOnly } = plan;
    const isolation = isCommittedOnly ? 'read_committed' : 'read_uncommitted';
    this.plan = plan;
    this.#clock = clock;
    this.startAt = startAt;
    this.embedded = new EmbeddedTopic({
      name,
      clock,
      random,
      partitions,
      retentionMs,
      sessionTimeoutMs,
      firstOffset,
      isolation,
      pollMs: POLL_MS,
    });
  }

  /** Keys are those of one partition, also when others are added. */
  produce({ pick, key, bytes, kind }: TopicSend, text: string, partitions: number): Produced {
    const partition = Math.floor(pick * partitions);
    const value = valueOf(text, kind);
    const name = key === undefined ? undefined : `key ${String(key)} of ${String(partition)}`;
    const { offset } = this.embedded.produce({ partition, key: name ?? null, value });
    const shardId = this.nameOf(partition);
    if (bytes > 0) this.sizes.set(`${shardId} ${offset}`, bytes);
    const isKeyless = name === undefined;
    const arrivedAt = Math.floor(this.#clock.wall());
    const data = Buffer.from(value).toString('base64');
    return {
      incarnation: INCARNATION,
      shardId,
      sequenceNumber: offset,
      arrivedAt,
      data,
      key: name ?? `no key, ${shardId} ${offset}`,
      isKeyless,
    };
  }

  nameOf(partition: number): string {
    return `${this.plan.name}-${String(partition)}`;
  }

  /** The number of a partition by its name. */
  numberOf(shardId: string): number {
    return Number(shardId.slice(this.plan.name.length + 1));
  }

  /** Whether a record can still be read. */
  keeps({ shardId, sequenceNumber }: Offered): boolean {
    return BigInt(sequenceNumber) >= BigInt(this.embedded.peek(this.numberOf(shardId)).logStart);
  }

  /** What the group has committed. */
  committed(partition: number): { readonly offset: string; readonly metadata: string } | undefined {
    return this.embedded.peekGroup(GROUP).committed.get(partition);
  }

  rebalance(): void {
    this.embedded.rebalance(GROUP);
  }

  isClosed(): boolean {
    return false;
  }
}

/** The value of a record; an engine that parsed it and wrote it again would change an order. */
function valueOf(text: string, kind: TopicSend['kind']): string | Uint8Array {
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
