import {
  asSourceError,
  type ShardSnapshot,
  SourceError,
  type StreamPosition,
  type StreamRecord,
  type StreamStep,
  type Tracer,
  type Wait,
  type WaitReason,
} from '../contract/index.ts';
import { SOURCE_BACKOFF } from '../intake/index.ts';
import { type Deferred, deferred, sleep, steadyBackoffMs } from '../kit/index.ts';
import { LANE_HASH, laneOfRecord } from '../lanes/index.ts';
import { type ShardEntry, ShardLedger, type ShardRow } from '../settle/index.ts';
import { ShardRoom } from './shard-room.ts';
import { Stated } from './stated.ts';
import { StreamLane } from './stream-lane.ts';
import type { StreamWorks } from './stream-works.ts';

/** How a shard came to rest: worked off to its end, the mapping stops, or it stands still because records may have been lost. */
export type ShardEnd = 'ended' | 'stopped' | 'trimmed';

/** So many empty pages in a row are taken for the tip where the service does not tell (DynamoDB Streams). */
const EMPTY_PAGES_AT_TIP = 8;
/** Taken off the instant up to which a shard at such a tip counts as read, ms. */
const TIP_ALLOWANCE_MS = 300_000;

/**
 * One shard of a stream: read in order, spread over its lanes, worked off.
 *
 * T1 Reading goes on from the last record that was read, whatever happens to iterators (R4).
 * T2 A page is asked for only when there is room; a shard that holds nothing may always have one (R9, R12). While every lane has
 *    work, no more is read ahead than is soon worked off.
 */
export class ShardTask {
  readonly shardId: string;
  readonly #works: StreamWorks;
  readonly #ledger: ShardLedger;
  readonly #lanes: readonly StreamLane[];
  readonly #room: ShardRoom;
  readonly #stated: Stated;
  #failures = 0;
  #end: ShardEnd = 'stopped';

  constructor(works: StreamWorks, shardId: string, row: ShardRow, isResumed: boolean) {
    const { options, checkpoints, incarnation } = works;
    const { parallelizationFactor: pf, batchSize } = options;
    this.#works = works;
    this.shardId = shardId;
    this.#stated = new Stated(works.clock, { kind: 'starting' });
    this.#keeps = this.#filterOf(works);
    this.#room = new ShardRoom({
      lanes: pf,
      batchSize,
      buffer: works.buffer,
      stopping: works.stopping,
      outstanding: () => this.#ledger.outstanding,
      say: (reason) => {
        this.#reason = reason;
      },
      holdReading: () => {
        for (const lane of this.#lanes) lane.holdReading();
      },
    });
    const snapshot = (): ShardRow => this.#ledger.snapshot(incarnation);
    const onChange = (): void => {
      checkpoints.changed(shardId, snapshot);
    };
    this.#ledger = new ShardLedger({ row, scheme: { pf, hash: LANE_HASH }, laneOf: laneOfRecord, onChange });
    const onSettled = (entries: readonly ShardEntry[]): void => {
      this.#room.settled(entries.length, boundOf(entries));
    };
    const onIdle = (isIdle: boolean): void => {
      this.#room.idle(isIdle);
    };
    this.#lanes = Array.from(
      { length: pf },
      (_, lane) => new StreamLane(works, { shardId, lane, ledger: this.#ledger, isResumed, onSettled, onIdle }),
    );
  }

  #filterOf({ options: { filter }, source: { filtering } }: StreamWorks): ((record: StreamRecord) => boolean) | undefined {
    if (filter === undefined || filtering === undefined) return undefined;
    return (record) => {
      const isWanted = filter.accepts(filtering.view(this.shardId, record));
      if (!isWanted) this.#filtered += 1;
      return isWanted;
    };
  }

  get position(): StreamPosition {
    return this.#ledger.position;
  }

  /** All that survives of it, as it is now. */
  get row(): ShardRow {
    return this.#ledger.snapshot(this.#works.incarnation);
  }

  /** Epoch ms up to which it was read, where that is known. */
  get readThrough(): number | undefined {
    return this.#ledger.readThrough;
  }

  /** Records read and not settled. */
  get outstanding(): number {
    return this.#ledger.outstanding;
  }

  /** Whether the reader has seen the tip and nothing is left to do. */
  get isIdle(): boolean {
    return this.#isAtTip && !this.#isReadToEnd && this.#ledger.outstanding === 0;
  }

  /** Resolves at the next page, or when the shard comes to rest: what was known of the tip may be as old as the last one. */
  nextPage(): Promise<void> {
    if (this.#isResting) return Promise.resolve();
    this.#paged ??= deferred();
    return this.#paged.promise;
  }

  #paged: Deferred | undefined;
  #isResting = false;

  #notePage(): void {
    this.#paged?.resolve();
    this.#paged = undefined;
  }

  #isAtTip = false;
  /** Its end is about to be told, and with it its children. */
  #isReadToEnd = false;
  #emptyPages = 0;

  /** What its reader waits for; after the end, why it came to rest. */
  get reason(): WaitReason {
    return this.#stated.reason;
  }

  waits(): Wait[] {
    return [this.#stated.wait(`${this.shardId} reader`), ...this.#lanes.map((lane) => lane.wait)];
  }

  set #reason(reason: WaitReason) {
    this.#stated.say(reason);
  }

  /** What it does at this moment. */
  snapshot(): ShardSnapshot {
    const { oldest, outstanding, position } = this.#ledger;
    return {
      shardId: this.shardId,
      position,
      outstanding,
      oldest: oldest && { sequenceNumber: oldest.record.sequenceNumber, arrivedAt: oldest.record.arrivedAt, lane: oldest.lane },
      unread: this.#unread,
      behindMs: this.#behindMs,
      isAtTip: this.#isAtTip || this.#isReadToEnd,
      pagedAt: this.#pagedAt,
      reader: this.#stated.wait(`${this.shardId} reader`),
      lanes: this.#lanes.map((lane) => lane.wait),
    };
  }

  /** Of the last page. */
  #behindMs: number | undefined;
  #unread: number | undefined;
  #pagedAt: number | undefined;

  /** Reads and works until the shard's end, or until the mapping stops. What is held then is read again later. */
  async run(): Promise<ShardEnd> {
    const { listener, mapping } = this.#works;
    listener('shard.state', { mapping, shardId: this.shardId, state: 'reading' });
    // A defect is told when it comes: the reader goes on, and a rejection that nobody waits for yet would end the process.
    const onDefect = (error: unknown): void => {
      listener('engine.defect', { mapping, error });
    };
    const working = Promise.all(this.#lanes.map((lane) => lane.run().catch(onDefect)));
    await this.#read().finally(() => {
      this.#isResting = true;
      this.#notePage();
    });
    await working;
    this.#room.holdNothing();
    if (this.#ledger.isFinished) this.#end = 'ended';
    if (this.#end !== 'stopped') listener('shard.state', { mapping, shardId: this.shardId, state: this.#end });
    return this.#end;
  }

  /** Records of the page that no filter wants. They are done at once, so that the position moves over them. */
  #filtered = 0;
  readonly #keeps: ((record: StreamRecord) => boolean) | undefined;

  async #read(): Promise<void> {
    const { stopping, clock } = this.#works;
    let from = this.#ledger.lastRead;
    if (!this.#mayOpen()) return;
    while (!stopping.isSet) {
      // Where nothing was read yet the source cannot tell that something is missing.
      if (from.kind === 'start' && !this.#mayOpen()) return;
      try {
        if (await this.#readFrom(from)) return;
        from = this.#ledger.lastRead;
        await this.#backOff(READ_ENDED, clock.monotonic());
      } catch (caught) {
        const error = asSourceError(caught);
        const isLost = (error.kind === 'trimmed' && !isTrimHorizon(from)) || error.kind === 'gone';
        // A refused trim horizon is the service's trouble: there is no older place to lose.
        const doubt = isLost ? await this.#works.loss.doubt(error) : error;
        if (doubt !== undefined) {
          await this.#backOff(doubt, clock.monotonic());
          from = this.#ledger.lastRead;
          continue;
        }
        if (!this.#mayGoOn(error)) return;
        from = { kind: 'start', start: { kind: 'trim-horizon' } };
        if (error.kind === 'gone') {
          this.#finishReading();
          return;
        }
      }
    }
  }

  /** One iteration of the source. True: the shard has been read to its end, or the mapping stops. */
  async #readFrom(position: StreamPosition): Promise<boolean> {
    const { source, stopping, invoker, clock } = this.#works;
    let askedAt = clock.wall();
    let askedAtMs = clock.monotonic();
    const controller = new AbortController();
    const forget = stopping.onSet(() => {
      controller.abort();
    });
    try {
      const request = { shardId: this.shardId, position, maxRecords: this.#room.share, signal: controller.signal };
      for await (const step of source.read(request)) {
        if (step.kind === 'trouble') {
          this.#reason = { kind: 'source', error: step.error.kind, message: step.error.message, retryAt: step.retryAt };
          this.#tellFailure(step.error);
          askedAtMs = clock.monotonic();
          continue;
        }
        this.#failures = 0;
        this.#take(step);
        if (step.records.length > 0) this.#room.paged(askedAtMs, clock.monotonic());
        if (invoker.tracer !== undefined) this.#traced(invoker.tracer, step.records.length, askedAt);
        if (step.ended) {
          this.#finishReading();
          return true;
        }
        if (!(await this.#untilRoom())) return true;
        askedAt = clock.wall();
        askedAtMs = clock.monotonic();
      }
      return stopping.isSet;
    } finally {
      forget();
    }
  }

  /** A poll that brings nothing is no news. */
  #traced(tracer: Tracer, records: number, startedAt: number): void {
    if (records === 0) return;
    const attributes = { 'messaging.destination.partition.id': this.shardId, 'messaging.batch.message_count': records };
    tracer.start('poll', { mapping: this.#works.mapping, startedAt, attributes })?.end();
  }

  #take(page: Extract<StreamStep, { kind: 'page' }>): void {
    const { listener, mapping, clock } = this.#works;
    // Of a closed shard it is not known when it was closed: its children may hold records from its last one on.
    const readThrough = page.ended ? page.records.at(-1)?.arrivedAt : page.readThrough;
    const fresh = this.#ledger.read(page.records, readThrough, this.#keeps, page.readTo);
    if (this.#filtered > 0) listener('records.filtered', { mapping, records: this.#filtered });
    this.#filtered = 0;
    this.#room.hold(fresh.length, boundOf(fresh));
    for (const entry of fresh) this.#lanes[entry.lane]?.push(entry);
    const readTo = page.readTo ?? page.records.at(-1)?.sequenceNumber;
    if (readTo !== undefined) for (const lane of this.#lanes) lane.readTo(readTo);
    this.#noteTip(page);
    this.#behindMs = page.millisBehindLatest;
    this.#unread = page.recordsBehind;
    this.#pagedAt = clock.monotonic();
    this.#reason = { kind: 'empty-poll', until: this.#pagedAt };
    this.#notePage();
    listener('shard.page', { mapping, shardId: this.shardId, records: page.records.length, behindMs: page.millisBehindLatest });
  }

  /** Where the service does not tell how far behind a page is, empty pages may also come before records; many in a row do not. */
  #noteTip(page: Extract<StreamStep, { kind: 'page' }>): void {
    this.#emptyPages = page.records.length === 0 ? this.#emptyPages + 1 : 0;
    if (page.millisBehindLatest !== undefined) {
      this.#isAtTip = page.records.length === 0 && page.millisBehindLatest === 0;
      return;
    }
    this.#isAtTip = this.#emptyPages >= EMPTY_PAGES_AT_TIP;
    if (this.#isAtTip) this.#ledger.read([], this.#works.clock.wall() - TIP_ALLOWANCE_MS);
  }

  #finishReading(): void {
    this.#isReadToEnd = true;
    this.#reason = { kind: 'no-records' };
    this.#ledger.ended();
    for (const lane of this.#lanes) lane.close();
  }

  /** T2. False when the mapping stops first, or when what comes next may have been trimmed during the wait. */
  async #untilRoom(): Promise<boolean> {
    const { stopping, clock } = this.#works;
    const wasSafe = !this.#isLossSuspected;
    const hasWaited = await this.#room.untilRoom();
    // From here on it is the source that is waited for.
    if (hasWaited) this.#reason = { kind: 'empty-poll', until: clock.monotonic() };
    // A service may go on behind what it has trimmed meanwhile, and not say so.
    if (hasWaited && wasSafe && !stopping.isSet && !this.#mayOpen()) return false;
    return !stopping.isSet;
  }

  get #isLossSuspected(): boolean {
    return this.#works.loss.isSuspected(this.shardId, this.#ledger.lastRead, this.#ledger.readThrough);
  }

  /** Before the first read, and after a wait: has the position grown older than what is kept? */
  #mayOpen(): boolean {
    if (!this.#isLossSuspected) return true;
    return this.#mayGoOn(new SourceError('trimmed', 'Retention', 'the shard was last read longer ago than the stream keeps records'));
  }

  #mayGoOn(error: SourceError): boolean {
    const { options, loss } = this.#works;
    const isLost = loss.isCertain || this.#isLossSuspected;
    if (!isLost || options.onTrimmed === 'resumeAtTrimHorizon') return true;
    this.#reason = { kind: 'trimmed', shardId: this.shardId, message: error.message };
    this.#end = 'trimmed';
    for (const lane of this.#lanes) lane.close();
    return false;
  }

  #tellFailure({ kind: error, message }: SourceError): void {
    const { listener, mapping } = this.#works;
    listener('source.failed', { mapping, shardId: this.shardId, error, message });
  }

  async #backOff(error: SourceError, now: number): Promise<void> {
    const { clock, random, stopping } = this.#works;
    this.#failures += 1;
    const waitMs = steadyBackoffMs(SOURCE_BACKOFF, this.#failures, random.next());
    this.#reason = { kind: 'source', error: error.kind, message: error.message, retryAt: now + waitMs };
    this.#tellFailure(error);
    await sleep(clock, waitMs, stopping);
  }
}

/** A read that ends by itself, and not at the end of its shard. */
const READ_ENDED = new SourceError('unavailable', 'ReadEnded', 'the source ended the read; it is begun again');

function isTrimHorizon(position: StreamPosition): boolean {
  return position.kind === 'start' && position.start.kind === 'trim-horizon';
}

function boundOf(entries: readonly ShardEntry[]): number {
  let bytes = 0;
  for (const { sizeBound } of entries) bytes += sizeBound;
  return bytes;
}
