import { describe, expect, it } from 'vitest';
import type { WaitReason } from '../../../src/contract/index.ts';
import { describeWait } from '../../../src/mapping/index.ts';

const reasons: [WaitReason, string][] = [
  [{ kind: 'empty-poll', until: 12_000 }, 'the source has nothing; the next look is in 2.0 s at the latest'],
  [{ kind: 'batch-window', records: 7, until: 11_500 }, 'a batch of 7 is open for 1.5 s more'],
  [{ kind: 'no-credit', functionName: 'fn', inUse: 3, limit: 3 }, 'function fn runs 3 of 3 invocations it may run at once'],
  [{ kind: 'read-ahead', records: 9 }, 'every lane has work; 9 records are read ahead'],
  [{ kind: 'no-room', records: 9, bytes: 90 }, '9 records with up to 90 bytes are in flight, which is all that may be'],
  [{ kind: 'invocation', requestId: 'r-1', records: 4, since: 9000 }, 'the function has been working on 4 records for 1.0 s (request r-1)'],
  [
    { kind: 'handler-did-not-stop', requestId: 'r-1', since: 4000 },
    'the handler overran its time-out 6.0 s ago and has not stopped (request r-1)',
  ],
  [{ kind: 'retry', attempt: 1, at: 10_300, cause: 'throttled: busy' }, 'try 2 of the same batch in 0.3 s (throttled: busy)'],
  [{ kind: 'settling', messages: 2 }, 'deletes or releases of 2 messages are under way'],
  [
    { kind: 'source', error: 'not-found', message: 'no such queue', retryAt: 9000 },
    'the source cannot be used (not-found: no such queue); the next look is in 0.0 s',
  ],
  [{ kind: 'store', message: 'locked', retryAt: 11_000 }, 'the state store cannot be used (locked); the next try is in 1.0 s'],
  [{ kind: 'lease', owner: 'PID 4711' }, 'owned by PID 4711'],
  [{ kind: 'starting' }, 'is being started'],
  [{ kind: 'disabled' }, 'is disabled'],
  [{ kind: 'stopping', deadline: 40_000 }, 'stops; what still runs has 30.0 s more'],
];

describe('a wait as a sentence', () => {
  it.each(reasons)('says of %j: %s', (reason, sentence) => {
    expect(describeWait({ part: 'slot 3', reason }, 10_000)).toBe(`slot 3: ${sentence}`);
  });
});
