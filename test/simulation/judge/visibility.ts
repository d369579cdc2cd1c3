import type { QueueReceipt } from '../../../src/index.ts';
import type { InvocationFacts, MappingFacts, Watcher } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Bench } from './bench.ts';

const TWELVE_HOURS_MS = 43_200_000;

/** What one life knows of one delivery of one message. */
interface Grant {
  readonly arrivedAt: number;
  /** As granted at receive, the margin taken off. */
  readonly grantedUntil: number;
  deadline: number;
  /** Deleted, given back or settled: no beat any more. */
  isOver: boolean;
}

/** Deliveries by life, message and handle. */
class Grants {
  readonly #byMessage = new Map<string, Map<string, Grant>>();

  add(life: Life, { messageId, receiptHandle }: QueueReceipt, grant: Grant): void {
    const key = `${String(life.number)} ${messageId}`;
    const grants = this.#byMessage.get(key) ?? new Map<string, Grant>();
    this.#byMessage.set(key, grants);
    grants.set(receiptHandle, grant);
  }

  get(life: Life, { messageId, receiptHandle }: QueueReceipt): Grant | undefined {
    return this.#byMessage.get(`${String(life.number)} ${messageId}`)?.get(receiptHandle);
  }

  of(life: Life, messageId: string): Grant[] {
    return [...(this.#byMessage.get(`${String(life.number)} ${messageId}`)?.values() ?? [])];
  }
}

/** How many invocations with a message have not answered. */
class Running {
  readonly #byMessage = new Map<string, number>();

  has(life: Life, messageId: string): boolean {
    return (this.#byMessage.get(`${String(life.number)} ${messageId}`) ?? 0) > 0;
  }

  count({ life, records }: InvocationFacts, by: number): void {
    for (const { messageId } of records) {
      const key = `${String(life.number)} ${messageId}`;
      this.#byMessage.set(key, (this.#byMessage.get(key) ?? 0) + by);
    }
  }
}

/**
 * R10: nothing starts whose deadline has passed, nothing throttled is tried beyond what was granted at receive, no beat
 * for what is deleted, given back or settled, and 12 hours at most. A message that came twice has until the later end.
 */
export function watchVisibility({ fail, now }: Bench): Watcher {
  const grants = new Grants();
  const batches = new Map<string, InvocationFacts>();

  const running = new Running();

  /** Where windows are, an answer can lie unopened while another delivery of the same message is settled, and a message that came again can be running; those are not over. */
  const endAll = (life: Life, mapping: MappingFacts, receipt: QueueReceipt): void => {
    const isElsewhere = mapping.windowMs > 0 || running.has(life, receipt.messageId);
    const ended = isElsewhere ? [grants.get(life, receipt)] : grants.of(life, receipt.messageId);
    for (const grant of ended) if (grant !== undefined) grant.isOver = true;
  };

  const checkStart = ({ life, mapping, records, attempt }: InvocationFacts): void => {
    for (const { messageId } of records) {
      const known = grants.of(life, messageId);
      const deadline = Math.max(...known.map((grant) => grant.deadline));
      const grantedUntil = Math.max(...known.map((grant) => grant.grantedUntil));
      if (now() > deadline) fail('R10', `${mapping.name} starts ${messageId} ${String(now() - deadline)} ms after its deadline`);
      if (attempt > 1 && now() > grantedUntil)
        fail('R10', `${mapping.name} tries a throttled batch again after what was granted at receive`);
    }
  };

  return {
    receiveEnded: ({ life, mapping, request, messages }) => {
      const seconds = request.visibilitySeconds ?? mapping.visibilitySeconds;
      const until = now() + marginOff(seconds);
      for (const message of messages) grants.add(life, message, { arrivedAt: now(), grantedUntil: until, deadline: until, isOver: false });
    },
    visibilityStarted: ({ life, mapping, receipts, seconds }) => {
      for (const receipt of receipts) {
        const grant = grants.get(life, receipt);
        if (grant === undefined) continue;
        if (grant.isOver) fail('R10', `${mapping.name} renews ${receipt.messageId}, which is deleted, given back or settled`);
        if (seconds > 0 && now() - grant.arrivedAt + seconds * 1000 > TWELVE_HOURS_MS) {
          fail('R10', `${mapping.name} holds ${receipt.messageId} for more than 12 hours`);
        }
      }
    },
    visibilityEnded: ({ life, receipts, seconds, startedAt, results }) => {
      receipts.forEach((receipt, index) => {
        const grant = grants.get(life, receipt);
        if (grant === undefined || results?.[index]?.ok !== true) return;
        if (seconds === 0) grant.isOver = true;
        else grant.deadline = Math.max(grant.deadline, startedAt + marginOff(seconds));
      });
    },
    deleteStarted: ({ life, mapping, receipts }) => {
      for (const receipt of receipts) endAll(life, mapping, receipt);
    },
    invoked: (invocation) => {
      batches.set(`${String(invocation.life.number)} ${invocation.requestId}`, invocation);
      checkStart(invocation);
      running.count(invocation, 1);
    },
    answered: ({ invocation }) => {
      running.count(invocation, -1);
    },
    event: ({ life, name, event }) => {
      if (name !== 'batch.settled') return;
      const key = `${String(life.number)} ${(event as { requestId: string }).requestId}`;
      const invocation = batches.get(key);
      batches.delete(key);
      for (const receipt of invocation?.records ?? []) {
        const grant = grants.get(life, receipt);
        if (grant !== undefined) grant.isOver = true;
      }
    },
  };
}

/** The margin of R10: a second, of short times the half. */
function marginOff(seconds: number): number {
  return seconds * 1000 - Math.min(1000, seconds * 500);
}
