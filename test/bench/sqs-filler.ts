import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** Calls in flight while filling. */
const CALLS_AT_ONCE = 8;
const PER_CALL = 10;
/** 200 bytes, as of a small business event. */
const BODY = JSON.stringify({ order: 4711, customer: 'c'.repeat(20), lines: 'x'.repeat(140) }).padEnd(200);

/** Puts at least `count` messages into the queue. */
export async function fill(client: SQSClient, queueUrl: string, count: number): Promise<void> {
  let calls = Math.ceil(count / PER_CALL);
  const send = async (): Promise<void> => {
    while (calls > 0) {
      calls -= 1;
      const Entries = Array.from({ length: PER_CALL }, (_, index) => ({ Id: String(index), MessageBody: BODY }));
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      if (Failed.length > 0) throw new Error(`the producer's messages were refused: ${Failed[0]?.Message ?? 'no reason given'}`);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, send));
}
