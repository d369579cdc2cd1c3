import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamoDbLocal } from '../support/backends/index.ts';
import type { SuiteReport } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { moveAway, pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import { barsBesideBare, persistent } from './stream-contestants.ts';
import { CREDENTIALS, REGION } from './stream-readers.ts';

const BATCH = 100;
const PER_CALL = 25;
const CALLS_AT_ONCE = 4;
const TABLE = 'bench';

/** DynamoDB Streams on DynamoDB Local: Millrace beside a bare loop. */
export async function dynamodbSuite(options: BenchOptions): Promise<SuiteReport> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const broker = await startDynamoDbLocal();
  moveAway(broker.pid);
  try {
    const { endpoint, pid } = broker;
    const records = options.short ? 10_000 : 50_000;
    const stream = await filled(endpoint, records);
    const partners = [pid];
    const place = { endpoint, stream, stateEndpoint: endpoint, peers: '', batchSize: BATCH };
    const job = { ...place, service: 'dynamodb-streams' as const, records, pageRecords: records, partners };
    const comparison = await alternate({
      title: 'one shard',
      conditions: `DynamoDB Local, ${records.toLocaleString('en-US')} new items of 200 bytes, batches of ${String(BATCH)}, a function that does nothing`,
      contestants: [
        persistent('Millrace', { ...job, contestant: 'millrace' }, options.waitMs),
        persistent('bare GetRecords loop', { ...job, contestant: 'bare' }, options.waitMs),
      ],
      rounds: options.rounds,
    });
    const notes = [pinningNote(), 'Both ask for 1,000 records a call, use the same client settings and build the same events.'];
    return { suite: 'dynamodb-streams', notes, comparisons: [comparison], bars: barsBesideBare(comparison) };
  } finally {
    await broker.stop();
  }
}

/** A table with so many items, one change each. Gives its stream's ARN. */
async function filled(endpoint: string, records: number): Promise<string> {
  process.stderr.write(`[bench] filling the table ${TABLE}\n`);
  const client = new DynamoDBClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    }),
  );
  let next = 0;
  const put = async (): Promise<void> => {
    while (next < records) {
      const from = next;
      next += PER_CALL;
      const requests = Array.from({ length: Math.min(PER_CALL, records - from) }, (_, index) => ({
        PutRequest: { Item: itemOf(from + index) },
      }));
      const { UnprocessedItems = {} } = await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } }));
      if (Object.keys(UnprocessedItems).length > 0) throw new Error('DynamoDB Local left items unprocessed');
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, put));
  client.destroy();
  return TableDescription?.LatestStreamArn ?? '';
}

/** 200 bytes, as of a small business event. */
function itemOf(index: number): Record<string, { S: string } | { N: string }> {
  return {
    pk: { S: `order-${String(index).padStart(7, '0')}` },
    amount: { N: '4711' },
    customer: { S: 'c'.repeat(20) },
    lines: { S: 'x'.repeat(140) },
  };
}
