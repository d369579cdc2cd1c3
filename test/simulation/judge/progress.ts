import type { Watcher } from '../facts.ts';
import type { Bench } from './bench.ts';

/** R12: beside a mapping in trouble, messages of a sound one are in an invocation soon. And the engine reports no defect of its own. */
export function watchDelays({ messages, fail, now }: Bench): Watcher {
  return {
    invoked: ({ mapping, records }) => {
      const { latencyBoundMs } = mapping;
      if (latencyBoundMs === undefined) return;
      for (const { messageId } of records) {
        const { wasInvoked, visibleAt } = messages.get(messageId);
        if (!wasInvoked && now() - visibleAt > latencyBoundMs) {
          fail(
            'R12',
            `${mapping.name} got a message ${String(now() - visibleAt)} ms after it was visible, the bound is ${String(latencyBoundMs)} ms`,
          );
        }
      }
    },
    event: ({ name, event }) => {
      if (name !== 'engine.defect') return;
      const { error } = event as { error: unknown };
      fail('defect', error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
    moment: ({ final }) => {
      if (!final) return;
      for (const { id, mapping, wasInvoked } of messages.all) {
        if (mapping.latencyBoundMs !== undefined && !wasInvoked) fail('R12', `message ${id} of ${mapping.name} was never invoked`);
      }
    },
  };
}
