import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, expect, test } from 'vitest';
import { describeWithBackend } from '../support/backends/inject.ts';
import { DaemonTests, untilReady } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const FUNCTION = {
  'f.mjs': `export async function handler(event) {
    for (const { eventName, dynamodb } of event.Records) {
      if (dynamodb.NewImage.pk.S === 'poison') throw new Error('poison');
      console.log(eventName + ' ' + JSON.stringify(dynamodb.NewImage));
    }
  }\n`,
  'print.mjs': "export async function handler(event) { for (const { body } of event.Records) console.log('failed ' + body); }\n",
};

describeWithBackend('dynamodb-local', 'the daemon on DynamoDB Streams', ({ endpoint }) => {
  test('the stream of a table is read at the endpoint of its own service, and gives up to a queue of the file', async () => {
    const credentials = { accessKeyId: `key${randomUUID().replaceAll('-', '')}`, secretAccessKey: 'secret' };
    const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
    try {
      const { TableDescription } = await client.send(
        new CreateTableCommand({
          TableName: 'items',
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
        }),
      );
      const put = (pk: string): Promise<unknown> =>
        client.send(new PutItemCommand({ TableName: 'items', Item: { pk: { S: pk }, n: { N: '1' } } }));
      for (const pk of ['a', 'poison', 'b']) await put(pk);
      const daemon = tests.run(
        `
stopTimeoutSeconds: 5
aws: { endpoint: 'http://127.0.0.1:9', endpoints: { dynamodbstreams: '${endpoint}' }, region: us-east-1 }
store: { type: memory }
queues: { failed: {} }
functions: { f: { Handler: ./f.mjs }, print: { Handler: ./print.mjs } }
mappings:
  - Name: items
    EventSourceArn: ${TableDescription?.LatestStreamArn ?? ''}
    FunctionName: f
    StartingPosition: TRIM_HORIZON
    BisectBatchOnFunctionError: true
    MaximumRetryAttempts: 0
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:embedded:000000000000:failed' } }
  - { Name: failed, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:failed', FunctionName: print }
`,
        FUNCTION,
        { env: { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey } },
      );
      await untilReady(await daemon.url());
      for (const pk of ['a', 'b']) await daemon.says(new RegExp(`INSERT .*"pk":\\{"S":"${pk}"\\}`));
      const [, text = ''] = await daemon.says(/failed (\{.*\})/);
      expect(JSON.parse(text)).toMatchObject({
        requestContext: { condition: 'RetryAttemptsExhausted' },
        DDBStreamBatchInfo: { batchSize: 1, streamArn: TableDescription?.LatestStreamArn },
      });
      await put('c');
      await daemon.says(/INSERT .*"pk":\{"S":"c"\}/);
      daemon.signal('SIGTERM');
      expect(await daemon.ended).toEqual({ code: 0, signal: null });
      await client.send(new DeleteTableCommand({ TableName: 'items' }));
    } finally {
      client.destroy();
    }
  });
});
