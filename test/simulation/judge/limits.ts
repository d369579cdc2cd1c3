import type { ReceiveRequest } from '../../../src/index.ts';
import type { InvocationFacts, MappingFacts, Watcher } from '../facts.ts';
import type { Life } from '../life.ts';
import type { Bench } from './judge.ts';

const PAYLOAD_BYTES_MAX = 6_291_456;
/** Timers are exact in a world, but an entry that waits for a turn may be a moment late, ms. */
const WINDOW_SLACK_MS = 5;

interface Receive {
  readonly life: Life;
  readonly mapping: MappingFacts;
  readonly startedAt: number;
  /** Its window closed before it was answered, so the batch went without it. */
  isOverhang: boolean;
}

/** R3: concurrency, batch size, bytes and window. R9: nothing is received that has no slot to run in. */
export function watchLimits({ fail, now }: Bench): Watcher {
  const running = new Set<InvocationFacts>();
  const receives = new Map<ReceiveRequest, Receive>();
  const windows = new Windows(fail, now);

  /** Open receives and invocations of some mappings; a receive may hang over from the collection of a batch that runs. */
  const inUse = (life: Life, isMeant: (mapping: MappingFacts) => boolean): { invocations: number; credits: number } => {
    const invocations = [...running].filter((one) => one.life === life && isMeant(one.mapping));
    const open = [...receives.values()].filter((one) => one.life === life && isMeant(one.mapping));
    return { invocations: invocations.length, credits: invocations.length + open.filter(({ isOverhang }) => !isOverhang).length };
  };
  const check = (life: Life, mapping: MappingFacts): void => {
    const own = inUse(life, ({ name }) => name === mapping.name);
    const all = inUse(life, ({ functionName }) => functionName === mapping.functionName);
    const { maximumConcurrency = Number.POSITIVE_INFINITY, reserved = Number.POSITIVE_INFINITY } = mapping;
    if (own.invocations > maximumConcurrency)
      fail('R3', `${mapping.name} runs ${String(own.invocations)} invocations, MaximumConcurrency is ${String(maximumConcurrency)}`);
    if (all.invocations > reserved)
      fail('R3', `${mapping.functionName} runs ${String(all.invocations)} invocations, reserved are ${String(reserved)}`);
    if (own.credits > maximumConcurrency || all.credits > reserved) {
      fail(
        'R9',
        `${mapping.name} receives with ${String(own.credits)} credits in use, ${mapping.functionName} with ${String(all.credits)}`,
      );
    }
  };
  /** Which of several receives belongs to the batch is not seen from outside, so every one that could be counts. */
  const hangOver = ({ life, mapping, records }: InvocationFacts): void => {
    const first = windows.firstArrival(life, records);
    for (const [{ max }, receive] of receives) {
      const isOfBatch = receive.life === life && receive.mapping === mapping && receive.startedAt >= first;
      if (isOfBatch && max === Math.min(10, mapping.batchSize - records.length)) receive.isOverhang = true;
    }
  };
  const forget = (invocation: InvocationFacts): void => {
    running.delete(invocation);
    windows.progressed(invocation.life, invocation.mapping);
  };

  return {
    receiveStarted: ({ life, mapping, request }) => {
      receives.set(request, { life, mapping, startedAt: now(), isOverhang: false });
      check(life, mapping);
      if (request.max > Math.min(10, mapping.batchSize))
        fail('R9', `${mapping.name} asks for ${String(request.max)}, BatchSize is ${String(mapping.batchSize)}`);
    },
    receiveEnded: ({ life, mapping, request, messages, failed }) => {
      receives.delete(request);
      if (failed) windows.troubled(life, mapping);
      for (const { receiptHandle } of messages) windows.arrived(life, receiptHandle);
    },
    invoked: (invocation) => {
      const { mapping, records, bytes } = invocation;
      running.add(invocation);
      if (mapping.windowMs > 0 && records.length < mapping.batchSize) hangOver(invocation);
      check(invocation.life, mapping);
      if (records.length === 0 || records.length > mapping.batchSize)
        fail('R3', `a batch of ${String(records.length)}, BatchSize is ${String(mapping.batchSize)}`);
      if (bytes > PAYLOAD_BYTES_MAX) fail('R3', `an event of ${String(bytes)} bytes`);
      windows.check(invocation);
    },
    // A slot opens no new batch before what it gave back has arrived.
    visibilityEnded: ({ life, mapping }) => {
      windows.progressed(life, mapping);
    },
    ended: ({ invocation }) => {
      forget(invocation);
    },
    event: ({ life, name, event }) => {
      if (name === 'handler.abandoned') {
        const { requestId } = event as { requestId: string };
        for (const one of running) if (one.life === life && one.requestId === requestId) forget(one);
      }
      if (name === 'message.expired' || name === 'batch.settled' || name === 'message.oversized' || name === 'source.duplicates') {
        windows.troubledByName(life, (event as { mapping: string }).mapping);
      }
    },
    stopping: ({ life, mapping }) => {
      windows.stopping(life, mapping, true);
    },
    enabled: ({ life, mapping }) => {
      windows.stopping(life, mapping, false);
    },
    crashed: ({ life }) => {
      for (const one of [...running]) if (one.life === life) running.delete(one);
      for (const [request, one] of [...receives]) if (one.life === life) receives.delete(request);
    },
  };
}

/** When batches had to start. A window opens when a slot is free to open it, which is not seen from outside: so each end of an invocation counts as one. */
class Windows {
  readonly #fail: Bench['fail'];
  readonly #now: () => number;
  readonly #arrivals = new Map<string, number>();
  /** When the mapping last had reason to begin or end a batch at another time. */
  readonly #ended = new Map<string, number>();
  readonly #trouble = new Map<string, number>();

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

  progressed(life: Life, { name }: MappingFacts): void {
    this.#ended.set(`${String(life.number)} ${name}`, this.#now());
  }

  troubled(life: Life, { name }: MappingFacts): void {
    this.troubledByName(life, name);
  }

  /** While a mapping stops its batches go as they are. */
  stopping(life: Life, mapping: MappingFacts, isStopping: boolean): void {
    this.#trouble.set(`${String(life.number)} ${mapping.name}`, isStopping ? Number.POSITIVE_INFINITY : this.#now());
  }

  troubledByName(life: Life, name: string): void {
    const key = `${String(life.number)} ${name}`;
    this.#trouble.set(key, Math.max(this.#trouble.get(key) ?? 0, this.#now()));
  }

  check({ life, mapping, records, attempt, bytes }: InvocationFacts): void {
    if (attempt > 1) return;
    const key = `${String(life.number)} ${mapping.name}`;
    const first = this.firstArrival(life, records);
    const ended = this.#ended.get(key) ?? Number.NEGATIVE_INFINITY;
    const waited = this.#now() - Math.max(first, ended);
    if (waited > mapping.windowMs + WINDOW_SLACK_MS && mapping.reserved === undefined) {
      this.#fail('R3', `a batch of ${mapping.name} waited ${String(waited)} ms, its window is ${String(mapping.windowMs)} ms`);
    }
    const isFull = records.length >= mapping.batchSize || bytes > PAYLOAD_BYTES_MAX / 4;
    const isUndisturbed = (this.#trouble.get(key) ?? Number.NEGATIVE_INFINITY) < first;
    if (mapping.windowMs > 0 && !isFull && isUndisturbed && this.#now() - first < mapping.windowMs - WINDOW_SLACK_MS) {
      this.#fail(
        'R3',
        `a batch of ${mapping.name} with ${String(records.length)} of ${String(mapping.batchSize)} went ${String(this.#now() - first)} ms after its first record, before its window ended`,
      );
    }
  }
}
