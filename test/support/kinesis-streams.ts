/** Streams on an emulator of Kinesis, as tests make and change them: every change has happened when its promise resolves. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordCommand,
  type Shard,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { emulatorKinesisOptions } from './backends/index.ts';

const POLL_MS = 20;
const PATIENCE_MS = 60_000;

export class KinesisStreams {
  readonly #client: KinesisClient;

  constructor(endpoint: string) {
    this.#client = new KinesisClient(emulatorKinesisOptions(endpoint));
  }

  /** Gives its ARN. */
  async create(name: string, shards: number): Promise<string> {
    await this.#client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
    return this.#active(name);
  }

  async put(name: string, records: readonly { readonly key: string; readonly value: string | Uint8Array }[]): Promise<void> {
    for (const { key, value } of records) {
      const data = typeof value === 'string' ? Buffer.from(value) : value;
      await this.#client.send(new PutRecordCommand({ StreamName: name, PartitionKey: key, Data: data }));
    }
  }

  async shards(name: string): Promise<readonly Shard[]> {
    const { Shards = [] } = await this.#client.send(new ListShardsCommand({ StreamName: name }));
    return Shards;
  }

  /** In the middle. */
  async split(name: string, shardId: string): Promise<void> {
    const { StartingHashKey = '', EndingHashKey = '' } = (await this.#shard(name, shardId)).HashKeyRange ?? {};
    const middle = (BigInt(StartingHashKey) + BigInt(EndingHashKey)) / 2n;
    await this.#client.send(new SplitShardCommand({ StreamName: name, ShardToSplit: shardId, NewStartingHashKey: String(middle) }));
    await this.#untilClosed(name, shardId);
  }

  async merge(name: string, shardId: string, adjacentShardId: string): Promise<void> {
    await this.#client.send(new MergeShardsCommand({ StreamName: name, ShardToMerge: shardId, AdjacentShardToMerge: adjacentShardId }));
    await this.#untilClosed(name, shardId);
  }

  async remove(name: string): Promise<void> {
    await this.#client.send(new DeleteStreamCommand({ StreamName: name }));
    await until(() => this.#status(name).then((status) => status === undefined));
  }

  close(): void {
    this.#client.destroy();
  }

  async #active(name: string): Promise<string> {
    await until(() => this.#status(name).then((status) => status === 'ACTIVE'));
    const { StreamDescriptionSummary } = await this.#client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    return StreamDescriptionSummary?.StreamARN ?? '';
  }

  async #status(name: string): Promise<string | undefined> {
    try {
      const { StreamDescriptionSummary } = await this.#client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
      return StreamDescriptionSummary?.StreamStatus;
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  async #untilClosed(name: string, shardId: string): Promise<void> {
    await until(async () => (await this.#shard(name, shardId)).SequenceNumberRange?.EndingSequenceNumber !== undefined);
    await this.#active(name);
  }

  async #shard(name: string, shardId: string): Promise<Shard> {
    const shard = (await this.shards(name)).find(({ ShardId }) => ShardId === shardId);
    if (shard === undefined) throw new Error(`${name} has no shard ${shardId}`);
    return shard;
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`the stream did not change within ${String(PATIENCE_MS)} ms`);
    await sleep(POLL_MS);
  }
}
