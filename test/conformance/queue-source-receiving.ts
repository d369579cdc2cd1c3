/** The promises that standard and FIFO queues share: what is given, how it is shown, and what a queue says of itself. */
import { expect } from 'vitest';
import type { QueueMessage } from '../../src/index.ts';
import { bodies, expectSourceError, ids, type QueueCase, type QueueFeatures } from './queue-source-driver.ts';
import { ATTRIBUTES, BODIES, isEmpty, message, sent } from './queue-source-messages.ts';

const TRACE = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
const IN_FIVE_HUNDRED_MS = 500;

const receiving: readonly QueueCase[] = [
  {
    promise: 'gives what was sent, with every attribute',
    prove: async (driver, { fifo, traceHeader }) => {
      const more = { messageAttributes: ATTRIBUTES, ...(traceHeader ? { traceHeader: TRACE } : undefined) };
      const [id] = await driver.send(message(fifo, 'hello', more));
      const got = await driver.one();
      expect(got).toMatchObject({ messageId: id, body: 'hello', md5OfBody: '5d41402abc4b2a76b9719d911017c592', receiveCount: 1 });
      expect(got.receiptHandle).not.toBe('');
      expect(got.groupId).toBe(fifo ? 'group-hello' : undefined);
      expect(got.messageAttributes).toEqual({
        colour: { dataType: 'String', stringValue: 'grün "hell"' },
        weight: { dataType: 'Number', stringValue: '12.5' },
        label: { dataType: 'Number.grams', stringValue: '7' },
        picture: { dataType: 'Binary', binaryValue: 'AP8Q' },
      });
      expect(got.md5OfMessageAttributes).toBe('6cadb5f2d1ac5c5214c16f24f79b43b6');
      expect(got.attributes).toMatchObject({ ApproximateReceiveCount: '1', SenderId: expect.any(String) as string });
      expect(got.attributes['AWSTraceHeader']).toBe(traceHeader ? TRACE : undefined);
      expect(got.attributes['SentTimestamp']).toMatch(/^\d{13}$/u);
      expect(got.attributes['ApproximateFirstReceiveTimestamp']).toMatch(/^\d{13}$/u);
    },
  },
  {
    promise: 'gives bodies unchanged',
    prove: async (driver, { fifo }) => {
      await driver.send(...BODIES.map((body) => message(fifo, body)));
      expect(bodies(await driver.collect(BODIES.length)).sort()).toEqual([...BODIES].sort());
    },
  },
  {
    promise: 'gives at most as many messages as are asked for',
    prove: async (driver, { fifo }) => {
      const all = await sent(driver, fifo, 5);
      const first = await driver.receive({ max: 2, waitSeconds: 1 });
      expect(first.length).toBeGreaterThan(0);
      expect(first.length).toBeLessThanOrEqual(2);
      const rest = await driver.collect(5 - first.length);
      expect(ids([...first, ...rest]).sort()).toEqual(all.sort());
    },
  },
  {
    promise: 'never gives one message to two receives at the same time',
    prove: async (driver, { fifo }) => {
      const all = await sent(driver, fifo, 12);
      const receives = Array.from({ length: 6 }, () => driver.open({ max: 2, waitSeconds: 1 }));
      const got = (await driver.queue.run(Promise.all(receives))).flat();
      const rest = got.length < all.length ? await driver.collect(all.length - got.length) : [];
      expect(ids([...got, ...rest]).sort()).toEqual(all.sort());
    },
  },
  {
    promise: 'answers a short poll of an empty queue with nothing, at once',
    prove: async (driver) => {
      const began = driver.queue.now();
      expect(await driver.receive()).toEqual([]);
      expect(driver.queue.now() - began).toBeLessThan(900);
    },
  },
  {
    promise: 'holds a long poll of an empty queue open for the time asked',
    prove: async (driver) => {
      const began = driver.queue.now();
      expect(await driver.receive({ waitSeconds: 1 })).toEqual([]);
      expect(driver.queue.now() - began).toBeGreaterThanOrEqual(900);
    },
  },
  {
    promise: 'ends a long poll when a message is sent',
    prove: async (driver, { fifo }) => {
      const began = driver.queue.now();
      const open = driver.open({ waitSeconds: 20 });
      await driver.queue.pause(IN_FIVE_HUNDRED_MS);
      const [id] = await driver.send(message(fifo, 'awaited'));
      expect(ids(await driver.queue.run(open))).toEqual([id]);
      expect(driver.queue.now() - began).toBeLessThan(10_000);
    },
  },
  {
    promise: 'rejects a receive that is aborted, before and while it waits',
    prove: async (driver) => {
      await expectSourceError(driver.receive({ waitSeconds: 5, signal: AbortSignal.abort() }), 'unavailable');
      const stop = new AbortController();
      const began = driver.queue.now();
      const open = driver.open({ waitSeconds: 20, signal: stop.signal });
      const expected = expectSourceError(open, 'unavailable');
      await driver.queue.pause(IN_FIVE_HUNDRED_MS);
      stop.abort();
      await driver.queue.run(expected);
      expect(driver.queue.now() - began).toBeLessThan(10_000);
    },
  },
];

const describing: readonly QueueCase[] = [
  {
    promise: 'moves a message to the dead-letter queue once its receives are used up, id and body the same',
    setup: { maxReceiveCount: 2 },
    prove: async (driver, { fifo }) => {
      const { deadLetters } = driver.queue;
      if (deadLetters === undefined) throw new Error('the setup asks for a dead-letter queue');
      await sent(driver, fifo, 1);
      const first = await driver.one();
      await driver.changeVisibility(0, first);
      await driver.changeVisibility(0, await driver.one());
      expect(await driver.receive({ waitSeconds: 1 })).toEqual([]);
      const [moved] = await driver.collect(1, {}, deadLetters);
      expect(moved).toMatchObject({ messageId: first.messageId, body: first.body, md5OfBody: first.md5OfBody, groupId: first.groupId });
      expect(await driver.depth(isEmpty)).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
    },
  },
  {
    promise: 'describes itself',
    setup: { visibilityTimeoutSeconds: 7 },
    prove: async (driver, { fifo }) => {
      const described = await driver.queue.run(driver.source.describe());
      expect(described).toEqual({
        arn: expect.stringMatching(/^arn:aws[\w-]*:sqs:[\w-]+:\d{12}:[\w-]+(\.fifo)?$/u) as string,
        fifo,
        visibilityTimeoutSeconds: 7,
        redrive: undefined,
        createdAt: expect.any(Number) as number,
      });
      expect(described.arn.endsWith('.fifo')).toBe(fifo);
      expect(driver.source).toMatchObject({ kind: 'queue', fifo });
      expect(driver.source.label).not.toBe('');
      // Seconds, not milliseconds: between 2001 and 2286.
      expect(String(described.createdAt)).toMatch(/^\d{10}$/u);
    },
  },
  {
    promise: 'describes its redrive policy',
    setup: { maxReceiveCount: 3 },
    prove: async (driver) => {
      const { redrive } = await driver.queue.run(driver.source.describe());
      const dead = await driver.queue.run(driver.queue.deadLetters?.describe() ?? Promise.resolve(undefined));
      expect(redrive).toEqual({ maxReceiveCount: 3, deadLetterTargetArn: dead?.arn });
    },
  },
  {
    promise: 'counts what is visible and what is in flight',
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 3);
      await driver.one();
      const expected = { visible: 2, notVisible: 1, delayed: 0 };
      expect(await driver.depth((depth) => depth.visible === 2 && depth.notVisible === 1)).toEqual(expected);
    },
  },
  {
    promise: 'closes more than once',
    prove: async (driver) => {
      await driver.queue.run(driver.source.describe());
      await Promise.all([driver.source.close(), driver.source.close()]);
      await expect(driver.source.close()).resolves.toBeUndefined();
    },
  },
];

const showing: readonly QueueCase[] = [
  {
    promise: 'shows messages as the event of Lambda, keys in its order',
    prove: async (driver, features) => {
      await driver.send(message(features.fifo, 'hello', { messageAttributes: ATTRIBUTES }));
      const got = await driver.one();
      const { arn } = await driver.queue.run(driver.source.describe());
      const text = JSON.stringify(driver.source.toEvent([got], { windowed: false }));
      expect(text).toBe(JSON.stringify({ Records: [expectedRecord(got, arn, features)] }));
    },
  },
  {
    promise: 'shows md5OfMessageAttributes as absent without window, as null with one, when there are no attributes',
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 1);
      const got = await driver.one();
      const [bare] = driver.source.toEvent([got], { windowed: false }).Records;
      const [windowed] = driver.source.toEvent([got], { windowed: true }).Records;
      expect(Object.keys(bare ?? {})).not.toContain('md5OfMessageAttributes');
      expect(JSON.stringify(windowed)).toContain('"messageAttributes":{},"md5OfMessageAttributes":null,"md5OfBody"');
    },
  },
  {
    promise: 'bounds the size of a message from above and counts it exactly',
    prove: async (driver, { fifo }) => {
      await driver.send(...BODIES.map((body) => message(fifo, body, { messageAttributes: ATTRIBUTES })));
      const messages = await driver.collect(BODIES.length);
      for (const windowed of [false, true]) {
        const exact = messages.map((each) => driver.source.eventBytes(each, { windowed }));
        const whole = Buffer.byteLength(JSON.stringify(driver.source.toEvent(messages, { windowed })));
        expect(exact.reduce((sum, bytes) => sum + bytes, 0)).toBe(whole - '{"Records":[]}'.length + 1);
        for (const [index, bytes] of exact.entries()) expect(messages[index]?.sizeBound).toBeGreaterThanOrEqual(bytes);
      }
    },
  },
];

export const receivingCases: readonly QueueCase[] = [...receiving, ...describing, ...showing];

/** Built by hand, key by key, so that it does not repeat the mistakes of what it judges. */
function expectedRecord(got: QueueMessage, arn: string, { fifo }: QueueFeatures): unknown {
  const a = got.attributes;
  const lists = { stringListValues: [], binaryListValues: [] };
  return {
    messageId: got.messageId,
    receiptHandle: got.receiptHandle,
    body: 'hello',
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: a['SentTimestamp'],
      ...(fifo ? { SequenceNumber: a['SequenceNumber'], MessageGroupId: 'group-hello' } : undefined),
      SenderId: a['SenderId'],
      ...(fifo ? { MessageDeduplicationId: a['MessageDeduplicationId'] } : undefined),
      ApproximateFirstReceiveTimestamp: a['ApproximateFirstReceiveTimestamp'],
    },
    messageAttributes: Object.fromEntries(
      Object.entries(got.messageAttributes).map(([name, { dataType, ...value }]) => [name, { ...value, ...lists, dataType }]),
    ),
    md5OfMessageAttributes: got.md5OfMessageAttributes,
    md5OfBody: '5d41402abc4b2a76b9719d911017c592',
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: arn.split(':')[3],
  };
}
