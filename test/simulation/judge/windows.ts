import type { EngineEvents } from '../../../src/index.ts';
import type { InvocationFacts, MappingFacts, Watcher } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Bench } from './bench.ts';

const PAYLOAD_BYTES_MAX = 6_291_456;
/** Timers are exact in a world, but an entry that waits for a turn may be a moment late, ms. */
const WINDOW_SLACK_MS = 5;
/** What makes a batch go early or late, and rightly. */
const DISTURBANCES = ['message.expired', 'batch.settled', 'message.oversized', 'source.duplicates'];

/** R3: a batch that is not full goes when its window ends, neither before nor after. */
export function watchWindows({ fail, now }: Bench): Watcher {
  const windows = new Windows(fail, now);
  return {
    receiveEnded: ({ life, mapping, messages, failed }) => {
      if (failed) windows.troubled(life, mapping.name);
      for (const { receiptHandle } of messages) windows.arrived(life, receiptHandle);
    },
    invoked: (invocation) => {
      windows.check(invocation);
    },
    ended: ({ invocation }) => {
      windows.progressed(invocation.life, invocation.mapping.name);
    },
    // A slot opens no new batch before what it gave back, and its batch before the last, is settled.
    visibilityEnded: ({ life, mapping }) => {
      windows.progressed(life, mapping.name);
    },
    deleteStarted: ({ life, mapping }) => {
      windows.progressed(life, mapping.name);
    },
    event: ({ life, name, event }) => {
      if (name === 'breaker.state') {
        const { functionName, state } = event as EngineEvents['breaker.state'];
        windows.breaker(life, functionName, state === 'closed');
        return;
      }
      if (name === 'handler.abandoned' || name === 'batch.settled') windows.progressed(life, (event as { mapping: string }).mapping);
      if (DISTURBANCES.includes(name)) windows.troubled(life, (event as { mapping: string }).mapping);
    },
    stopping: ({ life, mapping }) => {
      windows.stopping(life, mapping, true);
    },
    enabled: ({ life, mapping }) => {
      windows.stopping(life, mapping, false);
    },
  };
}

/** When batches have to start. A window opens when a slot is free to open it, which is not seen from outside: so each end of an invocation counts as one. */
class Windows {
  readonly #fail: Bench['fail'];
  readonly #now: () => number;
  readonly #arrivals = new Map<string, number>();
  /** When the mapping last had reason to begin or end a batch at another time. */
  readonly #ended = new Map<string, number>();
  readonly #trouble = new Map<string, number>();
  /** When the breaker of a function was closed again. */
  readonly #breakers = new Map<string, number>();

  constructor(fail: Bench['fail'], now: () => number) {
    this.#fail = fail;
    this.#now = now;
  }

  arrived(life: Life, receiptHandle: string): void {
    this.#arrivals.set(`${String(life.number)} ${receiptHandle}`, this.#now());
  }

  firstArrival(life: Life, records: InvocationFacts['records']): number {
    return Math.min(...records.map(({ receiptHandle }) => this.#arrivals.get(`${String(life.number)} ${receiptHandle}`) ?? Number.NaN));
  }

  progressed(life: Life, name: string): void {
    this.#ended.set(`${String(life.number)} ${name}`, this.#now());
  }

  /** While a mapping stops its batches go as they are. */
  stopping(life: Life, mapping: MappingFacts, isStopping: boolean): void {
    this.#trouble.set(`${String(life.number)} ${mapping.name}`, isStopping ? Number.POSITIVE_INFINITY : this.#now());
  }

  troubled(life: Life, name: string): void {
    const key = `${String(life.number)} ${name}`;
    this.#trouble.set(key, Math.max(this.#trouble.get(key) ?? 0, this.#now()));
  }

  /** While a breaker is not closed batches wait, and its trials go as they are. */
  breaker(life: Life, functionName: string, isClosed: boolean): void {
    this.#breakers.set(`${String(life.number)} ${functionName}`, isClosed ? this.#now() : Number.POSITIVE_INFINITY);
  }

  check({ life, mapping, records, attempt, bytes }: InvocationFacts): void {
    if (attempt > 1) return;
    const key = `${String(life.number)} ${mapping.name}`;
    const first = this.firstArrival(life, records);
    if ((this.#breakers.get(`${String(life.number)} ${mapping.functionName}`) ?? Number.NEGATIVE_INFINITY) >= first) return;
    const ended = this.#ended.get(key) ?? Number.NEGATIVE_INFINITY;
    const waited = this.#now() - Math.max(first, ended);
    if (waited > mapping.windowMs + WINDOW_SLACK_MS && mapping.reserved === undefined && mapping.accountConcurrency === undefined) {
      this.#fail('R3', `a batch of ${mapping.name} waited ${String(waited)} ms, its window is ${String(mapping.windowMs)} ms`);
    }
    const isFull = records.length >= mapping.batchSize || bytes > PAYLOAD_BYTES_MAX / 4;
    const isUndisturbed = (this.#trouble.get(key) ?? Number.NEGATIVE_INFINITY) < first;
    if (
      mapping.windowMs > 0 &&
      !mapping.isCramped &&
      !isFull &&
      isUndisturbed &&
      this.#now() - first < mapping.windowMs - WINDOW_SLACK_MS
    ) {
      this.#fail(
        'R3',
        `a batch of ${mapping.name} with ${String(records.length)} of ${String(mapping.batchSize)} went ${String(this.#now() - first)} ms after its first record, before its window ended`,
      );
    }
  }
}
