import type {
  MappingProblem,
  StateStore,
  StreamDescription,
  StreamPosition,
  StreamShard,
  StreamStart,
  Wait,
  WaitReason,
} from '../contract/index.ts';
import { awaitedParents, initialPosition, type MappingStart, readable, SOURCE_BACKOFF, SourceGate } from '../intake/index.ts';
import { type Deferred, deferred, Latch, sleep, steadyBackoffMs, whenSet } from '../kit/index.ts';
import { LANE_HASH } from '../lanes/index.ts';
import { Checkpointer, Discarder, decodeShardRow, encodeShardRow, type ShardRow } from '../settle/index.ts';
import { checkDestination } from './check-destination.ts';
import { RunGate } from './run-gate.ts';
import { lossByRetention } from './shard-loss.ts';
import { ShardPositions } from './shard-positions.ts';
import { ShardTask } from './shard-task.ts';
import type { Tenure, TenureSnapshot } from './source-mapping.ts';
import { decodeStart, encodeStart, owedFrom, owedSince, START_ROW, startOf } from './stream-start.ts';
import type { StreamParts, StreamWorks } from './stream-works.ts';

/** Between looks at the list of shards, ms; the end of a shard is looked at once. */
const DISCOVERY_MS = 10_000;

/** What one tenure works with. */
export interface StreamTenureParts extends StreamParts {
  readonly store: StateStore;
  /** When the mapping was created, epoch ms: what LATEST means. */
  readonly createdAt: number;
  readonly onProblem: (problem: MappingProblem | undefined) => void;
  readonly onOpen: () => void;
}

/** The rooms of one tenure. */
interface TenureWorks extends StreamWorks {
  readonly checkpointer: Checkpointer;
  readonly described: StreamDescription;
}

/** One uninterrupted time of work of a stream mapping: finds the shards, reads parents before children, stores positions. */
export class StreamTenure implements Tenure {
  readonly #parts: StreamTenureParts;
  readonly #tasks = new Map<string, { readonly task: ShardTask; readonly ended: Promise<void> }>();
  readonly #resting = new ShardPositions();
  #shards: readonly StreamShard[] = [];
  #trimmed: Wait[] = [];
  #wake: Deferred = deferred();
  #hasLooked = false;
  /** Shards that were read to their end, and how many of these ends the list of shards is newer than. */
  #ends = 0;
  #endsSeen = 0;
  /** The mapping had begun before this tenure: what ran then is not known of shards without a row. */
  #isResumed = false;

  constructor(parts: StreamTenureParts) {
    this.#parts = parts;
  }

  /** Records read and not settled. */
  get inFlight(): number {
    let sum = 0;
    for (const { task } of this.#tasks.values()) sum += task.outstanding;
    return sum;
  }

  /**
   * Nothing is left when every shard is at its tip, worked off, and none waits. What came since a shard was read last is not
   * known, so each answer that nothing is left waits for one more page of every shard: of two in a row, the second was asked for
   * after the question.
   */
  async busy(): Promise<string | undefined> {
    const left = this.#left();
    if (left !== undefined) return left;
    await Promise.all([...this.#tasks.values()].map(({ task }) => task.nextPage()));
    return this.#left();
  }

  #left(): string | undefined {
    const shards = [...this.#tasks.values()].filter(({ task }) => !task.isIdle).map(({ task }) => task.shardId);
    const waiting = readable(this.#lineage)
      .filter(({ shardId }) => !this.#tasks.has(shardId))
      .map(({ shardId }) => shardId);
    const left = [...shards, ...waiting];
    const areKnown = this.#hasLooked && this.#endsSeen === this.#ends;
    if (areKnown && left.length === 0) return undefined;
    return left.length === 0 ? 'the shards are not known yet' : `shards that are not at their tip: ${left.join(', ')}`;
  }

  waits(): Wait[] {
    const lineage = this.#lineage;
    const waiting = this.#shards.flatMap((shard): Wait[] => {
      const shards = awaitedParents(shard, lineage);
      if (shards.length === 0 || this.#tasks.has(shard.shardId) || lineage.positions.get(shard.shardId)?.kind === 'end') return [];
      const reason: WaitReason = { kind: 'parents', shards };
      return [{ part: shard.shardId, reason }];
    });
    return [...[...this.#tasks.values()].flatMap(({ task }) => task.waits()), ...waiting, ...this.#trimmed];
  }

  snapshot(): TenureSnapshot {
    return { shards: [...this.#tasks.values()].map(({ task }) => task.snapshot()), retentionMs: this.#described?.retentionMs };
  }

  #described: StreamDescription | undefined;
  #start: MappingStart | undefined;

  /** Works until stopped and drained, with everything stored that can be. */
  async run(): Promise<void> {
    const { source, clock, random, stopping, hardStop, onProblem, invoker, mapping } = this.#parts;
    let described: StreamDescription | undefined;
    const onDescribed = (description: StreamDescription): void => {
      described = description;
      this.#described = description;
    };
    const gate = new SourceGate({ source, clock, random, stopping, onProblem, onDescribed });
    invoker.ledger.join(mapping);
    const onStop = stopping.onSet(() => {
      this.#wake.resolve();
    });
    if ((await gate.open()) && described !== undefined) {
      const works = this.#join(described);
      const start = await this.#load(works);
      if (start !== undefined) {
        this.#parts.onOpen();
        checkDestination(this.#parts);
        await this.#discover(works, start);
        await Promise.all([...this.#tasks.values()].map(({ ended }) => ended));
        await Promise.race([works.checkpointer.flush(), whenSet(hardStop)]);
      }
    }
    onStop();
    invoker.ledger.leave(mapping);
  }

  get #lineage(): { readonly shards: readonly StreamShard[]; readonly positions: ReadonlyMap<string, StreamPosition> } {
    const { positions } = this.#resting;
    for (const [shardId, { task }] of this.#tasks) positions.set(shardId, task.position);
    return { shards: this.#shards, positions };
  }

  #join(described: StreamDescription): TenureWorks {
    const { mapping, mappingId, epoch, store, clock, random, listener, destination, options, invoker, stopping, hardStop, onProblem } =
      this.#parts;
    const checkpointer = new Checkpointer({
      mapping,
      epoch,
      store,
      clock,
      intervalMs: options.checkpointIntervalMs,
      hurry: hardStop,
      onFenced: () => {
        stopping.set();
      },
      onStoreProblem: (message) => {
        onProblem(message === undefined ? undefined : { kind: 'store', message, retryAt: clock.monotonic() });
      },
    });
    const { onDestinationFailure } = options;
    const functionArn = invoker.definition.arn;
    const discarder = new Discarder({
      mapping,
      mappingId,
      functionArn,
      destination,
      onDestinationFailure,
      clock,
      random,
      listener,
      stopping,
    });
    const checkpoints = {
      changed: (shard: string, snapshot: () => ShardRow): void => {
        checkpointer.changed({ shard, encode: () => encodeShardRow(snapshot()) });
      },
      flush: () => checkpointer.flush(),
    };
    const owed = (shardId: string): number | undefined => this.#start && owedSince(this.#start, shardId);
    const loss = lossByRetention({ ...this.#parts, described, owedSince: owed });
    const { arn: eventSourceArn, incarnation } = described;
    const runGate = new RunGate();
    return { ...this.#parts, checkpointer, checkpoints, discarder, described, loss, eventSourceArn, incarnation, runGate };
  }

  /** Reads what is stored, or stores how the mapping begins; `undefined` when stopped first. */
  async #load(works: TenureWorks): Promise<MappingStart | undefined> {
    const { store, mapping, stopping, clock, random, onProblem, options, createdAt } = this.#parts;
    for (let attempt = 1; !stopping.isSet; attempt += 1) {
      try {
        const rows = await store.readRows(mapping);
        let start: MappingStart | undefined;
        let began: StreamStart | undefined;
        for (const { shard, version, data } of rows) {
          works.checkpointer.loaded(shard, version);
          if (shard === START_ROW) {
            const stored = decodeStart(data);
            began = stored.start;
            if (stored.incarnation === works.described.incarnation) start = stored;
          } else {
            const row = decodeShardRow(data);
            // State of another incarnation says nothing of this one (R8).
            if (row.incarnation === works.described.incarnation) this.#resting.load(shard, row);
            else works.checkpointer.changed({ shard, encode: () => undefined });
          }
        }
        this.#shards = await this.#parts.source.listShards();
        if (attempt > 1) onProblem(undefined);
        this.#isResumed = start !== undefined;
        this.#start = start;
        if (start !== undefined) return start;
        // Another stream under the name is younger than the mapping: all of it is to be read.
        const from: StreamStart = began === undefined ? startOf(options, createdAt) : { kind: 'trim-horizon' };
        const begun: MappingStart = {
          start: from,
          shards: this.#shards.map(({ shardId }) => shardId),
          owedSince: owedFrom(from, clock.wall(), works.described.retentionMs),
        };
        this.#start = begun;
        works.checkpointer.changed({ shard: START_ROW, encode: () => encodeStart(begun, works.described.incarnation) });
        return (await works.checkpointer.flush()) ? begun : undefined;
      } catch (error) {
        const waitMs = steadyBackoffMs(SOURCE_BACKOFF, attempt, random.next());
        const message = error instanceof Error ? error.message : String(error);
        onProblem({ kind: 'store', message, retryAt: clock.monotonic() + waitMs });
        await sleep(clock, waitMs, stopping);
      }
    }
    return undefined;
  }

  /** Starts what may be read, and looks again whenever a shard has ended or some time has passed. */
  async #discover(works: TenureWorks, start: MappingStart): Promise<void> {
    const { source, clock, random, stopping, onProblem } = this.#parts;
    for (let failures = 0; !stopping.isSet; ) {
      let waitMs = DISCOVERY_MS;
      try {
        const ends = this.#ends;
        if (this.#hasLooked) this.#listed(await source.listShards());
        this.#endsSeen = ends;
        if ((await source.describe()).incarnation !== works.described.incarnation) {
          stopping.set();
          return;
        }
        if (failures > 0) onProblem(undefined);
        failures = 0;
        // Tasks that have come to rest since must not be begun again.
        if (this.#parts.stopping.isSet) return;
        for (const { shardId } of readable(this.#lineage)) this.#begin(works, shardId, start);
        for (const shardId of this.#resting.orphans(this.#shards)) this.#begin(works, shardId, start);
        this.#forgetGone(works);
        this.#hasLooked = true;
      } catch (error) {
        failures += 1;
        waitMs = steadyBackoffMs(SOURCE_BACKOFF, failures, random.next());
        const message = error instanceof Error ? error.message : String(error);
        onProblem({ kind: 'source', error: 'unavailable', message, retryAt: clock.monotonic() + waitMs });
      }
      await this.#untilWoken(waitMs);
    }
  }

  /** What the service lists no longer, and was not read to its end, still stands between its parents and its children (R7). */
  #listed(shards: readonly StreamShard[]): void {
    const ids = new Set(shards.map(({ shardId }) => shardId));
    const { positions } = this.#lineage;
    const left = this.#shards.filter(({ shardId }) => !ids.has(shardId) && positions.get(shardId)?.kind !== 'end');
    this.#shards = [...left, ...shards];
  }

  /** Rows of shards that are gone for good are removed, or they would grow without end. */
  #forgetGone({ checkpointer, described }: TenureWorks): void {
    const horizon = this.#parts.clock.wall() - described.retentionMs;
    const isRead = (shardId: string): boolean => this.#tasks.has(shardId);
    for (const shard of this.#resting.forgetGone(this.#shards, horizon, isRead)) checkpointer.changed({ shard, encode: () => undefined });
  }

  async #untilWoken(waitMs: number): Promise<void> {
    const { clock } = this.#parts;
    const woken = new Latch();
    void this.#wake.promise.then(() => {
      woken.set();
    });
    await sleep(clock, waitMs, woken);
    this.#wake = deferred();
    if (this.#parts.stopping.isSet) this.#wake.resolve();
  }

  #begin(works: TenureWorks, shardId: string, start: MappingStart): void {
    if (this.#tasks.has(shardId) || this.#trimmed.some(({ part }) => part === shardId)) return;
    const listed = this.#shards.find((shard) => shard.shardId === shardId) ?? { parents: [] };
    for (const parent of listed.parents) {
      const ending = this.#tasks.get(parent);
      if (ending !== undefined) this.#resting.rest(parent, ending.task);
    }
    const readThrough = this.#resting.readThroughOf(listed, start.shards.includes(shardId));
    const row = this.#resting.rowOf(shardId) ?? freshRow(works, initialPosition(shardId, start), readThrough);
    const task = new ShardTask(works, shardId, row, this.#isResumed);
    const ended = task
      .run()
      .then((end) => {
        if (end === 'ended') this.#ends += 1;
        if (end === 'trimmed') this.#trimmed.push({ part: shardId, reason: task.reason });
      })
      .catch((error: unknown) => {
        works.listener('engine.defect', { mapping: works.mapping, error });
      })
      .then(() => {
        this.#resting.rest(shardId, task);
        this.#tasks.delete(shardId);
        this.#wake.resolve();
      });
    this.#tasks.set(shardId, { task, ended });
  }
}

function freshRow(works: TenureWorks, position: StreamPosition, readThrough: number | undefined): ShardRow {
  const pf = works.options.parallelizationFactor;
  const lanes = Array.from({ length: pf }, () => null);
  return {
    incarnation: works.described.incarnation,
    position,
    readThrough,
    current: { scheme: { pf, hash: LANE_HASH }, lanes },
    older: [],
    retry: [],
    window: undefined,
  };
}
