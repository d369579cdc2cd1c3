import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoredMessage } from '../../../../adapters/source/embedded-queue/stored-message.ts';
import { Timetable } from '../../../../adapters/source/embedded-queue/timetable.ts';

const content = {
  messageId: 'm',
  body: '',
  md5OfBody: '',
  messageAttributes: {},
  md5OfMessageAttributes: undefined,
  groupId: undefined,
  deduplicationId: undefined,
  traceHeader: undefined,
  bytes: 0,
  sentAt: 0,
  earlierReceives: 0,
  firstReceivedAt: undefined,
  deadLetterSource: undefined,
};

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ act: fc.constant('put' as const), which: fc.nat(39), at: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('remove' as const), which: fc.nat(39), at: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('take' as const), which: fc.constant(0), at: fc.nat(1000) }) },
);

describe('the timetable', () => {
  it('gives what is due, the soonest first, whatever was entered, moved and removed before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const timetable = new Timetable();
        const messages = Array.from({ length: 40 }, (_, order) => new StoredMessage(content, order, '', 0));
        const model = new Set<StoredMessage>();
        const soonest = (): StoredMessage | undefined => [...model].sort((a, b) => a.visibleAt - b.visibleAt || a.order - b.order)[0];
        for (const { act, which, at } of steps) {
          const message = messages[which];
          if (message === undefined) continue;
          if (act === 'put') {
            message.visibleAt = at;
            timetable.put(message);
            model.add(message);
          } else if (act === 'remove') {
            timetable.remove(message);
            model.delete(message);
          } else {
            const first = soonest();
            const expected = first !== undefined && first.visibleAt <= at ? first : undefined;
            expect(timetable.takeDue(at)).toBe(expected);
            if (expected !== undefined) model.delete(expected);
          }
          expect(timetable.nextAt).toBe(soonest()?.visibleAt);
        }
      }),
      { numRuns: 100 },
    );
  });
});
