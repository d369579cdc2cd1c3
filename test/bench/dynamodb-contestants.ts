/** Those that are compared on DynamoDB Streams. */
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { Engine } from '../../adapters/index.ts';
import { clientConfig } from '../../adapters/shared/aws-connection.ts';
import { dynamodbStreams } from '../../adapters/source/dynamodb-streams/index.ts';
import { toEvent } from '../../adapters/source/dynamodb-streams/record.ts';
import { errorLog } from './error-log.ts';
import { CREDENTIALS, type Desk, inBatches, REGION, type StreamPlace } from './stream-readers.ts';

/** The most that a call may ask for. */
const LIMIT = 1000;

export const contestants = { millrace, bare } as const;

async function millrace({ endpoint, stream, batchSize }: StreamPlace, desk: Desk): Promise<() => Promise<void>> {
  const engine = new Engine({ logger: errorLog });
  engine.map({
    source: dynamodbStreams({ stream, endpoint, region: REGION, credentials: CREDENTIALS }),
    startingPosition: 'TRIM_HORIZON',
    batchSize,
    target: ({ Records }) => desk.handle(Records.length, ''),
  });
  desk.begin();
  await engine.start();
  return () => engine.stop();
}

/** The least that builds the same events. */
async function bare({ endpoint, stream, batchSize }: StreamPlace, desk: Desk): Promise<() => Promise<void>> {
  const client = new DynamoDBStreamsClient(clientConfig({ endpoint, region: REGION, credentials: CREDENTIALS }));
  let isOver = false;
  const target = async ({ Records }: DynamoDBStreamEvent, shardId: string): Promise<void> => desk.handle(Records.length, shardId);
  const readShard = async (ShardId: string): Promise<void> => {
    let { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamArn: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    while (!isOver && ShardIterator !== undefined) {
      const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator, Limit: LIMIT }));
      ShardIterator = NextShardIterator;
      const records = Records.map((source) => ({ source }));
      await inBatches(records, batchSize, (batch) => target(toEvent(stream, batch), ShardId));
    }
  };
  desk.begin();
  const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn: stream }));
  const reading = Promise.all((StreamDescription?.Shards ?? []).map(({ ShardId = '' }) => readShard(ShardId)));
  return async () => {
    isOver = true;
    await reading;
    client.destroy();
  };
}
