import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { type DynamoDBStreamRecord, dynamodbStreams } from '../../adapters/source/dynamodb-streams/index.ts';
import type { StreamRecord } from '../../src/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { after, expectSourceError, named, SHARD_END, StreamDriver, TRIM_HORIZON } from './stream-source-driver.ts';
import { type StreamFeatures, type StreamUnderTest, type SuiteRecord, streamSourceSuite } from './stream-source-suite.ts';

const features: StreamFeatures = {
  atTimestamp: false,
  // Its shards roll over: one child each. See below.
  reshard: false,
  tellsTime: false,
  expire: true,
  // Only by making everything older, which closes the shard too. See below.
  trim: false,
  // The stream of a deleted table can be read for a day; another table's stream has another ARN.
  remove: false,
  recreate: false,
  missingStream: true,
  batchInfoName: 'DDBStreamBatchInfo',
  arrivalPrecision: 's',
  waivers: {
    'gives LATEST what came after its instant, also when the read begins much later':
      'DynamoDB Local cuts creation times to the minute; test/unit/adapters/dynamodb-streams shows it with seconds',
    'loses nothing of LATEST when the iterator expires before the first record':
      'DynamoDB Local lets an iterator expire by making records older too; test/unit/adapters/dynamodb-streams shows it with a stub',
  },
};
const REGION = 'us-east-1';

describeWithBackend('dynamodb-local', 'on DynamoDB Local', ({ endpoint }) => {
  streamSourceSuite('DynamoDB Streams', { open: () => open(endpoint), missing: () => missing(endpoint) }, features);

  async function withTable(prove: (driver: StreamDriver, table: Table) => Promise<void>): Promise<void> {
    const table = await Table.create(endpoint);
    const stream = underTest(endpoint, table);
    const driver = new StreamDriver(stream);
    try {
      await prove(driver, table);
    } finally {
      await driver.end();
      await stream.cleanup();
    }
  }

  it('ends a shard that has rolled over, and lists the child that names it', () =>
    withTable(async (driver, table) => {
      const parent = await driver.shardId();
      await driver.put(...named('v', 3));
      await table.rollOver();
      await driver.put('later');
      const [first, child, ...others] = await driver.shards();
      expect(first).toEqual({ shardId: parent, parents: [], isClosed: true });
      expect(child).toMatchObject({ parents: [parent], isClosed: false });
      expect(others).toEqual([]);
      const before = await driver.toEnd(parent);
      expect(driver.values(before)).toEqual(named('v', 3));
      const resumed = await driver.reader(after(before.at(-1)), { shardId: parent });
      expect(await resumed.toEnd()).toEqual([]);
      expect(await resumed.page()).toBeUndefined();
      const inChild = await driver.reader(TRIM_HORIZON, { shardId: child?.shardId ?? '' });
      expect(driver.values(await inChild.collect(1))).toEqual(['later']);
    }));

  it('tells a read that waits at the tip when its shard has rolled over', () =>
    withTable(async (driver, table) => {
      const shardId = await driver.shardId();
      await driver.put('a');
      const reader = await driver.reader(TRIM_HORIZON, { shardId });
      await reader.collect(1);
      await reader.page();
      await table.rollOver();
      expect(await reader.toEnd()).toEqual([]);
      expect(await reader.page()).toBeUndefined();
      const again = await driver.reader(SHARD_END, { shardId });
      expect(await again.page()).toMatchObject({ records: [], ended: true });
      expect(await again.page()).toBeUndefined();
    }));

  it('lists every page of many shards', () =>
    withTable(async (driver, table) => {
      for (let turn = 0; turn < 120; turn += 1) {
        await driver.put(`v${String(turn)}`);
        await table.rollOver();
      }
      const shards = await driver.shards();
      expect(shards.length).toBeGreaterThan(100);
      expect(shards.map(({ parents }) => parents)).toEqual(shards.map((_, index) => (index === 0 ? [] : [shards[index - 1]?.shardId])));
      expect(shards.map(({ isClosed }) => isClosed)).toEqual(shards.map((_, index) => index < shards.length - 1));
    }));

  it('says trimmed of a place whose next record is older than a day, and goes on where nothing was lost', () =>
    withTable(async (driver, table) => {
      await driver.put('a', 'b');
      const shardId = await driver.shardId();
      const [a, b] = await driver.collect(2);
      await table.age(3);
      await driver.put('c');
      await table.age(22);
      const lost = await driver.reader(after(a), { shardId });
      await expectSourceError(lost.page(), 'trimmed');
      expect(await lost.page()).toBeUndefined();
      const kept = await driver.reader(after(b), { shardId });
      expect(driver.values(await kept.collect(1))).toEqual(['c']);
      const oldest = await driver.reader(TRIM_HORIZON, { shardId });
      expect(driver.values(await oldest.collect(1))).toEqual(['c']);
    }));

  it('says gone of a shard that is older than a day', () =>
    withTable(async (driver, table) => {
      const shardId = await driver.shardId();
      await driver.put('a');
      const reader = await driver.reader(TRIM_HORIZON, { shardId });
      await reader.collect(1);
      await table.rollOver();
      await table.age(25);
      await expectSourceError(reader.page(), 'gone');
    }));

  it('shows typed values, binary ones in base64 at any depth, and both images of a change', () =>
    withTable(async (driver, table) => {
      const bytes = Uint8Array.of(0, 255, 16);
      const item = (count: string): Record<string, AttributeValue> => ({
        pk: { S: 'key' },
        v: { S: count },
        count: { N: count },
        picture: { B: bytes },
        pictures: { BS: [bytes] },
        nested: { M: { list: { L: [{ B: bytes }, { NULL: true }, { BOOL: false }] } } },
        numbers: { NS: ['1', '2.5'] },
        texts: { SS: ['a', 'b'] },
      });
      await table.put(item('1'));
      await table.put(item('2'));
      await table.delete('key');
      const shardId = await driver.shardId();
      const records = await driver.collect(3);
      const { Records: shown } = driver.source.toEvent(shardId, records) as {
        Records: { eventName: string; dynamodb: Record<string, unknown> }[];
      };
      expect(shown.map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY', 'REMOVE']);
      const image = (count: string): unknown => ({
        pk: { S: 'key' },
        v: { S: count },
        count: { N: count },
        picture: { B: 'AP8Q' },
        pictures: { BS: ['AP8Q'] },
        nested: { M: { list: { L: [{ B: 'AP8Q' }, { NULL: true }, { BOOL: false }] } } },
        numbers: { NS: ['1', '2.5'] },
        texts: { SS: ['a', 'b'] },
      });
      expect(shown.map(({ dynamodb }) => [dynamodb['NewImage'], dynamodb['OldImage']])).toEqual([
        [image('1'), undefined],
        [image('2'), image('1')],
        [undefined, image('2')],
      ]);
      expect(shown.map(({ dynamodb }) => Object.keys(dynamodb).includes('NewImage'))).toEqual([true, true, false]);
    }));
});

async function open(endpoint: string): Promise<StreamUnderTest> {
  return underTest(endpoint, await Table.create(endpoint));
}

async function missing(endpoint: string): Promise<StreamUnderTest> {
  const table = await Table.create(endpoint);
  return underTest(endpoint, table, table.streamArn.replace(':table/', ':table/nowhere-'));
}

function underTest(endpoint: string, table: Table, stream = table.streamArn): StreamUnderTest {
  const { credentials, streamArn } = table;
  const source = dynamodbStreams({ stream, endpoint, region: REGION, credentials, pollMs: 50 });
  return {
    source,
    put: async (records) => {
      for (const { key, value } of records) await table.put({ pk: { S: key }, v: { S: value } });
    },
    decode,
    expectedInEvent: (_shardId, record) => expectedInEvent(streamArn, record),
    run: (promise) => promise,
    pause: (ms) => sleep(ms),
    now: () => Date.now(),
    leftovers: () => [],
    expire: () => table.age(1),
    cleanup: async () => {
      await source.close();
      await table.remove();
    },
  };
}

function dynamo(record: StreamRecord): NonNullable<DynamoDBStreamRecord['source']['dynamodb']> {
  return (record as DynamoDBStreamRecord).source.dynamodb ?? {};
}

function decode(record: StreamRecord): SuiteRecord {
  const { NewImage } = dynamo(record);
  return { key: NewImage?.['pk']?.S ?? '', value: NewImage?.['v']?.S ?? '' };
}

/** All values are texts here, so images stand in the event as they came. */
function expectedInEvent(streamArn: string, record: StreamRecord): unknown {
  const { eventID, eventName } = (record as DynamoDBStreamRecord).source;
  const { Keys, NewImage, OldImage, SizeBytes } = dynamo(record);
  return {
    eventID,
    eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'ddblocal',
    dynamodb: {
      ApproximateCreationDateTime: record.arrivedAt / 1000,
      Keys,
      NewImage,
      ...(eventName === 'MODIFY' ? { OldImage } : undefined),
      SequenceNumber: record.sequenceNumber,
      SizeBytes,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN: streamArn,
  };
}

/** One table in a database of its own, so that the test control reaches no other case. */
class Table {
  readonly streamArn: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly #client: DynamoDBClient;

  private constructor(client: DynamoDBClient, credentials: Table['credentials'], streamArn: string) {
    this.#client = client;
    this.credentials = credentials;
    this.streamArn = streamArn;
  }

  static async create(endpoint: string): Promise<Table> {
    const credentials = { accessKeyId: `key${randomUUID().replaceAll('-', '')}`, secretAccessKey: 'secret' };
    const client = new DynamoDBClient({ endpoint, region: REGION, credentials });
    const { TableDescription } = await client.send(
      new CreateTableCommand({
        TableName: 'items',
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
    return new Table(client, credentials, TableDescription?.LatestStreamArn ?? '');
  }

  async put(item: Record<string, AttributeValue>): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: 'items', Item: item }));
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteItemCommand({ TableName: 'items', Key: { pk: { S: key } } }));
  }

  /** Closes the open shard, if it has records, and opens a child. */
  rollOver(): Promise<void> {
    return this.#control({ ACTION: { S: 'ROLLOVER' } });
  }

  /** Makes everything so many hours older. */
  age(hours: number): Promise<void> {
    return this.#control({ ACTION: { S: 'DILATE_TIME' }, HOURS: { S: String(hours) } });
  }

  async remove(): Promise<void> {
    await this.#client.send(new DeleteTableCommand({ TableName: 'items' }));
    this.#client.destroy();
  }

  async #control(action: Record<string, AttributeValue>): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: '[TEST_CONTROL]', Item: action }));
  }
}
