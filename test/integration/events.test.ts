import { createHash } from 'node:crypto';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { describeWithBackend } from '../support/backends/inject.ts';
import { EMPTY, type Outgoing, type Sent, SqsWorld, type WorldQueue } from '../support/sqs-world.ts';

const TRACE = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
const BODY = '{"order" : 1,\t"note":"naïve ☃ 🚲 \\u0000",  "big":12345678901234567890}\r\n';
const ATTRIBUTES = {
  kind: { DataType: 'String', StringValue: 'café' },
  weight: { DataType: 'Number.kg', StringValue: '0012.50' },
  picture: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 1, 254, 255]) },
};
/** As Lambda shows them: the empty lists are there, unused values are not. */
const SHOWN = {
  kind: { stringValue: 'café', stringListValues: [], binaryListValues: [], dataType: 'String' },
  weight: { stringValue: '0012.50', stringListValues: [], binaryListValues: [], dataType: 'Number.kg' },
  picture: { binaryValue: 'AAH+/w==', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
};

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

describeWithBackend('localstack', 'the event JSON of an SQS mapping', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  /** Sends two messages, without and with attributes, and gives the records as JSON showed them, by message id. */
  async function received(
    queue: WorldQueue,
    windowSeconds: number,
    onTestFinished: (callback: () => Promise<void>) => void,
  ): Promise<{ readonly records: ReadonlyMap<string, string>; readonly sent: readonly Sent[] }> {
    const messages: Outgoing[] = [{ body: BODY }, { body: 'plain', attributes: ATTRIBUTES, traceHeader: TRACE }];
    const sent = await queue.send(messages);
    const records = new Map<string, string>();
    const keys = new Set<string>();
    const engine = world.engine(onTestFinished);
    engine.map({
      source: engine.sqs(queue.arn),
      maximumBatchingWindowInSeconds: windowSeconds,
      target: async (event: SQSEvent) => {
        keys.add(Object.keys(event).join());
        for (const record of event.Records) records.set(record.messageId, JSON.stringify(record));
      },
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect([...keys]).toEqual(['Records']);
    expect([...records.keys()].sort()).toEqual(sent.map(({ messageId }) => messageId).sort());
    expect(await queue.counts()).toEqual(EMPTY);
    return { records, sent };
  }

  /** The record as the specification orders it; only what SQS alone decides is taken from the record itself. */
  function expected(json: string, queue: WorldQueue, sent: Sent | undefined, own: object): string {
    const { receiptHandle, attributes } = JSON.parse(json) as SQSRecord;
    const shape = { messageId: sent?.messageId, receiptHandle, body: '', attributes, messageAttributes: {} };
    return JSON.stringify({ ...shape, ...own, eventSource: 'aws:sqs', eventSourceARN: queue.arn, awsRegion: 'us-east-1' });
  }

  test.for<[number, object]>([
    [0, {}],
    [1, { md5OfMessageAttributes: null }],
  ])('window %i: keys in order, text untouched, md5OfMessageAttributes as AWS shows it', async ([windowSeconds, bareDigest], context) => {
    const queue = await world.queue();
    const { records, sent } = await received(queue, windowSeconds, context.onTestFinished);
    const [bare = '', rich = ''] = sent.map(({ messageId }) => records.get(messageId));
    expect(bare).toBe(expected(bare, queue, sent[0], { body: BODY, ...bareDigest, md5OfBody: md5(BODY) }));
    const md5OfMessageAttributes = sent[1]?.md5OfMessageAttributes;
    expect(md5OfMessageAttributes).toMatch(/^[0-9a-f]{32}$/);
    // The order of attributes is the queue's; everything else is ours.
    const { messageAttributes, attributes } = JSON.parse(rich) as SQSRecord;
    expect(messageAttributes).toEqual(SHOWN);
    for (const [name, shown] of Object.entries(SHOWN)) expect(rich).toContain(`"${name}":${JSON.stringify(shown)}`);
    expect(rich).toBe(
      expected(rich, queue, sent[1], { body: 'plain', messageAttributes, md5OfMessageAttributes, md5OfBody: md5('plain') }),
    );
    expect(attributes).toEqual({
      AWSTraceHeader: TRACE,
      ApproximateReceiveCount: '1',
      SentTimestamp: expect.stringMatching(/^\d{13}$/) as string,
      SenderId: expect.any(String) as string,
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) as string,
    });
  });

  test('FIFO: the same, with sequence number, group and deduplication id among the attributes', async ({ onTestFinished }) => {
    const queue = await world.queue({ fifo: true });
    const { records, sent } = await received(queue, 0, onTestFinished);
    const [bare = ''] = sent.map(({ messageId }) => records.get(messageId));
    expect(bare).toBe(expected(bare, queue, sent[0], { body: BODY, md5OfBody: md5(BODY) }));
    expect((JSON.parse(bare) as SQSRecord).attributes).toEqual({
      ApproximateReceiveCount: '1',
      SentTimestamp: expect.stringMatching(/^\d{13}$/) as string,
      SequenceNumber: expect.stringMatching(/^\d+$/) as string,
      MessageGroupId: 'group',
      SenderId: expect.any(String) as string,
      MessageDeduplicationId: expect.any(String) as string,
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) as string,
    });
  });
});
