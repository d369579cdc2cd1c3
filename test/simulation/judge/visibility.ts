import type { QueueReceipt } from '../../../src/index.ts';
import type { InvocationFacts, Watcher } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Bench } from './judge.ts';

const TWELVE_HOURS_MS = 43_200_000;

/** What one life knows of one delivery. */
interface Grant {
  readonly arrivedAt: number;
  /** As granted at receive, the margin taken off. */
  readonly grantedUntil: number;
  deadline: number;
  /** Deleted, given back or settled: no beat any more. */
  isOver: boolean;
}

/**
 * R10: nothing starts whose deadline has passed, nothing throttled is tried beyond what was granted at receive, no beat
 * for what is deleted, given back or settled, and 12 hours at most.
 */
export function watchVisibility(bench: Bench): Watcher {
  const { fail, now } = bench;
  /** By life and message: the newest delivery. */
  const grants = new Map<string, Grant>();
  /** By request: what a batch was invoked with. */
  const batches = new Map<string, { readonly invocation: InvocationFacts; readonly grants: readonly Grant[] }>();
  const keyOf = (life: Life, { messageId }: Pick<QueueReceipt, 'messageId'>): string => `${String(life.number)} ${messageId}`;

  return {
    receiveEnded: ({ life, mapping, request, messages }) => {
      const seconds = request.visibilitySeconds ?? mapping.visibilitySeconds;
      const until = now() + marginOff(seconds);
      for (const message of messages) {
        grants.set(keyOf(life, message), { arrivedAt: now(), grantedUntil: until, deadline: until, isOver: false });
      }
    },
    visibilityStarted: ({ life, mapping, receipts, seconds }) => {
      for (const receipt of receipts) {
        const grant = grants.get(keyOf(life, receipt));
        if (grant?.isOver === true) fail('R10', `${mapping.name} renews ${receipt.messageId}, which is deleted, given back or settled`);
        if (grant !== undefined && seconds > 0 && now() - grant.arrivedAt + seconds * 1000 > TWELVE_HOURS_MS) {
          fail('R10', `${mapping.name} holds ${receipt.messageId} for more than 12 hours`);
        }
      }
    },
    visibilityEnded: ({ life, receipts, seconds, startedAt, results }) => {
      receipts.forEach((receipt, index) => {
        const grant = grants.get(keyOf(life, receipt));
        if (grant === undefined || results?.[index]?.ok !== true) return;
        if (seconds === 0) grant.isOver = true;
        else grant.deadline = Math.max(grant.deadline, startedAt + marginOff(seconds));
      });
    },
    deleteStarted: ({ life, receipts }) => {
      for (const receipt of receipts) {
        const grant = grants.get(keyOf(life, receipt));
        if (grant !== undefined) grant.isOver = true;
      }
    },
    invoked: (invocation) => {
      const { life, mapping, records, attempt, requestId } = invocation;
      const held = records.flatMap((record) => grants.get(keyOf(life, record)) ?? []);
      batches.set(`${String(life.number)} ${requestId}`, { invocation, grants: held });
      for (const { deadline, grantedUntil } of held) {
        if (now() > deadline) fail('R10', `${mapping.name} starts a message ${String(now() - deadline)} ms after its deadline`);
        if (attempt > 1 && now() > grantedUntil)
          fail('R10', `${mapping.name} tries a throttled batch again after the deadline that was granted at receive`);
      }
    },
    event: ({ life, name, event }) => {
      if (name !== 'batch.settled') return;
      const key = `${String(life.number)} ${(event as { requestId: string }).requestId}`;
      const batch = batches.get(key);
      batches.delete(key);
      // Settled is that delivery; a newer one of the same message has a grant of its own.
      for (const grant of batch?.grants ?? []) grant.isOver = true;
    },
  };
}

/** The margin of R10: a second, of short times the half. */
function marginOff(seconds: number): number {
  return seconds * 1000 - Math.min(1000, seconds * 500);
}
