import {
  asSourceError,
  type CancelTimer,
  type Clock,
  COMMIT_METADATA_MAX,
  type EngineListener,
  type OffsetCommit,
  type SequenceNumber,
  SourceError,
  type TopicMembership,
} from '../contract/index.ts';
import { type Deferred, deferred, type Latch, sleep, steadyBackoffMs } from '../kit/index.ts';
import { encodeCommit, type TopicOrigin } from './commit-metadata.ts';
import type { ShardRow } from './shard-row.ts';
import { WriteGroups } from './write-groups.ts';

/** Waits between tries of commits that fail. */
const COMMIT_BACKOFF = { baseMs: 100, capMs: 5000 };
/** After that a commit without an answer counts as one that fails, until it is answered, ms. */
const UNANSWERED_MS = 5000;

/** What a committer works with. */
export interface OffsetCommitterParts {
  readonly mapping: string;
  readonly membership: Pick<TopicMembership, 'commit'>;
  /** How this process began, unless the group knows of an earlier beginning. */
  readonly origin: TopicOrigin;
  readonly clock: Clock;
  /** At the latest so long after a change it is committed, ms. */
  readonly intervalMs: number;
  /** Ends the tries of commits that fail. */
  readonly hurry: Latch;
  readonly listener: EngineListener;
  /** A partition is somebody else's, or will be. */
  readonly onRefused: (ownership: Ownership) => void;
  /** Commits fail; `undefined`: they work again. */
  readonly onTrouble: (error: SourceError | undefined) => void;
}

/** Which partition, under which epoch. */
type Ownership = Pick<OffsetCommit, 'partition' | 'epoch'>;

/** A partition as its owner sees it. */
interface OwnedRow extends Ownership {
  /** As it is now: offset and metadata of one instant (R5). */
  readonly snapshot: () => ShardRow;
}

/** How often an ownership has changed, and up to which change and where it is committed. */
interface Changes {
  changed: number;
  committed: number;
  offset: SequenceNumber | undefined;
  /** Resolves at the next commit, or when the ownership is over; made for who waits. */
  moved: Deferred | undefined;
}

function noteMoved(count: Changes | undefined): void {
  count?.moved?.resolve();
  if (count !== undefined) count.moved = undefined;
}

/** Commits that have failed and are tried again. */
interface CommitTrouble {
  readonly error: SourceError;
  /** On the engine's monotonic clock, ms. */
  readonly retryAt: number;
  /** Resolves when the next try has come out. */
  readonly changed: Promise<void>;
}

/**
 * Commits the state of partitions in groups: one request at a time for all that have changed. A commit that is refused is another
 * owner's partition now: it is not tried again (R6).
 */
export class OffsetCommitter {
  readonly #parts: OffsetCommitterParts;
  readonly #groups: WriteGroups<OwnedRow, number>;
  /** Ownerships that are over. */
  readonly #over = new Set<number>();
  /** How often each has changed, and up to which change it is committed. */
  readonly #changes = new Map<number, Changes>();
  /** What failed last and is to be tried again. */
  #failing: (Omit<CommitTrouble, 'changed'> & { readonly keys: ReadonlySet<number>; readonly changed: Deferred }) | undefined;
  #origin: TopicOrigin;
  /** As much as the group takes beside an offset. */
  #metadataMax = COMMIT_METADATA_MAX;

  constructor(parts: OffsetCommitterParts) {
    this.#parts = parts;
    const { clock, intervalMs, origin } = parts;
    this.#origin = origin;
    this.#groups = new WriteGroups({ clock, intervalMs, write: (rows) => this.#commit(rows) });
  }

  /** The state of a partition has changed. */
  changed(row: OwnedRow): void {
    const key = keyOf(row);
    if (this.#over.has(key)) return;
    const count = this.#changes.get(key) ?? { changed: 0, committed: 0, offset: undefined, moved: undefined };
    this.#changes.set(key, count);
    count.changed += 1;
    this.#groups.changed(key, row);
  }

  /** Commits what has changed so far of all, now. False when not all of it could be committed. */
  flush(): Promise<boolean> {
    return this.#groups.flush();
  }

  /** Commits what has changed so far of one, now, whatever becomes of others. False: it is somebody else's, or the engine ends. */
  async flushOf(ownership: Ownership): Promise<boolean> {
    const key = keyOf(ownership);
    const count = this.#changes.get(key);
    const wanted = count?.changed ?? 0;
    for (let isLast = false; ; isLast = this.#parts.hurry.isSet) {
      // One that has begun again meanwhile counts anew.
      if (this.#over.has(key) || this.#changes.get(key) !== count) return false;
      if ((count?.committed ?? 0) >= wanted) return true;
      // What was given up in a hurry is in no later write, so nothing would be waited for.
      if (isLast) return false;
      // The write may last as long as another one's trouble.
      if (count !== undefined) count.moved ??= deferred();
      await Promise.race([this.#groups.flush(), count?.moved?.promise]);
    }
  }

  /** While commits of an ownership fail: why, and when they are tried again. */
  troubleOf(ownership: Ownership): CommitTrouble | undefined {
    const failing = this.#failing;
    if (failing === undefined || !this.#waitsFor(failing, ownership)) return undefined;
    return { error: failing.error, retryAt: failing.retryAt, changed: failing.changed.promise };
  }

  #waitsFor({ error, keys }: { readonly error: SourceError; readonly keys: ReadonlySet<number> }, ownership: Ownership): boolean {
    if (keys.has(keyOf(ownership))) return true;
    if (error !== UNANSWERED) return false;
    const count = this.#changes.get(keyOf(ownership));
    return count !== undefined && count.changed > count.committed;
  }

  /** The group remembers how the mapping began: so it is committed on, whenever this process began. */
  begun(origin: TopicOrigin): void {
    this.#origin = origin;
  }

  /** An ownership begins, or goes on after a rebalance in which a late commit of it was refused. */
  begin(ownership: Ownership): void {
    this.#over.delete(keyOf(ownership));
  }

  /** An ownership is over: nothing of it is committed any more. */
  forget(ownership: Ownership): void {
    this.#over.add(keyOf(ownership));
    this.#groups.forget(keyOf(ownership));
    noteMoved(this.#changes.get(keyOf(ownership)));
    this.#changes.delete(keyOf(ownership));
  }

  /** Nothing of an ownership that is over runs any more, so it need not be remembered. */
  rested(ownership: Ownership): void {
    this.#over.delete(keyOf(ownership));
  }

  async #commit(rows: readonly OwnedRow[]): Promise<boolean> {
    const { clock, hurry, onTrouble } = this.#parts;
    let isWhole = true;
    let left = rows;
    for (let attempt = 1; ; attempt += 1) {
      const ours = left.filter((row) => this.#changes.has(keyOf(row)));
      isWhole &&= ours.length === left.length;
      if (ours.length === 0) {
        this.#noteFailing([], undefined);
        // What is not ours any more was not committed: whatever the trouble is, it may last.
        if (attempt > 1 && left.length === 0) onTrouble(undefined);
        return isWhole;
      }
      const tried = await this.#try(ours);
      if (tried.refused) isWhole = false;
      left = tried.failed;
      const { error } = tried;
      if (error === undefined || this.#takesLess(error)) {
        this.#noteFailing([], undefined);
        continue;
      }
      const waitMs = steadyBackoffMs(COMMIT_BACKOFF, attempt, 0);
      this.#noteFailing(left, { error, retryAt: clock.monotonic() + waitMs });
      onTrouble(error);
      if (!(await sleep(clock, waitMs, hurry))) {
        this.#noteFailing([], undefined);
        return false;
      }
      // What has changed meanwhile does not wait for what fails.
      left = [...new Map([...left, ...this.#groups.drain()].map((row) => [keyOf(row), row])).values()];
    }
  }

  #noteFailing(rows: readonly Ownership[], trouble: Omit<CommitTrouble, 'changed'> | undefined): void {
    const before = this.#failing;
    this.#failing = trouble && { ...trouble, keys: new Set(rows.map(keyOf)), changed: deferred() };
    before?.changed.resolve();
  }

  /** Brokers may be set up to take less beside an offset; others would wait for what is never taken. */
  #takesLess(error: SourceError): boolean {
    if (error.kind !== 'invalid' || this.#metadataMax === 0) return false;
    this.#metadataMax = Math.floor(this.#metadataMax / 2);
    return true;
  }

  async #try(rows: readonly OwnedRow[]): Promise<{ refused: boolean; failed: readonly OwnedRow[]; error: SourceError | undefined }> {
    const { membership, mapping, listener } = this.#parts;
    const changes = rows.map((row) => this.#changes.get(keyOf(row))?.changed ?? 0);
    const commits = rows.map((row) => this.#commitOf(row));
    const failed: OwnedRow[] = [];
    let refused = false;
    let records = 0n;
    let error: SourceError | undefined;
    const forget = this.#whileUnanswered(rows);
    try {
      const results = await membership.commit(commits);
      rows.forEach((row, index) => {
        const result = results[index];
        if (result === 'refused') {
          refused = true;
          this.forget(row);
          this.#parts.onRefused(row);
        } else if (result === 'committed') {
          records += this.#committed(row, changes[index] ?? 0, commits[index]?.offset);
        } else {
          error = result;
          failed.push(row);
        }
      });
      if (records > 0n) listener('offsets.committed', { mapping, records: Number(records) });
    } catch (caught) {
      error = asSourceError(caught);
      failed.push(...rows);
    } finally {
      forget();
    }
    if (error !== undefined) listener('commit.failed', { mapping, message: error.message });
    return { refused, failed, error };
  }

  /**
   * Until it is known what becomes of a commit nothing more is begun of its partitions, nor of others that have changed: their commits
   * come after it, and all of it would be done again if the process ended.
   */
  #whileUnanswered(rows: readonly OwnedRow[]): () => void {
    const { clock, hurry, mapping, listener, onTrouble } = this.#parts;
    let cancel: CancelTimer;
    const wait = (): void => {
      cancel = clock.timer(UNANSWERED_MS, () => {
        if (hurry.isSet) return;
        this.#noteFailing(rows, { error: UNANSWERED, retryAt: clock.monotonic() + UNANSWERED_MS });
        listener('commit.failed', { mapping, message: UNANSWERED.message });
        onTrouble(UNANSWERED);
        wait();
      });
    };
    wait();
    return () => {
      cancel();
    };
  }

  /** Gives how far the offset has moved. */
  #committed(ownership: Ownership, change: number, offset: SequenceNumber | undefined): bigint {
    const count = this.#changes.get(keyOf(ownership));
    if (count === undefined || offset === undefined) return 0n;
    const before = count.offset ?? offset;
    count.committed = change;
    count.offset = offset;
    noteMoved(count);
    return BigInt(offset) - BigInt(before);
  }

  #commitOf({ partition, epoch, snapshot }: OwnedRow): OffsetCommit {
    return { partition, epoch, ...encodeCommit({ row: snapshot(), origin: this.#origin }, this.#metadataMax) };
  }
}

const UNANSWERED = new SourceError('unavailable', 'CommitUnanswered', 'a commit of offsets has not been answered yet');

/** Epochs stay far below. */
const EPOCHS = 2 ** 31;

/** A number, and no text: it is asked for with every batch. */
function keyOf({ partition, epoch }: Ownership): number {
  return partition * EPOCHS + epoch;
}
