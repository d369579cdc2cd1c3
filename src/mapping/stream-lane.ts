import type { SequenceNumber, Span, Wait, WaitReason } from '../contract/index.ts';
import { Latch, orSet, sleep } from '../kit/index.ts';
import type { OpenBatch } from '../lanes/index.ts';
import type { RetryMark, ShardEntry, ShardLedger } from '../settle/index.ts';
import type { StreamVerdict, UndoneVerdict } from '../verdict/index.ts';
import { LaneInvoker } from './lane-invoker.ts';
import { LaneQueue, type Oversized } from './lane-queue.ts';
import { FRESH, type LaneRange, retryMark } from './lane-range.ts';
import { LaneWindow } from './lane-window.ts';
import { Passage } from './run-gate.ts';
import { Stated } from './stated.ts';
import type { StreamWorks } from './stream-works.ts';

/** For so long after its first range a resumed lane stores what it is about to do: more than an earlier process left unstored, ms. */
const SUSPECT_MS = 1000;

const NO_MARKS: readonly RetryMark[] = [];

/** Which lane of which shard. */
export interface LanePlace {
  readonly shardId: string;
  readonly lane: number;
  readonly ledger: ShardLedger;
  /** State of an earlier time was found: what ran when the process ended may run again. */
  readonly isResumed: boolean;
  /** Records are done. */
  readonly onSettled: (entries: readonly ShardEntry[]) => void;
  /** It waits for records, or has some again. */
  readonly onIdle: (isIdle: boolean) => void;
}

/**
 * One lane of a shard: strictly in order, one invocation at a time.
 *
 * N1 The next range is not begun before the one before it is settled or discarded (R2).
 * N2 No credit is held while a retry waits (R9).
 * N3 After a resume the first ranges of the lane are stored as running before they are invoked, and as settled before the next.
 *    What ran when the process ended then runs alone: if the process ends again, it has used up an attempt. So a record that
 *    ends the process uses up its attempts, and no other record uses up its own.
 */
export class StreamLane {
  readonly #works: StreamWorks;
  readonly #place: LanePlace;
  readonly #queue: LaneQueue;
  readonly #invoker: LaneInvoker;
  /** Absent without tumbling windows. */
  readonly #window: LaneWindow | undefined;
  /** Ranges that come before the queue: the next one last. */
  readonly #ranges: LaneRange[] = [];
  #isSuspect: boolean;
  #hasSettled = false;
  #suspectSince: number | undefined;
  readonly #stated: Stated;

  constructor(works: StreamWorks, place: LanePlace) {
    this.#works = works;
    this.#place = place;
    this.#stated = new Stated(works.clock, { kind: 'no-records' });
    const { batchSize, maximumBatchingWindowInSeconds } = works.options;
    const eventBytes = (entry: ShardEntry): number => works.source.eventBytes(place.shardId, entry.record);
    this.#window = LaneWindow.of(works, place.shardId, place.ledger);
    this.#queue = new LaneQueue(
      {
        batchSize,
        windowMs: maximumBatchingWindowInSeconds * 1000,
        eventBytes,
        envelopeBytes: works.source.envelopeBytes,
        window: this.#window,
      },
      place.ledger.retriesOf(place.lane),
    );
    this.#invoker = new LaneInvoker({
      works,
      shardId: place.shardId,
      window: this.#window,
      say: (reason) => {
        this.#reason = reason;
      },
      mustBeStored: (range) => this.#mustBeStored(range),
      mayBegin: (range) => this.#mayBegin(range),
      takeBack: (range) => this.#takeBack(range),
    });
    this.#isSuspect = place.isResumed;
  }

  get wait(): Wait {
    return this.#stated.wait(`${this.#place.shardId} lane ${String(this.#place.lane)}`);
  }

  set #reason(reason: WaitReason) {
    this.#stated.say(reason);
  }

  push(entry: ShardEntry): void {
    this.#note(false);
    this.#queue.push(entry);
  }

  #isIdle = false;

  #note(isIdle: boolean): void {
    if (isIdle === this.#isIdle) return;
    this.#isIdle = isIdle;
    this.#place.onIdle(isIdle);
  }

  /** The shard was read so far, in this lane and in others. */
  readTo(sequenceNumber: SequenceNumber): void {
    this.#queue.readTo(sequenceNumber);
  }

  /** The shard is not read on before something of it is settled. */
  holdReading(): void {
    this.#queue.holdReading();
  }

  /** The shard has been read to its end. */
  close(): void {
    this.#queue.close();
  }

  /** Works until the shard's end is worked off or the mapping stops. */
  async run(): Promise<void> {
    const { stopping, runGate } = this.#works;
    while (!stopping.isSet) {
      const next = this.#ranges.pop() ?? this.#collect();
      const range = next instanceof Promise ? await next : next;
      if (range === undefined) return;
      if (this.#isPlain(range) && runGate.tryEnter()) {
        const left = this.#entered();
        await this.#attempt(range, left);
        left.set();
      } else await this.#work(range);
    }
  }

  /** Without anything to be looked at before it is tried: the way of nearly every range. */
  #isPlain(range: LaneRange): boolean {
    const { notBefore, ran } = range;
    return notBefore === 0 && ran === undefined && !this.#mustBeStored(range) && !this.#mayBeAged(range) && !this.#invoker.isUsedUp(range);
  }

  /** The next batch of the queue, at once where it is there; `undefined` at the end of the shard or when the mapping stops. */
  #collect(): LaneRange | Promise<LaneRange | undefined> {
    const open = this.#queue.open();
    const found = this.#look(open);
    return found === undefined || 'oversized' in found ? this.#untilCollected(open, found) : found;
  }

  async #untilCollected(open: OpenBatch<ShardEntry>, first: Oversized | undefined): Promise<LaneRange | undefined> {
    const { stopping } = this.#works;
    for (let found: LaneRange | Oversized | undefined = first; ; found = this.#look(open)) {
      if (found !== undefined && !('oversized' in found)) return found;
      if (found !== undefined) {
        const given = { condition: 'MaximumPayloadSizeExceeded', attempts: 1, requestId: undefined, functionError: null } as const;
        await this.#discard([found.oversized], given);
      } else if (this.#queue.isFinished) {
        this.#reason = { kind: 'no-records' };
        return undefined;
      } else await this.#untilChanged(open.closesAt, open.items.length);
      if (stopping.isSet) return undefined;
    }
  }

  /** Fills the batch with what there is. */
  #look(open: OpenBatch<ShardEntry>): LaneRange | Oversized | undefined {
    const { clock } = this.#works;
    const { items } = open;
    if (items.length === 0 && this.#window?.mustClose(this.#queue) === true) return { ...FRESH, entries: [] };
    const marked = items.length === 0 ? this.#queue.takeMarked() : undefined;
    if (marked === 'not yet') return undefined;
    if (marked !== undefined) return marked;
    const filled = this.#queue.fill(open, clock.monotonic());
    if (typeof filled === 'object') return filled;
    const isComplete = items.length > 0 && (filled || open.isComplete(clock.monotonic()));
    return isComplete ? { ...FRESH, entries: items } : undefined;
  }

  /** Waits for more records, for the end of the batch window or of the tumbling window, or for the mapping to stop. */
  async #untilChanged(closesAt: number | undefined, records: number): Promise<void> {
    const { clock, stopping } = this.#works;
    this.#note(true);
    const changed = this.#queue.changed();
    const until = closesAt ?? this.#window?.looksAgainAt();
    this.#reason = closesAt === undefined ? { kind: 'no-records' } : { kind: 'batch-window', records, until: closesAt };
    if (until === undefined) {
      await orSet(changed, stopping);
      this.#note(false);
      // The reader asks for its next page first, or the service would wait until all of this one is worked off.
      if (!stopping.isSet) await clock.turn();
      return;
    }
    const wake = new Latch();
    const set = (): void => {
      wake.set();
    };
    void changed.then(set);
    const forget = stopping.onSet(set);
    await sleep(clock, until - clock.monotonic(), wake);
    forget();
    this.#note(false);
  }

  /** The way of a range: age, credit, invoke, verdict, settle or back to the head of this lane. */
  async #work(range: LaneRange): Promise<void> {
    const { clock, stopping } = this.#works;
    if (range.ran === 'alone') {
      await this.#apply({ ...range, ran: undefined }, this.#invoker.decideCrashed(range));
      this.#noteRetries();
      return;
    }
    if (range.notBefore > clock.monotonic() && !(await sleep(clock, range.notBefore - clock.monotonic(), stopping))) return;
    if (this.#invoker.isUsedUp(range)) {
      await this.#giveUp(range, range.attempts, range.functionError ?? null);
      return;
    }
    const young = this.#mayBeAged(range) ? await this.#dropAged(range) : range;
    if (young === undefined || (young.entries.length === 0 && range.entries.length > 0) || stopping.isSet) return;
    if (young.isSuspected) await this.#workAlone(young);
    else await this.#workTogether(young);
    if (this.#isSuspect && this.#hasSettled && this.#ranges.length === 0) await this.#clear();
  }

  async #workTogether(range: LaneRange): Promise<void> {
    const { runGate, stopping } = this.#works;
    let hasEntered = runGate.tryEnter();
    while (!hasEntered && !stopping.isSet) {
      this.#reason = { kind: 'suspect', records: range.entries.length };
      await orSet(runGate.changed(), stopping);
      hasEntered = runGate.tryEnter();
    }
    if (!hasEntered) {
      this.#ranges.push(range);
      return;
    }
    const left = this.#entered();
    await this.#attempt(range, left);
    left.set();
  }

  /** Set when the range that runs among others no longer counts. */
  #entered(): Passage {
    return new Passage(this.#leave);
  }

  readonly #leave = (): void => {
    this.#works.runGate.leave();
  };

  /** N3. What it came to is stored before anything else runs. */
  async #workAlone(range: LaneRange): Promise<void> {
    const { runGate, stopping, checkpoints, hardStop } = this.#works;
    this.#reason = { kind: 'suspect', records: range.entries.length };
    if (!(await runGate.enterAlone(stopping))) {
      this.#ranges.push(range);
      return;
    }
    const left = new Passage(() => {
      runGate.leaveAlone();
    });
    await this.#attempt(range, left);
    if (!left.isSet) await orSet(checkpoints.flush(), hardStop);
    left.set();
  }

  /** `left` is set when the range no longer counts as running although its invocation has not ended. */
  async #attempt(range: LaneRange, left: Passage): Promise<void> {
    this.#window?.enter(range);
    const isFinal = this.#window?.isLast(range, this.#ranges.length, this.#queue) === true;
    const span = this.#works.invoker.tracer === undefined ? undefined : this.#spanOf(range);
    const verdict = await this.#invoker.invoke(range, isFinal, left, span);
    if (verdict === undefined) this.#ranges.push(range);
    else if (!this.#endsEarly(range, isFinal, verdict)) {
      // A destination that does not answer keeps this lane, not the others (R12).
      if (!range.isSuspected || verdict.kind === 'discard') left.set();
      const isSuspected = range.isSuspected && verdict.kind === 'wait';
      this.#window?.follow(range, isFinal, verdict);
      const settle = span && this.#works.invoker.tracer?.start('settle', { mapping: this.#works.mapping, parent: span, attributes: {} });
      const { lastRequestId: requestId } = this.#invoker;
      if (verdict.kind === 'settle') this.#settle(range.early?.covered ?? range.entries);
      else await this.#apply({ ...range, requestId, ran: undefined, isSuspected, trace: span?.place ?? range.trace }, verdict);
      settle?.set({ 'millrace.verdict': verdict.kind });
      settle?.end();
    }
    span?.end();
    this.#noteRetries();
  }

  /** A range that is tried again is another batch, which is linked with the one before. */
  #spanOf({ entries, trace }: LaneRange): Span | undefined {
    const { invoker, mapping, source } = this.#works;
    const { shardId, lane } = this.#place;
    return invoker.tracer?.start('batch', {
      mapping,
      attributes: { 'messaging.destination.partition.id': shardId, 'messaging.batch.message_count': entries.length, 'millrace.lane': lane },
      links: () => [...(trace === undefined ? [] : [trace]), ...entries.flatMap(({ record }) => source.links?.(record) ?? [])],
    });
  }

  /** A state that is too large to be kept ends its window now; only then what it covers is done. */
  #endsEarly(range: LaneRange, isFinal: boolean, verdict: StreamVerdict): boolean {
    if (this.#window?.isTooLarge(verdict) !== true || (isFinal && verdict.kind === 'settle')) return false;
    const done = verdict.kind === 'advance' ? verdict.done : range.entries.length;
    if (verdict.kind === 'advance') this.#pushRest(range, verdict);
    const early = { state: verdict.state ?? '', covered: range.entries.slice(0, done) };
    this.#ranges.push({ ...FRESH, entries: [], early });
    return true;
  }

  #pushRest(range: LaneRange, { done, at }: Extract<StreamVerdict, { kind: 'advance' }>): void {
    const { requestId } = range;
    this.#ranges.push({ ...FRESH, entries: range.entries.slice(done), attempts: 0, notBefore: at, requestId });
  }

  /** What was not done goes back to the head of the lane, or is given up. */
  async #apply(range: LaneRange, verdict: UndoneVerdict): Promise<void> {
    const { listener, mapping } = this.#works;
    const { entries, attempts } = range;
    const firstAttemptAt = range.firstAttemptAt ?? this.#works.clock.wall();
    const functionError = 'failure' in verdict ? verdict.failure.functionError : undefined;
    const later = { ...range, waits: 0, firstAttemptAt, functionError };
    switch (verdict.kind) {
      case 'advance':
        this.#pushRest(range, verdict);
        this.#settle(entries.slice(0, verdict.done));
        return;
      case 'retry':
        this.#reason = { kind: 'retry', attempt: verdict.attempts, at: verdict.at, cause: verdict.failure.message };
        this.#ranges.push({ ...later, attempts: verdict.attempts, notBefore: verdict.at });
        return;
      case 'split':
        this.#ranges.push({ ...later, entries: entries.slice(verdict.first), notBefore: 0, isCut: true });
        this.#ranges.push({ ...later, entries: entries.slice(0, verdict.first), notBefore: verdict.at, isCut: true });
        listener('range.split', { mapping, shardId: this.#place.shardId, records: entries.length, first: verdict.first });
        return;
      case 'wait':
        this.#reason = { kind: 'retry', attempt: attempts, at: verdict.at, cause: verdict.cause };
        this.#ranges.push({ ...range, waits: range.waits + 1, notBefore: verdict.at });
        return;
      case 'discard':
        await this.#giveUp(later, verdict.attempts, verdict.failure.functionError);
    }
  }

  /** What stops before it is confirmed is given up, not invoked, by the next process. */
  async #giveUp(range: LaneRange, attempts: number, functionError: string | null): Promise<void> {
    const { entries, requestId } = range;
    const given = { condition: 'RetryAttemptsExhausted' as const, attempts, requestId, functionError };
    if (await this.#discard(entries, given)) return;
    this.#ranges.push({ ...range, attempts });
    this.#noteRetries();
  }

  /** Whether age counts at all. A window is closed at any age. */
  #mayBeAged({ entries }: LaneRange): boolean {
    return this.#works.options.maximumRecordAgeInSeconds >= 0 && entries.length > 0;
  }

  /** Gives up what is too old, record by record (spec d.5); gives the rest. `undefined`: stopped before it was recorded. */
  async #dropAged(range: LaneRange): Promise<LaneRange | undefined> {
    const { options, clock } = this.#works;
    const oldest = clock.wall() - options.maximumRecordAgeInSeconds * 1000;
    const firstYoung = range.entries.findIndex(({ record }) => record.arrivedAt >= oldest);
    if (firstYoung === 0) return range;
    // Arrival times need not ascend; what is old behind a younger record waits its turn, or the lane's mark would cover the younger one.
    const aged = firstYoung < 0 ? range.entries : range.entries.slice(0, firstYoung);
    const young = firstYoung < 0 ? [] : range.entries.slice(firstYoung);
    const given = {
      condition: 'RecordAgeExceeded' as const,
      attempts: range.attempts + 1,
      requestId: range.requestId,
      functionError: undefined,
    };
    if (!(await this.#discard(aged, given))) return undefined;
    const rest = { ...range, entries: young };
    this.#noteRetries({ range: rest, ran: range.ran });
    // A destination may have taken its time.
    return young.length === 0 ? rest : this.#dropAged(rest);
  }

  async #discard(
    entries: readonly ShardEntry[],
    given: {
      readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'MaximumPayloadSizeExceeded';
      readonly attempts: number;
      readonly requestId: string | undefined;
      readonly functionError: string | null | undefined;
    },
  ): Promise<boolean> {
    const { source, discarder } = this.#works;
    const { shardId } = this.#place;
    const records = entries.map(({ record }) => record);
    const isDone = await discarder.discard(
      {
        shardId,
        records: records.length,
        condition: given.condition,
        invokeCount: given.attempts,
        requestId: given.requestId,
        functionError: given.functionError,
        info: source.batchInfo(shardId, records),
        payload: () => JSON.stringify(source.toEvent(shardId, records)),
      },
      (reason) => {
        this.#reason = reason;
      },
    );
    if (isDone) this.#settle(entries);
    return isDone;
  }

  #settle(entries: readonly ShardEntry[]): void {
    const { listener, mapping } = this.#works;
    this.#hasSettled = true;
    this.#place.ledger.settle(entries);
    this.#place.onSettled(entries);
    this.#noteRetries();
    listener('range.settled', { mapping, shardId: this.#place.shardId, records: entries.length });
  }

  /** What is stored of this lane's failures, in order. */
  #noteRetries(current?: { readonly range: LaneRange; readonly ran: RetryMark['ran'] }): void {
    if (current === undefined && this.#ranges.length === 0 && this.#queue.marks.length === 0) {
      this.#place.ledger.noteRetries(this.#place.lane, NO_MARKS);
      return;
    }
    const marks: RetryMark[] = [];
    const note = (range: LaneRange, ran: RetryMark['ran']): void => {
      const mark = retryMark(range, this.#place.lane, ran, this.#works.clock.wall());
      if (mark !== undefined) marks.push(mark);
    };
    if (current !== undefined) note(current.range, current.ran);
    for (const range of this.#ranges.toReversed()) note(range, range.ran);
    marks.push(...this.#queue.marks);
    this.#place.ledger.noteRetries(this.#place.lane, marks);
  }

  #mustBeStored({ isSuspected }: LaneRange): boolean {
    return this.#isSuspect || isSuspected;
  }

  /** N3. False when it could not be stored that it runs: the mapping is somebody else's, or ends. */
  #mayBegin(range: LaneRange): true | Promise<boolean> {
    if (!this.#mustBeStored(range)) return true;
    this.#noteRetries({ range, ran: range.isSuspected ? 'alone' : 'among others' });
    return this.#works.checkpoints.flush();
  }

  /** Stored as it was: while it waits it does not run. */
  #takeBack(range: LaneRange): Promise<boolean> {
    this.#noteRetries({ range, ran: range.ran });
    return this.#works.checkpoints.flush();
  }

  /** What was stored as running is stored as settled before the next range begins; after a while this lane is like any other. */
  async #clear(): Promise<void> {
    const { checkpoints, hardStop, clock } = this.#works;
    if ((await orSet(checkpoints.flush(), hardStop)) !== true) return;
    this.#hasSettled = false;
    this.#suspectSince ??= clock.monotonic();
    this.#isSuspect = clock.monotonic() - this.#suspectSince < SUSPECT_MS;
  }
}
