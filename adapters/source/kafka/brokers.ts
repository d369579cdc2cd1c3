/** A connection to the brokers of a cluster: opens with the first call, mends itself with the next one, and can be closed at any time. */
import type { KafkaConfig } from 'kafkajs';
import { type Clock, type Random, SourceError } from '../../../src/index.ts';
import { kafkaError, kafkaType } from '../../shared/kafka-errors.ts';
import { steadyBackoffMs } from './backoff.ts';
import type { GroupCodec } from './protocol.ts';
import { Sockets } from './sockets.ts';
import { toWire, type WireBroker, type WireCluster, type WirePartitionMetadata } from './wire.ts';

/** How the brokers are reached. */
export interface BrokersOptions {
  readonly topic: string;
  /** What kafkajs is told. */
  readonly config: KafkaConfig;
  /** How many brokers are named, each of which is tried before the connection counts as failed. */
  readonly seeds: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Hears the name that a group gives. */
  readonly onMemberId?: (memberId: string) => void;
  /** Hears the id of the cluster. */
  readonly onClusterId?: (clusterId: string) => void;
}

interface Open {
  readonly cluster: WireCluster;
  readonly codec: GroupCodec;
}

/** What a graceful end may take before the sockets are cut. */
const GRACE_MS = 500;
const CONNECT_BACKOFF = { baseMs: 200, capMs: 3_000 } as const;

/** One set of connections. Every method rejects with a SourceError. */
export class Brokers {
  readonly #options: BrokersOptions;
  readonly #sockets = new Sockets();
  #opening: Promise<Open> | undefined;
  #connecting: Promise<void> | undefined;
  /** Why no broker could be reached, and until when none is tried. */
  #refusal: { readonly thrown: unknown; readonly failures: number; readonly until: number } | undefined;
  #isTopicKnown = false;
  #isClosed = false;

  constructor(options: BrokersOptions) {
    this.#options = options;
  }

  /** What members of groups write and read. */
  async codec(): Promise<GroupCodec> {
    return (await this.#open()).codec;
  }

  /** The topic's partitions as the brokers tell them now. */
  async refresh(): Promise<readonly WirePartitionMetadata[]> {
    const { topic } = this.#options;
    return this.#call('Metadata', async (cluster) => {
      if (this.#isTopicKnown) await cluster.refreshMetadata();
      else await cluster.addMultipleTargetTopics([topic]);
      this.#isTopicKnown = true;
      return cluster.findTopicPartitionMetadata(topic);
    });
  }

  /** The topic's partitions as they were told last. */
  async partitions(): Promise<readonly WirePartitionMetadata[]> {
    if (!this.#isTopicKnown) return this.refresh();
    const { cluster } = await this.#open();
    try {
      return cluster.findTopicPartitionMetadata(this.#options.topic);
    } catch {
      // Nothing was told yet, or it was forgotten.
      return this.refresh();
    }
  }

  /** One request to the broker of that number. */
  onBroker<Answer>(nodeId: number, doing: string, make: (broker: WireBroker) => Promise<Answer>): Promise<Answer> {
    return this.#call(doing, async (cluster) => make(await cluster.findBroker({ nodeId: String(nodeId) })));
  }

  /** The number of the broker that has the group. */
  async coordinator(groupId: string): Promise<number> {
    await this.partitions();
    return this.#call('FindCoordinator', async (cluster) => {
      let failure: unknown = new SourceError('unavailable', 'NoBroker', 'FindCoordinator: no broker is known');
      for (const nodeId of cluster.getNodeIds()) {
        try {
          const broker = await cluster.findBroker({ nodeId: String(nodeId) });
          return (await broker.findGroupCoordinator({ groupId, coordinatorType: 0 })).coordinator.nodeId;
        } catch (thrown) {
          failure = thrown;
        }
      }
      throw failure;
    });
  }

  /** The partitions of other topics, for a group whose members want more than ours; one that is unknown has none. */
  async partitionsOf(topics: readonly string[]): Promise<Map<string, number[]>> {
    const found = new Map<string, number[]>();
    const nodeId = (await this.#open()).cluster.getNodeIds()[0];
    for (const topic of topics) {
      const answer = await this.onBroker(Number(nodeId), 'Metadata', (broker) => broker.metadata([topic])).catch(() => undefined);
      const partitions = answer?.topicMetadata.find((one) => one.topic === topic)?.partitionMetadata ?? [];
      found.set(
        topic,
        partitions.map(({ partitionId }) => partitionId).sort((a, b) => a - b),
      );
    }
    return found;
  }

  /** Breaks what is open: whoever waits for an answer fails now. The next call connects again. */
  cut(): void {
    this.#sockets.cut();
  }

  /** Ends what runs. Leaves no socket and no timer. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opening = this.#opening;
    this.#sockets.refuse();
    const open = await opening?.catch(() => undefined);
    if (open === undefined) return;
    await this.#sockets.closeAfter(
      open.cluster.disconnect().catch(() => undefined),
      GRACE_MS,
    );
  }

  async #call<Answer>(doing: string, make: (cluster: WireCluster) => Promise<Answer>): Promise<Answer> {
    try {
      if (this.#isClosed) throw closed(doing);
      const { cluster } = await this.#open();
      await (this.#connecting ??= this.#connect(cluster).finally(() => {
        this.#connecting = undefined;
      }));
      return await make(cluster);
    } catch (thrown) {
      if (this.#isClosed) throw closed(doing);
      // kafkajs goes on with a connection on which an answer is overdue.
      if (isOverdue(thrown)) this.#sockets.cut();
      throw kafkaError(thrown, doing);
    }
  }

  /** Does nothing while a broker is connected. However many ask, they are tried with waits that grow. */
  async #connect(cluster: WireCluster): Promise<void> {
    const { seeds, clock, random } = this.#options;
    if (cluster.isConnected()) return;
    if (this.#refusal !== undefined && clock.monotonic() < this.#refusal.until) throw this.#refusal.thrown;
    for (let left = seeds - 1; ; left--) {
      try {
        // After a failure it is another broker's turn.
        await cluster.connect();
        this.#refusal = undefined;
        return;
      } catch (thrown) {
        if (left > 0 && !this.#isClosed && kafkaError(thrown, '').kind !== 'denied') continue;
        const failures = (this.#refusal?.failures ?? 0) + 1;
        this.#refusal = { thrown, failures, until: clock.monotonic() + steadyBackoffMs(CONNECT_BACKOFF, failures, random.next()) };
        throw thrown;
      }
    }
  }

  #open(): Promise<Open> {
    const opening = (this.#opening ??= this.#load());
    return opening.catch((error: unknown) => {
      if (this.#opening === opening) this.#opening = undefined;
      throw kafkaError(error, 'kafkajs');
    });
  }

  async #load(): Promise<Open> {
    const { Kafka, AssignerProtocol } = await import('kafkajs');
    const { config } = this.#options;
    const kafka = new Kafka({ ...config, retry: { retries: 0 }, socketFactory: this.#sockets.factory(config.socketFactory) });
    let cluster: object | undefined;
    // Never run: it is asked for its cluster, which it hands to those who divide partitions.
    kafka.consumer({
      groupId: 'millrace',
      allowAutoTopicCreation: false,
      partitionAssigners: [
        (given) => {
          cluster = given.cluster;
          return {
            name: 'none',
            version: 0,
            assign: () => Promise.resolve([]),
            protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
          };
        },
      ],
    });
    const { onMemberId, onClusterId } = this.#options;
    const news = { onMemberId: (memberId: string) => onMemberId?.(memberId), onClusterId: (clusterId: string) => onClusterId?.(clusterId) };
    return { cluster: toWire(cluster ?? {}, news), codec: AssignerProtocol };
  }
}

function closed(doing: string): SourceError {
  return new SourceError('unavailable', 'Closed', `${doing}: the source is closed`);
}

function isOverdue(thrown: unknown): boolean {
  return kafkaType(thrown) === undefined && thrown instanceof Error && /RequestTimeout/.test(`${thrown.name} ${String(thrown.cause)}`);
}
