import type { InvocationFacts, Watcher } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Bench } from './bench.ts';

/**
 * R1: a message leaves its queue only after a successful outcome that names it. R6: what is settled is named by a
 * handle that this very engine was given; a message is in one unanswered invocation at a time; what was handled is not
 * invoked again because its delete failed.
 */
export function watchNothingLost({ messages, fail, peek }: Bench): Watcher {
  const given = new Map<Life, Set<string>>();
  const running = new Map<string, InvocationFacts>();
  const checkHandles = (life: Life, receipts: readonly { messageId: string; receiptHandle: string }[], what: string): void => {
    for (const { messageId, receiptHandle } of receipts) {
      if (given.get(life)?.has(`${messageId} ${receiptHandle}`) === true) continue;
      fail('R6', `${what} names ${messageId} by a handle that was never given out for it`);
    }
  };
  return {
    receiveEnded: ({ life, messages: received }) => {
      const handles = given.get(life) ?? new Set<string>();
      given.set(life, handles);
      for (const { messageId, receiptHandle } of received) handles.add(`${messageId} ${receiptHandle}`);
    },
    deleteStarted: ({ life, mapping, receipts }) => {
      checkHandles(life, receipts, 'a delete');
      for (const { messageId } of receipts) {
        const message = messages.get(messageId);
        if (message.handledIn?.startsWith(`${String(life.number)} ${mapping.name} `) !== true) {
          fail('R1', `message ${messageId} is being deleted, but no successful outcome has named it`);
        }
      }
    },
    visibilityStarted: ({ life, receipts }) => {
      checkHandles(life, receipts, 'a visibility change');
    },
    invoked: (invocation) => {
      const tenure = messages.tenureOf(invocation);
      for (const { messageId } of invocation.records) {
        const message = messages.get(messageId);
        const other = running.get(`${tenure} ${messageId}`);
        if (other !== undefined)
          fail('R6', `message ${messageId} is in invocations ${other.requestId} and ${invocation.requestId} at once`);
        running.set(`${tenure} ${messageId}`, invocation);
        if (message.handledIn === tenure && !message.isDeleted && peek(invocation.mapping).some((held) => held.messageId === messageId)) {
          fail('R6', `message ${messageId} was handled, its delete failed, and it is invoked again instead of deleted again`);
        }
        message.wasInvoked = true;
      }
    },
    answered: ({ invocation }) => {
      const tenure = messages.tenureOf(invocation);
      for (const { messageId } of invocation.records) {
        if (running.get(`${tenure} ${messageId}`) === invocation) running.delete(`${tenure} ${messageId}`);
      }
    },
  };
}
