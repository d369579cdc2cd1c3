/** The promises of standard queues only, and of FIFO queues only. */
import { expect } from 'vitest';
import type { QueueMessage } from '../../src/index.ts';
import { bodies, ids, type QueueCase, type QueueDriver, type SuiteMessage } from './queue-source-driver.ts';

let count = 0;

/** `a1` is the message with that body in the group `a`. */
function fifo(...names: readonly string[]): SuiteMessage[] {
  return names.map((body) => {
    count += 1;
    return { body, groupId: body.charAt(0), deduplicationId: `unique-${String(count)}` };
  });
}

/** The bodies of one group, in the order in which they came. */
function ofGroup(group: string, messages: readonly QueueMessage[]): string[] {
  return bodies(messages.filter(({ groupId }) => groupId === group));
}

/** So many messages and no more: what is left of a group stays in the queue. */
function exactly(driver: QueueDriver, amount: number): Promise<QueueMessage[]> {
  return driver.collect(amount, { max: amount });
}

const standard: readonly QueueCase[] = [
  {
    promise: 'hides a message for its delay',
    prove: async (driver) => {
      const began = driver.queue.now();
      await driver.send({ body: 'later', delaySeconds: 2 });
      expect(await driver.receive()).toEqual([]);
      expect(bodies(await driver.collect(1))).toEqual(['later']);
      expect(driver.queue.now() - began).toBeGreaterThanOrEqual(1900);
    },
  },
  {
    promise: 'counts delayed messages apart from the visible ones',
    prove: async (driver) => {
      await driver.send({ body: 'now' }, { body: 'later', delaySeconds: 60 });
      const expected = { visible: 1, notVisible: 0, delayed: 1 };
      expect(await driver.depth((depth) => depth.visible === 1 && depth.delayed === 1)).toEqual(expected);
    },
  },
  {
    promise: 'deletes with the handle of an earlier receive',
    needs: 'olderHandleDeletes',
    setup: { visibilityTimeoutSeconds: 1 },
    prove: async (driver) => {
      await driver.send({ body: 'once' });
      const first = await driver.one();
      const again = await driver.one({ visibilitySeconds: 2 });
      expect(again.messageId).toBe(first.messageId);
      await driver.delete(first);
      expect(await driver.receive({ waitSeconds: 3 })).toEqual([]);
    },
  },
];

const order: readonly QueueCase[] = [
  {
    promise: 'gives the messages of a group in their order, several groups side by side',
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'b1', 'a2', 'b2', 'a3'));
      const messages = await driver.collect(5);
      expect(ofGroup('a', messages)).toEqual(['a1', 'a2', 'a3']);
      expect(ofGroup('b', messages)).toEqual(['b1', 'b2']);
    },
  },
  {
    promise: 'gives several groups in one receive',
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'b1'));
      expect(bodies(await driver.receive({ waitSeconds: 1 })).sort()).toEqual(['a1', 'b1']);
    },
  },
  {
    promise: 'numbers its messages in ascending order and names group and deduplication id',
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'a2'), { body: 'a3', groupId: 'a', deduplicationId: 'my-id' });
      const messages = await driver.collect(3);
      const numbers = messages.map(({ attributes }) => BigInt(attributes['SequenceNumber'] ?? '-1'));
      expect(numbers.every((number, index) => number > (numbers[index - 1] ?? -1n))).toBe(true);
      expect(messages[2]).toMatchObject({ groupId: 'a', attributes: { MessageGroupId: 'a', MessageDeduplicationId: 'my-id' } });
    },
  },
  {
    promise: 'gives nothing of a group while a message of it is in flight, and goes on with other groups',
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'a2'));
      const first = await driver.one();
      await driver.send(...fifo('b1'));
      expect(bodies(await driver.collect(1))).toEqual(['b1']);
      expect(await driver.receive()).toEqual([]);
      await driver.delete(first);
      expect(bodies(await driver.collect(1))).toEqual(['a2']);
    },
  },
  {
    promise: 'keeps a group locked until the last of several messages in flight is done',
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'a2', 'a3'));
      const [first, second] = await exactly(driver, 2);
      if (first === undefined || second === undefined) throw new Error('two messages were expected');
      await driver.delete(first);
      expect(await driver.receive()).toEqual([]);
      await driver.changeVisibility(0, second);
      expect(bodies(await driver.collect(2))).toEqual(['a2', 'a3']);
    },
  },
  {
    promise: 'keeps the order of a group whose messages are released in another order',
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'a2', 'a3'));
      const [first, second, third] = await exactly(driver, 3);
      if (first === undefined || second === undefined || third === undefined) throw new Error('three messages were expected');
      await driver.changeVisibility(0, third, first, second);
      expect(bodies(await driver.collect(3))).toEqual(['a1', 'a2', 'a3']);
    },
  },
  {
    promise: 'keeps the order of a group whose visibility timeout has ended',
    setup: { visibilityTimeoutSeconds: 1 },
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'a2', 'a3'));
      await exactly(driver, 2);
      const again = await driver.collect(3, { visibilitySeconds: 30 });
      expect(bodies(again)).toEqual(['a1', 'a2', 'a3']);
      expect(again.map(({ receiveCount }) => receiveCount)).toEqual([2, 2, 1]);
    },
  },
];

const once: readonly QueueCase[] = [
  {
    promise: 'takes a second message with the same deduplication id for the first',
    prove: async (driver) => {
      const twin = { body: 'a1', groupId: 'a', deduplicationId: 'twin' };
      const sent = await driver.send(twin, twin, ...fifo('a2'));
      expect(sent[1]).toBe(sent[0]);
      const messages = await driver.collect(2);
      expect(bodies(messages)).toEqual(['a1', 'a2']);
      await driver.delete(...messages);
      await driver.send(twin);
      expect(await driver.receive({ waitSeconds: 1 })).toEqual([]);
    },
  },
  {
    promise: 'takes a second message with the same body for the first when it deduplicates by content',
    setup: { contentBasedDeduplication: true },
    prove: async (driver) => {
      await driver.send({ body: 'same', groupId: 'a' }, { body: 'same', groupId: 'a' }, { body: 'other', groupId: 'a' });
      const messages = await driver.collect(2);
      expect(bodies(messages)).toEqual(['same', 'other']);
      expect(messages[0]?.attributes['MessageDeduplicationId']).toBe('0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5');
    },
  },
  {
    promise: 'refuses a handle whose visibility timeout has ended, and keeps the message',
    setup: { visibilityTimeoutSeconds: 1 },
    prove: async (driver) => {
      await driver.send(...fifo('a1'));
      const first = await driver.one();
      await driver.untilVisible(1);
      const [result] = await driver.queue.run(driver.source.delete([first]));
      expect(result).toMatchObject({ ok: false, retryable: false, code: expect.stringContaining('InvalidParameterValue') as string });
      expect((await driver.one()).messageId).toBe(first.messageId);
    },
  },
  {
    promise: 'gives the same messages to the same receive attempt, and none of them to another',
    needs: 'attemptId',
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'a2', 'b1'));
      const first = await driver.receive({ attemptId: 'one', max: 2, waitSeconds: 1 });
      const again = await driver.receive({ attemptId: 'one', max: 2 });
      expect(again).toEqual(first);
      const others = await driver.receive({ attemptId: 'two' });
      expect(ids(others).filter((id) => ids(first).includes(id))).toEqual([]);
      await driver.delete(...again);
    },
  },
  {
    promise: 'takes a receive attempt for a new one once a message of it was dealt with',
    needs: 'attemptId',
    prove: async (driver) => {
      await driver.send(...fifo('a1', 'a2'));
      const [first] = await driver.receive({ attemptId: 'one', max: 1, waitSeconds: 1 });
      if (first === undefined) throw new Error('a message was expected');
      await driver.delete(first);
      expect(bodies(await driver.receive({ attemptId: 'one', max: 1 }))).toEqual(['a2']);
    },
  },
];

export const standardCases: readonly QueueCase[] = [...standard];
export const fifoCases: readonly QueueCase[] = [...order, ...once];
