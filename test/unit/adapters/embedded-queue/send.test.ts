import { describe, expect, it } from 'vitest';
import { embeddedQueue, type SendInput } from '../../../../adapters/source/embedded-queue/index.ts';
import { SeededRandom, SourceError, VirtualClock } from '../../../../src/index.ts';

const chance = (): { clock: VirtualClock; random: SeededRandom } => ({ clock: new VirtualClock(), random: new SeededRandom(1) });
const signal = new AbortController().signal;
const ten = { max: 10, waitSeconds: 0, visibilitySeconds: undefined, attemptId: undefined, signal };

/** Kind, code and text of the refusal. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SourceError) return `${error.kind} ${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('sending to an embedded queue', () => {
  const eleven = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [`n${String(index)}`, { dataType: 'String', stringValue: 'x' }]),
  );

  it.each<[unknown, string]>([
    [null, 'a message must be an object with a body'],
    [{}, 'body is missing'],
    [{ body: 7 }, 'body must be of type string and is number'],
    [{ body: undefined }, 'body must be of type string and is undefined'],
    [{ body: '' }, 'body must hold at least one character'],
    [{ body: 'a', groupId: 'g' }, 'groupId is no field of a message; there are body, delaySeconds'],
    [{ body: 'a', messageAttributes: null }, 'messageAttributes must be of type object and is null'],
    [{ body: 'a', delaySeconds: 901 }, 'delaySeconds must be a whole number from 0 to 900 and is 901'],
    [{ body: 'a', messageDeduplicationId: 'd' }, 'messageDeduplicationId belongs to FIFO queues'],
    [{ body: 'a', messageGroupId: 'with space' }, 'messageGroupId must be 1 to 128 printable'],
    [{ body: 'a', messageAttributes: eleven }, 'a message may have 10 attributes'],
    [{ body: 'a', messageAttributes: { 'aws.x': { dataType: 'String', stringValue: 'x' } } }, 'a name has 1 to 256'],
    [{ body: 'a', messageAttributes: { x: 'y' } }, 'messageAttributes.x must be an object'],
    [
      { body: 'a', messageAttributes: { x: { dataType: 'Boolean', stringValue: 'x' } } },
      'messageAttributes.x.dataType must be String, Number or Binary',
    ],
    [{ body: 'a', messageAttributes: { x: { dataType: 'String', stringValue: '' } } }, 'needs a stringValue that is not empty'],
    [{ body: 'a', messageAttributes: { x: { dataType: 'String', binaryValue: 'AA==' } } }, 'needs a stringValue'],
    [
      { body: 'a', messageAttributes: { x: { dataType: 'Number', stringValue: 'many' } } },
      'messageAttributes.x.stringValue must be a number',
    ],
    [{ body: 'a', messageAttributes: { x: { dataType: 'Binary', stringValue: 'x' } } }, 'needs a binaryValue'],
    [{ body: 'x'.repeat(1_048_577) }, 'the message takes 1048577 bytes and the queue allows 1048576'],
  ])('refuses what SQS refuses: case %#', (input, expected) => {
    const queue = embeddedQueue({ name: 'orders', ...chance() });
    const text = refusal(() => queue.send(input as SendInput));
    expect(text).toMatch(/^invalid (InvalidParameterValue|MissingParameter): /u);
    expect(text).toContain(expected);
    expect(queue.peek()).toEqual([]);
  });

  it.each<[SendInput, string]>([
    [{ body: 'a' }, 'needs messageGroupId'],
    [{ body: 'a', messageGroupId: 'g' }, 'needs messageDeduplicationId with every message, or contentBasedDeduplication'],
    [{ body: 'a', messageGroupId: 'g', messageDeduplicationId: 'd', delaySeconds: 5 }, 'one delay for all messages'],
  ])('refuses what a FIFO queue refuses: case %#', (input, expected) => {
    expect(refusal(() => embeddedQueue({ name: 'orders.fifo', ...chance() }).send(input))).toContain(expected);
  });

  it('takes bytes and base64 for the same binary attribute', async () => {
    const { clock, random } = chance();
    const queue = embeddedQueue({ name: 'orders', clock, random });
    queue.sendBatch([
      { body: 'a', messageAttributes: { x: { dataType: 'Binary', binaryValue: Uint8Array.of(1, 2) } } },
      { body: 'b', messageAttributes: { x: { dataType: 'Binary', binaryValue: 'AQI=' } } },
    ]);
    const [a, b] = await clock.run(queue.receive(ten));
    expect(a?.messageAttributes).toEqual({ x: { dataType: 'Binary', binaryValue: 'AQI=' } });
    expect(b?.messageAttributes).toEqual(a?.messageAttributes);
    expect(b?.md5OfMessageAttributes).toBe(a?.md5OfMessageAttributes);
  });

  it('gives a message id, and on FIFO queues a growing sequence number', () => {
    const standard = embeddedQueue({ name: 'orders', ...chance() }).send({ body: 'a' });
    expect(standard.messageId).toMatch(/^[0-9a-f-]{36}$/u);
    expect(standard.sequenceNumber).toBeUndefined();
    const queue = embeddedQueue({ name: 'orders.fifo', contentBasedDeduplication: true, ...chance() });
    const numbers = queue
      .sendBatch(['a', 'b'].map((body) => ({ body, messageGroupId: 'g' })))
      .map(({ sequenceNumber }) => sequenceNumber ?? '');
    expect(numbers[0]).toMatch(/^\d{20}$/u);
    expect(BigInt(numbers[1] ?? '0')).toBeGreaterThan(BigInt(numbers[0] ?? '0'));
  });

  it('carries a group along on a standard queue, without its order', async () => {
    const { clock, random } = chance();
    const queue = embeddedQueue({ name: 'orders', clock, random });
    queue.sendBatch([
      { body: 'a', messageGroupId: 'tenant' },
      { body: 'b', messageGroupId: 'tenant' },
    ]);
    const [first] = await clock.run(queue.receive({ ...ten, max: 1 }));
    expect(first).toMatchObject({ groupId: undefined, attributes: { MessageGroupId: 'tenant' } });
    expect(await clock.run(queue.receive(ten))).toHaveLength(1);
  });

  it('says that the queue is full, and takes messages again once there is room', async () => {
    const { clock, random } = chance();
    const queue = embeddedQueue({ name: 'orders', maximumMessages: 2, clock, random });
    queue.sendBatch([{ body: 'a' }, { body: 'b' }]);
    expect(refusal(() => queue.send({ body: 'c' }))).toContain(
      'throttled QueueFull: queue orders is full: it holds 2 messages with 2 bytes; maximumMessages is 2',
    );
    await queue.delete(await clock.run(queue.receive(ten)));
    expect(queue.send({ body: 'c' }).messageId).not.toBe('');
  });

  it('counts bytes of bodies and attributes against its limit, until they are deleted', async () => {
    const { clock, random } = chance();
    const queue = embeddedQueue({ name: 'orders', maximumBytes: 20, clock, random });
    queue.send({ body: 'grüße', messageAttributes: { n: { dataType: 'Number', stringValue: '1' } } });
    expect(refusal(() => queue.send({ body: 'seven..' }))).toContain('with 15 bytes');
    expect(refusal(() => queue.send({ body: 'five.' }))).toBe('taken');
    expect(refusal(() => queue.send({ body: '1' }))).toContain('with 20 bytes');
    await queue.delete(await clock.run(queue.receive(ten)));
    expect(refusal(() => queue.send({ body: 'twenty characters...' }))).toBe('taken');
  });

  it('does not remember a deduplication id of a message that it could not take', () => {
    const queue = embeddedQueue({ name: 'orders.fifo', maximumMessages: 1, ...chance() });
    const message = { body: 'b', messageGroupId: 'g', messageDeduplicationId: 'd' };
    queue.send({ ...message, messageDeduplicationId: 'other' });
    expect(refusal(() => queue.send(message))).toContain('QueueFull');
    queue.purge();
    queue.send(message);
    expect(queue.peek()).toHaveLength(1);
  });
});
