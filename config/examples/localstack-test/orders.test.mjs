/**
 * A test of a function against a real SQS: LocalStack (or any emulator) holds the queues, Millrace is the event source
 * mapping, and `await engine.idle()` stands where other tests sleep. To run it:
 *
 *   LOCALSTACK_ENDPOINT=http://127.0.0.1:4566 npx vitest run --dir config/examples/localstack-test
 */
import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { testEngine } from 'millrace/testing';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { handler, totals } from './orders.mjs';

const endpoint = process.env.LOCALSTACK_ENDPOINT ?? 'http://127.0.0.1:4566';
const client = new SQSClient({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  useQueueUrlAsEndpoint: false,
});
afterAll(() => client.destroy());

let orders;
let deadLetters;
let engine;

beforeEach(async () => {
  deadLetters = await createQueue(`dead-${randomUUID()}`);
  orders = await createQueue(`orders-${randomUUID()}`, {
    // Short, so that a failed order comes again soon.
    VisibilityTimeout: '1',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 2 }),
  });
  engine = testEngine({ endpoint });
  engine.map({
    source: engine.sqs(orders.arn),
    target: handler,
    batchSize: 5,
    functionResponseTypes: ['ReportBatchItemFailures'],
  });
  await engine.start();
});

afterEach(async () => {
  await engine.stop();
  totals.clear();
});

test('orders are summed up by customer', async () => {
  await send({ customer: 'ada', amount: 3 }, { customer: 'bob', amount: 5 }, { customer: 'ada', amount: 4 });
  await engine.idle({ timeoutMs: 10_000 });
  expect(totals).toEqual(
    new Map([
      ['ada', 7],
      ['bob', 5],
    ]),
  );
});

test('an order without an amount is tried twice and set aside; the others of its batch are not repeated', async () => {
  await send({ customer: 'ada', amount: 3 }, { customer: 'bob' });
  await engine.idle({ timeoutMs: 10_000 });
  expect(totals).toEqual(new Map([['ada', 3]]));
  const tries = engine.invocations.flatMap(({ event }) => event.Records.map(({ body }) => JSON.parse(body).customer));
  expect(tries.filter((customer) => customer === 'bob')).toHaveLength(2);
  expect(tries.filter((customer) => customer === 'ada')).toHaveLength(1);
  const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: deadLetters.url, WaitTimeSeconds: 1 }));
  expect(Messages?.map(({ Body }) => JSON.parse(Body))).toEqual([{ customer: 'bob' }]);
});

async function createQueue(name, Attributes = {}) {
  const { QueueUrl: url } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  const answer = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }));
  return { url, arn: answer.Attributes.QueueArn };
}

async function send(...all) {
  const Entries = all.map((order, index) => ({ Id: String(index), MessageBody: JSON.stringify(order) }));
  await client.send(new SendMessageBatchCommand({ QueueUrl: orders.url, Entries }));
}
