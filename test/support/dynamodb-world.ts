/** Tables on DynamoDB Local with its test control, and engines on their streams. */
import { randomUUID } from 'node:crypto';
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { type MemoryDestination, memoryDestination } from '../../adapters/destination/memory/index.ts';
import { type DynamoDBStreamRecord, dynamodbStreams } from '../../adapters/source/dynamodb-streams/index.ts';
import { memoryStore } from '../../adapters/store/memory/index.ts';
import { handler } from '../../adapters/target/function/index.ts';
import type { Clock, EngineEvents, Mapping, StateStore, StreamMapOptions, StreamSource } from '../../src/index.ts';
import { CoreEngine, silentLogger, silentMeter, systemClock, systemRandom } from '../../src/index.ts';

const REGION = 'us-east-1';
const HOUR_MS = 3_600_000;
/** What one BatchWriteItem takes. */
const PER_CALL = 25;
const POLL_MS = 20;
const PATIENCE_MS = 60_000;

/** Keys of an account on DynamoDB Local: every one has a database of its own, so that the test control reaches no other test. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One value of one item: the key's parts joined by `/`. */
export interface Change {
  readonly item: string;
  readonly value: string;
}

/** A table with a stream; its items have a partition key `pk`, a sort key `sk` and a value `v`. */
export class DynamoDbTable {
  readonly streamArn: string;
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly #client: DynamoDBClient;

  private constructor(endpoint: string, credentials: Credentials, client: DynamoDBClient, streamArn: string) {
    this.endpoint = endpoint;
    this.credentials = credentials;
    this.#client = client;
    this.streamArn = streamArn;
  }

  /** `account`: keys of an earlier table, to be made beside or after it. */
  static async create(endpoint: string, account?: Credentials): Promise<DynamoDbTable> {
    const credentials = account ?? { accessKeyId: `key${randomUUID().replaceAll('-', '')}`, secretAccessKey: 'secret' };
    const client = new DynamoDBClient({ endpoint, region: REGION, credentials });
    const { TableDescription } = await client.send(
      new CreateTableCommand({
        TableName: 'items',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
    return new DynamoDbTable(endpoint, credentials, client, TableDescription?.LatestStreamArn ?? '');
  }

  /** `onError` hears the code of every call that the service refuses. */
  source(onError: (code: string) => void = () => undefined): StreamSource<DynamoDBStreamEvent, DynamoDBStreamRecord> {
    const { endpoint, credentials } = this;
    const client = new DynamoDBStreamsClient({ endpoint, region: REGION, credentials, maxAttempts: 1 });
    client.middlewareStack.add(
      (next) => (args) =>
        next(args).catch((error: unknown) => {
          onError(error instanceof Error ? error.name : String(error));
          throw error;
        }),
      { step: 'initialize' },
    );
    return dynamodbStreams({ stream: this.streamArn, client, pollMs: POLL_MS });
  }

  /** One after another. */
  async put(...changes: readonly Change[]): Promise<void> {
    for (const { item, value } of changes) {
      await this.#client.send(new PutItemCommand({ TableName: 'items', Item: { ...keyOf(item), v: { S: value } } }));
    }
  }

  /** Many at once: the changes of one call name an item once at most. */
  async putMany(changes: readonly Change[]): Promise<void> {
    for (let start = 0; start < changes.length; start += PER_CALL) {
      const items = changes.slice(start, start + PER_CALL).map(({ item, value }) => ({
        PutRequest: { Item: { ...keyOf(item), v: { S: value } } },
      }));
      const { UnprocessedItems = {} } = await this.#client.send(new BatchWriteItemCommand({ RequestItems: { items } }));
      if (Object.keys(UnprocessedItems).length > 0) throw new Error('DynamoDB Local left items unprocessed');
    }
  }

  async delete(item: string): Promise<void> {
    await this.#client.send(new DeleteItemCommand({ TableName: 'items', Key: keyOf(item) }));
  }

  /** Closes the open shard, if it has records, and opens a child. */
  async rollOver(): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: '[TEST_CONTROL]', Item: { ACTION: { S: 'ROLLOVER' } } }));
  }

  /** Makes everything so many hours older: iterators expire, shards close after four, records are trimmed after 24. */
  async age(hours: number): Promise<void> {
    const Item = { ACTION: { S: 'DILATE_TIME' }, HOURS: { S: String(hours) } };
    await this.#client.send(new PutItemCommand({ TableName: '[TEST_CONTROL]', Item }));
  }

  async remove(): Promise<void> {
    await this.#client.send(new DeleteTableCommand({ TableName: 'items' }));
  }

  close(): void {
    this.#client.destroy();
  }
}

function keyOf(item: string): { pk: { S: string }; sk: { S: string } } {
  const [pk = '', sk = '-'] = item.split('/');
  return { pk: { S: pk }, sk: { S: sk } };
}

/** One record as a function of a test sees it. */
export interface SeenChange extends Change {
  readonly sequenceNumber: string;
}

/** What a test says of its mapping. */
type Fields = Omit<StreamMapOptions<DynamoDBStreamEvent>, 'source' | 'target' | 'startingPosition' | 'name'> & {
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST';
};

/** What a function of a test does with a batch. */
type Work = (records: readonly SeenChange[]) => unknown;

/** Changes what a source does. */
type Disturb = (source: StreamSource<DynamoDBStreamEvent, DynamoDBStreamRecord>) => void;

/** One table and one mapping after another of its stream: engines come and go, table, destination and store stay. */
export class DynamoDbWorld {
  readonly destination: MemoryDestination = memoryDestination();
  readonly batches: SeenChange[][] = [];
  readonly invoked: DynamoDBStreamEvent[] = [];
  readonly events: { readonly name: keyof EngineEvents; readonly event: unknown }[] = [];
  /** The codes of calls that the service refused. */
  readonly refused: string[] = [];
  readonly store: StateStore = memoryStore();
  table: DynamoDbTable;
  engine: CoreEngine | undefined;
  mapping: Mapping | undefined;
  #source: StreamSource<DynamoDBStreamEvent, DynamoDBStreamRecord> | undefined;
  #aheadMs = 0;

  private constructor(table: DynamoDbTable) {
    this.table = table;
  }

  static async open(endpoint: string, onTestFinished: (callback: () => Promise<void>) => void): Promise<DynamoDbWorld> {
    const world = new DynamoDbWorld(await DynamoDbTable.create(endpoint));
    onTestFinished(() => world.#close());
    return world;
  }

  /** A new engine with one mapping, started; what an earlier engine stored is there. */
  async start(fields: Fields = {}, work: Work = () => undefined, disturb: Disturb = () => undefined): Promise<CoreEngine> {
    await this.stop();
    const clock: Clock = { ...systemClock, wall: () => systemClock.wall() + this.#aheadMs };
    const platform = { clock, random: systemRandom, logger: silentLogger, meter: silentMeter, store: this.store, ownerLabel: 'a test' };
    const engine = new CoreEngine(platform, { stopTimeoutMs: 5000, idlePollMs: 20 });
    engine.on((name, event) => {
      this.events.push({ name, event });
    });
    this.#source = this.table.source((code) => this.refused.push(code));
    disturb(this.#source);
    const target = handler((event: DynamoDBStreamEvent) => {
      const records = event.Records.map(seen);
      this.invoked.push(event);
      this.batches.push(records);
      return work(records);
    });
    this.mapping = engine.map({ name: 'changes', startingPosition: 'TRIM_HORIZON', ...fields, source: this.#source, target });
    this.engine = engine;
    await engine.start();
    return engine;
  }

  async stop(): Promise<void> {
    await this.engine?.stop();
    await this.#source?.close();
    this.engine = undefined;
  }

  /** Time passes: for the service, and for the clock on the engine's wall. */
  async age(hours: number): Promise<void> {
    await this.table.age(hours);
    this.#aheadMs += hours * HOUR_MS;
  }

  /** Drops the table and makes another one of the same name. */
  async recreate(): Promise<void> {
    const { endpoint, credentials } = this.table;
    await this.table.remove();
    this.table.close();
    this.table = await DynamoDbTable.create(endpoint, credentials);
  }

  async idle(): Promise<void> {
    await this.engine?.idle({ timeoutMs: PATIENCE_MS });
  }

  /** What was handed to the function, in order. */
  get values(): string[] {
    return this.batches.flat().map(({ value }) => value);
  }

  /** What was handed to the function of one item after another, each in order. */
  valuesByItem(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>();
    for (const { item, value } of this.batches.flat()) found.set(item, [...(found.get(item) ?? []), value]);
    return found;
  }

  /** Events of one name, in order. */
  told<Name extends keyof EngineEvents>(wanted: Name): EngineEvents[Name][] {
    return this.events.flatMap(({ name, event }) => (name === wanted ? [event as EngineEvents[Name]] : []));
  }

  async #close(): Promise<void> {
    await this.stop();
    await this.table.remove();
    this.table.close();
  }
}

function seen({ dynamodb = {} }: DynamoDBRecord): SeenChange {
  const { Keys = {}, NewImage = {}, SequenceNumber = '' } = dynamodb;
  const sk = Keys['sk']?.S ?? '-';
  return {
    item: `${Keys['pk']?.S ?? ''}${sk === '-' ? '' : `/${sk}`}`,
    value: NewImage['v']?.S ?? '(deleted)',
    sequenceNumber: SequenceNumber,
  };
}
