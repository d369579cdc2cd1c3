import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventBytes, setOwn, sizeBound, toQueueEvent, type UnsizedMessage } from '../../../../adapters/shared/sqs-event.ts';
import { md5OfBody, md5OfMessageAttributes } from '../../../../adapters/shared/sqs-md5.ts';
import type { QueueMessage, QueueMessageAttribute } from '../../../../src/index.ts';

const identity = { arn: 'arn:aws:sqs:eu-central-1:000000000000:orders', region: 'eu-central-1' };

function message(given: Partial<UnsizedMessage> = {}): QueueMessage {
  const body = given.body ?? 'hello';
  const messageAttributes = given.messageAttributes ?? {};
  const unsized: UnsizedMessage = {
    messageId: '11111111-2222-4333-8444-555555555555',
    receiptHandle: 'handle-1',
    body,
    md5OfBody: md5OfBody(body),
    attributes: { SenderId: 'me', SentTimestamp: '5', ApproximateFirstReceiveTimestamp: '6', ApproximateReceiveCount: '1' },
    messageAttributes,
    md5OfMessageAttributes: md5OfMessageAttributes(messageAttributes),
    groupId: undefined,
    receiveCount: 1,
    ...given,
  };
  return { ...unsized, sizeBound: sizeBound(unsized, identity) };
}

/** Every 16-bit unit, so that lone surrogates and control characters are among them. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
);
const base64 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const dictionary = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
  fc.array(fc.tuple(fc.oneof(text, fc.constant('__proto__')), value), { maxLength: 5 }).map((pairs) => {
    const made: Record<string, Value> = {};
    for (const [name, item] of pairs) setOwn(made, name, item);
    return made;
  });
const attribute: fc.Arbitrary<QueueMessageAttribute> = fc.oneof(
  fc.record({ dataType: text, stringValue: text }),
  fc.record({ dataType: text, binaryValue: base64 }),
);
const anyMessage: fc.Arbitrary<UnsizedMessage> = fc.record({
  messageId: text,
  receiptHandle: text,
  body: text,
  md5OfBody: text,
  attributes: dictionary(text),
  messageAttributes: dictionary(attribute),
  md5OfMessageAttributes: fc.option(text, { nil: undefined }),
  groupId: fc.constant(undefined),
  receiveCount: fc.constant(1),
});

describe('the SQS event', () => {
  it('shows a record with its keys in the order of Lambda', () => {
    const event = toQueueEvent([message({ messageAttributes: { a: { dataType: 'String', stringValue: 'x' } } })], {
      ...identity,
      windowed: false,
    });
    expect(JSON.stringify(event)).toBe(
      '{"Records":[{"messageId":"11111111-2222-4333-8444-555555555555","receiptHandle":"handle-1","body":"hello",' +
        '"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"5","SenderId":"me","ApproximateFirstReceiveTimestamp":"6"},' +
        '"messageAttributes":{"a":{"stringValue":"x","stringListValues":[],"binaryListValues":[],"dataType":"String"}},' +
        `"md5OfMessageAttributes":"${md5OfMessageAttributes({ a: { dataType: 'String', stringValue: 'x' } }) ?? ''}",` +
        '"md5OfBody":"5d41402abc4b2a76b9719d911017c592","eventSource":"aws:sqs",' +
        '"eventSourceARN":"arn:aws:sqs:eu-central-1:000000000000:orders","awsRegion":"eu-central-1"}]}',
    );
  });

  it('orders the attributes of a FIFO message as Lambda does and keeps those it does not know', () => {
    const attributes = {
      Another: '9',
      DeadLetterQueueSourceArn: '8',
      ApproximateFirstReceiveTimestamp: '7',
      MessageDeduplicationId: '6',
      SenderId: '5',
      MessageGroupId: '4',
      SequenceNumber: '3',
      SentTimestamp: '2',
      AWSTraceHeader: 'Root=1',
      ApproximateReceiveCount: '1',
    };
    const [record] = toQueueEvent([message({ attributes })], { ...identity, windowed: false }).Records;
    expect(Object.keys(record?.attributes ?? {})).toEqual([
      'ApproximateReceiveCount',
      'AWSTraceHeader',
      'SentTimestamp',
      'SequenceNumber',
      'MessageGroupId',
      'SenderId',
      'MessageDeduplicationId',
      'ApproximateFirstReceiveTimestamp',
      'DeadLetterQueueSourceArn',
      'Another',
    ]);
    expect(record?.attributes).toEqual(attributes);
  });

  it('shows md5OfMessageAttributes as absent without a window, null with one, hex with attributes', () => {
    const bare = message();
    const [without] = toQueueEvent([bare], { ...identity, windowed: false }).Records;
    const [windowed] = toQueueEvent([bare], { ...identity, windowed: true }).Records;
    expect(without !== undefined && 'md5OfMessageAttributes' in without).toBe(false);
    expect(windowed?.md5OfMessageAttributes).toBeNull();
    const attributes = { messageAttributes: { n: { dataType: 'Number', stringValue: '1' } } };
    for (const isWindowed of [false, true]) {
      const [record] = toQueueEvent([message(attributes)], { ...identity, windowed: isWindowed }).Records;
      expect(record?.md5OfMessageAttributes).toMatch(/^[0-9a-f]{32}$/u);
    }
  });

  it('keeps a binary attribute in base64 and an attribute that is named __proto__', () => {
    const messageAttributes: Record<string, QueueMessageAttribute> = { b: { dataType: 'Binary', binaryValue: 'AAEC' } };
    setOwn(messageAttributes, '__proto__', { dataType: 'String', stringValue: 'kept' });
    const text = JSON.stringify(toQueueEvent([message({ messageAttributes })], { ...identity, windowed: false }));
    expect(text).toContain('"b":{"binaryValue":"AAEC","stringListValues":[],"binaryListValues":[],"dataType":"Binary"}');
    expect(text).toContain('"__proto__":{"stringValue":"kept","stringListValues":[],"binaryListValues":[],"dataType":"String"}');
  });

  it('counts the exact bytes of a record in the event, comma included', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 4 }), fc.boolean(), (messages, windowed) => {
        const context = { ...identity, windowed };
        const sized = messages.map((one) => ({ ...one, sizeBound: 0 }));
        const frame = Buffer.byteLength('{"Records":[]}') - 1;
        const counted = sized.reduce((sum, one) => sum + eventBytes(one, context), frame);
        expect(counted).toBe(Buffer.byteLength(JSON.stringify(toQueueEvent(sized, context))));
      }),
      { numRuns: 200 },
    );
  });

  it('never bounds the size below the exact bytes, whatever the text', () => {
    fc.assert(
      fc.property(anyMessage, fc.boolean(), text, (one, windowed, region) => {
        const context = { arn: `arn:${region}`, region, windowed };
        expect(sizeBound(one, context)).toBeGreaterThanOrEqual(eventBytes(one, context));
      }),
      { numRuns: 1000 },
    );
  });
});
