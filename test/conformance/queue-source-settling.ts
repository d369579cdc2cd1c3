/** The promises that standard and FIFO queues share: visibility and deletes. */
import { expect } from 'vitest';
import type { EntryResult, QueueMessage } from '../../src/index.ts';
import { expectSourceError, ids, type QueueCase } from './queue-source-driver.ts';
import { isEmpty, sent } from './queue-source-messages.ts';

function forged(message: QueueMessage): QueueMessage {
  return { ...message, receiptHandle: 'not-a-handle' };
}

function expectRefused(result: EntryResult | undefined): void {
  expect(result).toMatchObject({ ok: false, retryable: false, code: expect.any(String) as string, message: expect.any(String) as string });
}

const visibility: readonly QueueCase[] = [
  {
    promise: 'hides what was received and gives it again after its visibility timeout, counted',
    setup: { visibilityTimeoutSeconds: 1 },
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 1);
      const first = await driver.one();
      expect(await driver.receive()).toEqual([]);
      const again = await driver.one();
      expect(again).toMatchObject({ messageId: first.messageId, body: first.body, receiveCount: 2 });
      expect(again.attributes['ApproximateReceiveCount']).toBe('2');
      expect(again.receiptHandle).not.toBe(first.receiptHandle);
      expect(again.attributes['ApproximateFirstReceiveTimestamp']).toBe(first.attributes['ApproximateFirstReceiveTimestamp']);
    },
  },
  {
    promise: 'hides for as long as the receive asks',
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 1);
      const began = driver.queue.now();
      const { messageId } = await driver.one({ visibilitySeconds: 1 });
      expect((await driver.one()).messageId).toBe(messageId);
      expect(driver.queue.now() - began).toBeLessThan(10_000);
    },
  },
  {
    promise: 'gives a message again at once when its visibility is set to 0',
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 1);
      const first = await driver.one();
      await driver.changeVisibility(0, first);
      expect(await driver.one()).toMatchObject({ messageId: first.messageId, receiveCount: 2 });
    },
  },
  {
    promise: 'keeps a message hidden for longer when its visibility is prolonged',
    setup: { visibilityTimeoutSeconds: 2 },
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 1);
      const first = await driver.one();
      await driver.changeVisibility(6, first);
      expect(await driver.receive({ waitSeconds: 3 })).toEqual([]);
      expect((await driver.one()).messageId).toBe(first.messageId);
    },
  },
  {
    promise: 'refuses to change the visibility of what is not in flight',
    setup: { visibilityTimeoutSeconds: 1 },
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 1);
      const first = await driver.one();
      await driver.untilVisible(1);
      const [result] = await driver.queue.run(driver.source.changeVisibility([first], 10));
      expectRefused(result);
      expect((await driver.one()).messageId).toBe(first.messageId);
    },
  },
  {
    promise: 'refuses a visibility change to more than 12 hours',
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 1);
      const first = await driver.one();
      const results = await driver.queue.run(driver.source.changeVisibility([first], 43_201).catch((error: unknown) => error));
      if (Array.isArray(results)) expectRefused(results[0] as EntryResult);
      else expect(results).toMatchObject({ name: 'SourceError', kind: 'invalid' });
      expect(await driver.receive()).toEqual([]);
    },
  },
  {
    promise: 'refuses a receive that hides for more than 12 hours',
    prove: async (driver) => {
      await expectSourceError(driver.receive({ visibilitySeconds: 43_201 }), 'invalid');
    },
  },
];

const deleting: readonly QueueCase[] = [
  {
    promise: 'never gives again what was deleted',
    setup: { visibilityTimeoutSeconds: 1 },
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 2);
      await driver.delete(...(await driver.collect(2)));
      expect(await driver.receive({ waitSeconds: 2 })).toEqual([]);
      expect(await driver.depth(isEmpty)).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
    },
  },
  {
    promise: 'answers a delete entry by entry, in the order given',
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 3);
      const [a, b, c] = await driver.collect(3);
      if (a === undefined || b === undefined || c === undefined) throw new Error('three messages were expected');
      const results = await driver.queue.run(driver.source.delete([a, forged(b), c]));
      expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
      expectRefused(results[1]);
      await driver.changeVisibility(0, b);
      expect(ids(await driver.collect(1))).toEqual([b.messageId]);
    },
  },
  {
    promise: 'answers a visibility change entry by entry, in the order given',
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 2);
      const [a, b] = await driver.collect(2);
      if (a === undefined || b === undefined) throw new Error('two messages were expected');
      const results = await driver.queue.run(driver.source.changeVisibility([forged(a), b], 0));
      expect(results.map(({ ok }) => ok)).toEqual([false, true]);
      expectRefused(results[0]);
      expect(ids(await driver.collect(1))).toEqual([b.messageId]);
    },
  },
  {
    promise: 'takes the second delete of a message for done',
    prove: async (driver, { fifo }) => {
      await sent(driver, fifo, 1);
      const first = await driver.one();
      await driver.delete(first);
      await driver.delete(first);
      expect(await driver.depth(isEmpty)).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
    },
  },
];

export const settlingCases: readonly QueueCase[] = [...visibility, ...deleting];
