import type { InvocationFacts, Watcher } from '../facts.ts';
import type { Bench } from './bench.ts';
import type { Message } from './messages.ts';

/**
 * R2: a message group is in one invocation at a time until that has really stopped; its messages are invoked in their
 * order, none while an earlier one is still to come, none after a later one was done. Excepted: what a partial answer
 * listed while quarantine is off, what the redrive policy moved, what was handled already and what fits into no event.
 */
export function watchOrder({ messages, fail, peek }: Bench): Watcher {
  /** By life, mapping and group. */
  const busy = new Map<string, InvocationFacts>();
  /** The latest message of a group that was handled. */
  const furthest = new Map<string, number>();
  const release = (invocation: InvocationFacts): void => {
    for (const [key, holder] of busy) if (holder === invocation) busy.delete(key);
  };

  const checkBatch = (invocation: InvocationFacts, records: readonly Message[]): void => {
    const last = new Map<string, number>();
    for (const { id, groupId, order } of records) {
      const group = groupId ?? '';
      if ((last.get(group) ?? -1) > order) fail('R2', `message ${id} stands behind a later one of group ${group} in one batch`);
      last.set(group, order);
    }
    const inBatch = new Set(records.map(({ id }) => id));
    for (const { messageId } of peek(invocation.mapping)) {
      const earlier = messages.get(messageId);
      if (inBatch.has(messageId) || earlier.isHandled || earlier.isOversized || earlier.order >= (last.get(earlier.groupId ?? '') ?? -1))
        continue;
      fail('R2', `group ${earlier.groupId ?? ''} is invoked while its earlier message ${messageId} is still to come`);
    }
  };

  return {
    invoked: (invocation) => {
      const { life, mapping } = invocation;
      if (!mapping.fifo) return;
      const records = invocation.records.map(({ messageId }) => messages.get(messageId));
      checkBatch(invocation, records);
      const held = new Set(peek(mapping).map(({ messageId }) => messageId));
      for (const { id, groupId, order, isHandled, wasListed } of records) {
        const key = `${String(life.number)} ${mapping.name} ${groupId ?? ''}`;
        const holder = busy.get(key);
        if (holder !== undefined && holder !== invocation) {
          fail('R2', `group ${groupId ?? ''} is in invocations ${holder.requestId} and ${invocation.requestId} at once`);
        }
        busy.set(key, invocation);
        if (!isHandled && !wasListed && held.has(id) && order < (furthest.get(`${mapping.name} ${groupId ?? ''}`) ?? -1)) {
          fail('R2', `message ${id} is invoked after a later one of its group was done`);
        }
      }
    },
    answered: ({ handled }) => {
      for (const id of handled) {
        const { mapping, groupId, order } = messages.get(id);
        const key = `${mapping.name} ${groupId ?? ''}`;
        if (mapping.fifo) furthest.set(key, Math.max(order, furthest.get(key) ?? -1));
      }
    },
    ended: ({ invocation }) => {
      release(invocation);
    },
    event: ({ life, name, event }) => {
      if (name !== 'handler.abandoned') return;
      const { requestId } = event as { requestId: string };
      for (const holder of busy.values()) if (holder.life === life && holder.requestId === requestId) release(holder);
    },
  };
}
