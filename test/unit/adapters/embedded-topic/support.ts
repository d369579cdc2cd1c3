import { type EmbeddedMembership, EmbeddedTopic, type EmbeddedTopicOptions } from '../../../../adapters/source/embedded-topic/index.ts';
import {
  type GroupListener,
  type PartitionReadRequest,
  SeededRandom,
  type SourceError,
  type StreamStep,
  sequenceNumber,
  type TopicAssignment,
  VirtualClock,
} from '../../../../src/index.ts';

export const GROUP = 'group-1';
export const SESSION_MS = 10_000;

/** A topic on a clock of its own. */
export function world(options: Partial<EmbeddedTopicOptions> = {}): { readonly clock: VirtualClock; readonly topic: EmbeddedTopic } {
  const clock = new VirtualClock();
  const topic = new EmbeddedTopic({ name: 'orders', clock, random: new SeededRandom(1), sessionTimeoutMs: SESSION_MS, ...options });
  return { clock, topic };
}

/** A member that writes down what it hears. */
export class Member implements GroupListener {
  assigned: readonly TopicAssignment[] = [];
  readonly heard: string[] = [];
  readonly membership: EmbeddedMembership;
  whileRevoking: (deadline: AbortSignal) => Promise<void> = () => Promise.resolve();

  constructor(topic: Pick<EmbeddedTopic, 'join'>, groupId = GROUP) {
    this.membership = topic.join({ groupId, listener: this });
  }

  onAssigned(assigned: readonly TopicAssignment[]): void {
    this.assigned = assigned;
    this.heard.push(`assigned ${assigned.map(({ partition, epoch }) => `${String(partition)}@${String(epoch)}`).join(' ')}`);
  }

  onRevoking(partitions: readonly number[], deadline: AbortSignal): Promise<void> {
    this.heard.push(`revoking ${partitions.join(' ')}`);
    return this.whileRevoking(deadline);
  }

  onTrouble(error: SourceError): void {
    this.assigned = [];
    this.heard.push(`trouble ${error.code}`);
  }

  get partitions(): number[] {
    return this.assigned.map(({ partition }) => partition);
  }

  read(partition: number, offset: number | string, request: Partial<PartitionReadRequest> = {}): AsyncIterator<StreamStep> {
    const epoch = this.assigned.find((one) => one.partition === partition)?.epoch ?? -1;
    const position = { kind: 'before', sequenceNumber: sequenceNumber(String(offset)) } as const;
    return this.membership.read({ partition, epoch, position, maxRecords: 1000, signal: new AbortController().signal, ...request });
  }
}

/** The values and the reach of the next page. */
export async function page(
  reader: AsyncIterator<StreamStep>,
): Promise<{ readonly values: (string | undefined)[]; readonly readTo: string | undefined }> {
  const { value } = (await reader.next()) as IteratorResult<StreamStep, undefined>;
  if (value?.kind !== 'page') throw new Error('the read gave no page');
  const values = value.records.map((record) => (record as { readonly value?: Buffer | null }).value?.toString());
  return { values, readTo: value.readTo };
}
