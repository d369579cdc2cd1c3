import type { MappingFacts, Watcher } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Bench } from './bench.ts';

/** What a stop may take beyond its deadline, ms. */
const GRACE_MS = 2100;
/** So long after its deadline a stop waits for calls under way, ms. */
const CALLS_MS = 2000;
/** What an embedded queue puts before message id and receive count in a handle. */
const PREFIX_LENGTH = 9;

/**
 * R13: a stop receives nothing new, ends in time, and what was received and never begun is visible again, unless the
 * call that gives it back failed, or is under way for longer than a stop waits.
 */
export function watchStops({ fail, now, peek }: Bench): Watcher {
  const stopping = new Set<string>();
  /** Handles that were given to a life and of which nothing has come yet. */
  const untouched = new Map<string, Set<string>>();
  /** Handles that are on their way back. */
  const giving = new Set<string>();
  const keyOf = (life: Life, { name }: MappingFacts): string => `${String(life.number)} ${name}`;
  const touch = (key: string, receiptHandle: string): void => {
    untouched.get(key)?.delete(receiptHandle);
  };

  return {
    receiveStarted: ({ life, mapping }) => {
      if (stopping.has(keyOf(life, mapping))) fail('R13', `${mapping.name} receives although it is being stopped`);
    },
    receiveEnded: ({ life, mapping, messages }) => {
      const key = keyOf(life, mapping);
      const handles = untouched.get(key) ?? new Set<string>();
      untouched.set(key, handles);
      for (const { receiptHandle } of messages) handles.add(receiptHandle);
    },
    invoked: ({ life, mapping, records }) => {
      for (const { receiptHandle } of records) touch(keyOf(life, mapping), receiptHandle);
    },
    deleteStarted: ({ life, mapping, receipts }) => {
      for (const { receiptHandle } of receipts) touch(keyOf(life, mapping), receiptHandle);
    },
    visibilityStarted: ({ receipts, seconds }) => {
      if (seconds === 0) for (const { receiptHandle } of receipts) giving.add(receiptHandle);
    },
    visibilityEnded: ({ life, mapping, receipts, seconds, results }) => {
      if (seconds === 0) for (const { receiptHandle } of receipts) giving.delete(receiptHandle);
      // Tried and failed: nobody can do more at a stop. A beat is no release.
      receipts.forEach(({ receiptHandle }, index) => {
        if (seconds === 0 || results?.[index]?.ok !== true) touch(keyOf(life, mapping), receiptHandle);
      });
    },
    event: ({ life, name, event }) => {
      // What expires, is locked or too large is left to its timeout by design.
      if (name !== 'message.expired' && name !== 'message.oversized' && name !== 'source.duplicates') return;
      untouched.get(`${String(life.number)} ${(event as { mapping: string }).mapping}`)?.clear();
    },
    enabled: ({ life, mapping }) => {
      stopping.delete(keyOf(life, mapping));
    },
    stopping: ({ life, mapping }) => {
      stopping.add(keyOf(life, mapping));
    },
    stopped: ({ life, mapping, startedAt, timeoutMs }) => {
      if (now() - startedAt > timeoutMs + GRACE_MS) {
        fail('R13', `the stop of ${mapping.name} took ${String(now() - startedAt)} ms, its deadline was ${String(timeoutMs)} ms`);
      }
      const key = keyOf(life, mapping);
      const handles = untouched.get(key) ?? new Set<string>();
      untouched.delete(key);
      const hasWaited = now() - startedAt >= timeoutMs + CALLS_MS;
      const left = [...handles].filter((handle) => !(hasWaited && giving.has(handle)));
      const held = new Set(left.map((handle) => handle.slice(PREFIX_LENGTH)));
      for (const { state, messageId, receiveCount } of peek(mapping)) {
        if (state !== 'in-flight' || !held.has(`${messageId}-${String(receiveCount)}`)) continue;
        fail('R13', `${mapping.name} stopped and did not give back message ${messageId}, which it never began`);
      }
    },
  };
}
