/** One membership of the Kafka source, as tests watch it: what it owns and when, what it heard, what it reads. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaRecord } from '../../adapters/source/kafka/index.ts';
import {
  type GroupListener,
  type SourceError,
  type StreamPosition,
  sequenceNumber,
  type TopicAssignment,
  type TopicMembership,
  type TopicSource,
} from '../../src/index.ts';

const LOOK_MS = 20;
const PATIENCE_MS = 60_000;

/** Waits for what must come. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${String(PATIENCE_MS)} ms: ${what}`);
    await sleep(LOOK_MS);
  }
}

export function at(offset: number | string): StreamPosition {
  return { kind: 'before', sequenceNumber: sequenceNumber(String(offset)) };
}

export class Member implements GroupListener {
  readonly membership: TopicMembership<KafkaRecord>;
  assigned: readonly TopicAssignment[] = [];
  readonly heard: string[] = [];
  readonly troubles: { readonly error: SourceError; readonly waitMs: number; readonly at: number }[] = [];
  /** What it does before it gives partitions back. */
  whileRevoking: (deadline: AbortSignal) => Promise<void> = () => Promise.resolve();
  readonly stop = new AbortController();

  constructor(source: TopicSource<unknown, KafkaRecord>, groupId: string) {
    this.membership = source.join({ groupId, listener: this });
  }

  onAssigned(assigned: readonly TopicAssignment[]): void {
    this.assigned = assigned;
    this.heard.push(`assigned ${this.partitions.join()}`);
  }

  async onRevoking(partitions: readonly number[], deadline: AbortSignal): Promise<void> {
    this.heard.push(`revoking ${partitions.join()}`);
    await this.whileRevoking(deadline);
  }

  onTrouble(error: SourceError, retryAt: number): void {
    this.heard.push(`trouble ${error.code}`);
    this.troubles.push({ error, waitMs: retryAt - performance.now(), at: performance.now() });
  }

  get partitions(): number[] {
    return this.assigned.map(({ partition }) => partition);
  }

  epochOf(partition: number): number {
    return this.assigned.find((one) => one.partition === partition)?.epoch ?? -1;
  }

  /** Reads until `enough`, or the read ends; gives the values. Troubles are counted in `heard`. */
  async values(partition: number, position: StreamPosition, enough: (values: readonly string[]) => boolean): Promise<string[]> {
    const values: string[] = [];
    const request = { partition, epoch: this.epochOf(partition), position, maxRecords: 500, signal: this.stop.signal };
    for await (const step of this.membership.read(request)) {
      if (step.kind === 'trouble') this.heard.push(`read ${step.error.code}`);
      else values.push(...step.records.map(({ value }) => value?.toString() ?? ''));
      if (enough(values)) break;
    }
    return values;
  }

  async commit(partition: number, offset: number, metadata = '', epoch = this.epochOf(partition)): Promise<unknown> {
    const [result] = await this.membership.commit([{ partition, epoch, offset: sequenceNumber(String(offset)), metadata }]);
    return result;
  }

  leave(): Promise<void> {
    this.stop.abort();
    return this.membership.leave();
  }
}

/** Every partition is somebody's, and nobody's twice. */
export function isSpread(partitions: number, members: readonly Member[]): boolean {
  const all = members.flatMap((member) => member.partitions).sort((a, b) => a - b);
  return members.every(({ assigned }) => assigned.length > 0) && all.length === partitions && all.every((one, index) => one === index);
}
