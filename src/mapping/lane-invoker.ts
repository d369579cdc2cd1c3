import type { Outcome, Span, WaitReason } from '../contract/index.ts';
import type { Running } from '../invoke/index.ts';
import { Latch, orSet, sleep, steadyBackoffMs } from '../kit/index.ts';
import {
  decideCrashed,
  decideStream,
  isPlainSuccess,
  SETTLED,
  type StreamPolicy,
  type StreamVerdict,
  type UndoneVerdict,
} from '../verdict/index.ts';
import { type TakenCredit, takeCredit, takeFreeCredit } from './credit.ts';
import type { LaneRange } from './lane-range.ts';
import type { LaneWindow } from './lane-window.ts';
import { untilEnded } from './overrun.ts';
import type { Passage } from './run-gate.ts';
import type { StreamWorks } from './stream-works.ts';

/** For so long a credit is held while it is stored that a range begins; doubles with every try, so that one is through. */
const STORE_PATIENCE_MS = 500;
/** Waits of a lane that may not begin although its mapping does not stop. */
const REFUSED_BACKOFF = { baseMs: 100, capMs: 5000 };

/** What the invocations of a lane work with. */
export interface LaneInvokerParts {
  readonly works: StreamWorks;
  readonly shardId: string;
  readonly window: LaneWindow | undefined;
  readonly say: (reason: WaitReason) => void;
  /** Whether it has to be stored that a range begins. */
  readonly mustBeStored: (range: LaneRange) => boolean;
  /** Asked when a range has its credit: it stores what has to be known if the process ends meanwhile; true: nothing has to be. */
  readonly mayBegin: (range: LaneRange) => true | Promise<boolean>;
  /** It does not begin after all: what was stored is taken back. */
  readonly takeBack: (range: LaneRange) => Promise<boolean>;
}

/** Credit, event, invocation, verdict: one range of a lane at a time. */
export class LaneInvoker {
  readonly #parts: LaneInvokerParts;
  readonly #policy: StreamPolicy;
  #lastRequestId: string | undefined;

  constructor(parts: LaneInvokerParts) {
    this.#parts = parts;
    const { maximumRetryAttempts, bisectBatchOnFunctionError, functionResponseTypes, tumblingWindowInSeconds } = parts.works.options;
    this.#policy = {
      maximumRetryAttempts,
      bisectBatchOnFunctionError,
      reportBatchItemFailures: functionResponseTypes.length > 0,
      isWindowed: tumblingWindowInSeconds > 0,
    };
  }

  get lastRequestId(): string | undefined {
    return this.#lastRequestId;
  }

  /** It had failed too often already when the process ended, and was not recorded at the destination. */
  isUsedUp({ entries, attempts }: LaneRange): boolean {
    const { maximumRetryAttempts: most, bisectBatchOnFunctionError } = this.#policy;
    return most >= 0 && attempts > most && (entries.length === 1 || (entries.length > 1 && !bisectBatchOnFunctionError));
  }

  /** A range that ran when the process ended. */
  decideCrashed({ entries, attempts }: LaneRange): UndoneVerdict {
    const { clock, random } = this.#parts.works;
    return decideCrashed({ policy: this.#policy, count: entries.length, attempts, now: clock.monotonic(), chance: random.next() });
  }

  /**
   * One invocation; `undefined` when the mapping stops before it has come out, or records of it grew too old before it began. `left` is set when the range no longer counts as
   * running although its invocation has not ended.
   */
  async invoke(range: LaneRange, isFinal: boolean, left: Passage, batch?: Span): Promise<StreamVerdict | undefined> {
    const { works, say } = this.#parts;
    const { mapping, hardStop, listener, clock } = works;
    const credit = this.#creditAtOnce(range) ?? (await this.#creditFor(range));
    if (credit === undefined) return undefined;
    // Between the credit and here somebody else may have had a turn.
    if (works.stopping.isSet || !this.#mayPass(credit)) {
      credit.release();
      return undefined;
    }
    const running = this.#start(range, isFinal, batch);
    const outcome = await running.outcome;
    const verdict = hardStop.isSet && outcome.kind !== 'success' ? undefined : this.#decide(range, running, outcome);
    // A handler that does not stop keeps its lane, not the others (R12).
    if (outcome.kind === 'timeout') left.set();
    const isOver = running.hasStopped && outcome.kind !== 'timeout';
    const hasEnded = isOver || (await untilEnded(running, outcome, { mapping, clock, listener, hardStop, say }));
    if (hasEnded) credit.release();
    else {
      works.onLingering?.(running.requestId, running.ended);
      void running.ended.then(() => {
        credit.release();
      });
    }
    return verdict;
  }

  /** The way of nearly every range: nothing has to be waited for. */
  #creditAtOnce(range: LaneRange): TakenCredit | undefined {
    const { works, mustBeStored } = this.#parts;
    const { invoker, mapping, stopping, checkpoints } = works;
    if (stopping.isSet || mustBeStored(range) || checkpoints.trouble?.() !== undefined || this.#hasAged(range)) return undefined;
    return takeFreeCredit(invoker, mapping);
  }

  /** A credit for a range that may begin; `undefined` when it may not now. */
  async #creditFor(range: LaneRange): Promise<TakenCredit | undefined> {
    const { works, say, mayBegin } = this.#parts;
    const { invoker, mapping, stopping, checkpoints } = works;
    const isStopping = (): boolean => stopping.isSet;
    for (let patienceMs = STORE_PATIENCE_MS; !isStopping(); patienceMs *= 2) {
      if (checkpoints.trouble?.() !== undefined) await this.#untilStorable();
      const credit = takeFreeCredit(invoker, mapping) ?? (await takeCredit(invoker, mapping, stopping, say));
      if (credit === undefined) return undefined;
      // It may have waited long: what has grown too old meanwhile is sorted out first.
      if (this.#hasAged(range)) {
        credit.release();
        return undefined;
      }
      if (checkpoints.trouble?.() !== undefined) {
        credit.release();
        continue;
      }
      // Only now: what waits for a credit does not run, and must not be taken for it when the process ends.
      const asked = mayBegin(range);
      const may = asked === true || (await this.#within(patienceMs, asked));
      // The breaker may have opened while that was stored.
      if (may === true && this.#mayPass(credit) && !isStopping()) {
        this.#refusals = 0;
        return credit;
      }
      credit.release();
      const isStored = may === true || (may === undefined && (await orSet(Promise.resolve(asked), stopping)) === true);
      if (isStored && (await orSet(this.#parts.takeBack(range), stopping)) === true) continue;
      await this.#afterRefusal();
      return undefined;
    }
    return undefined;
  }

  #refusals = 0;

  #mayPass({ isTrial }: TakenCredit): boolean {
    return isTrial === true || this.#parts.works.invoker.breaker.isClosed;
  }

  /** Whoever is refused stops soon, as a rule; until then it shall not ask again and again. */
  async #afterRefusal(): Promise<void> {
    const { works, say } = this.#parts;
    const { clock, random, stopping } = works;
    if (stopping.isSet) return;
    this.#refusals += 1;
    const waitMs = steadyBackoffMs(REFUSED_BACKOFF, this.#refusals, random.next());
    say({ kind: 'store', message: 'it could not be stored that a batch begins', retryAt: clock.monotonic() + waitMs });
    await sleep(clock, waitMs, stopping);
  }

  /** While what is done cannot be stored, nothing is begun: it would only be repeated as well when the process ends. */
  async #untilStorable(): Promise<void> {
    const { works, say } = this.#parts;
    const { checkpoints, stopping } = works;
    while (!stopping.isSet) {
      const trouble = checkpoints.trouble?.();
      if (trouble === undefined) return;
      say(trouble.reason);
      await orSet(trouble.changed, stopping);
    }
  }

  /** `undefined`: not within that time, or the mapping stops first. */
  async #within<Value>(ms: number, promise: Promise<Value>): Promise<Value | undefined> {
    const { clock, stopping } = this.#parts.works;
    const late = new Latch();
    const set = (): void => {
      late.set();
    };
    const cancel = clock.timer(ms, set);
    const forget = stopping.onSet(set);
    const value = await orSet(promise, late);
    cancel();
    forget();
    return value;
  }

  #hasAged({ entries: [first] }: LaneRange): boolean {
    const { options, clock } = this.#parts.works;
    if (options.maximumRecordAgeInSeconds < 0 || first === undefined) return false;
    return first.record.arrivedAt < clock.wall() - options.maximumRecordAgeInSeconds * 1000;
  }

  #start(range: LaneRange, isFinal: boolean, batch: Span | undefined): Running {
    const { works, shardId, window, say } = this.#parts;
    const { invoker, mapping, source, hardStop, options, listener, clock } = works;
    const { entries } = range;
    const records = entries.length;
    const plain = source.toEvent(
      shardId,
      entries.map(({ record }) => record),
    );
    const event = window === undefined ? plain : window.event(range, plain, isFinal);
    const attempt = range.attempts + 1;
    const abandonAfterMs = options.abandonAfterSeconds === undefined ? undefined : options.abandonAfterSeconds * 1000;
    const running = invoker.start(event, { attempt, hardStop, abandonAfterMs, trace: batch && { mapping, batch } });
    const { requestId, startedAt } = running;
    this.#lastRequestId = requestId;
    say({ kind: 'invocation', requestId, records, since: startedAt });
    const first = entries[0];
    const last = entries.at(-1);
    // A window may be closed without records. Spreading one object into another takes longer than all else here.
    if (first === undefined || last === undefined) listener('batch.started', { mapping, shardId, requestId, records, attempt });
    else {
      const now = clock.wall();
      const ageMs = Math.max(0, now - first.record.arrivedAt);
      const iteratorAgeMs = Math.max(0, now - last.record.arrivedAt);
      listener('batch.started', { mapping, shardId, requestId, records, attempt, ageMs, iteratorAgeMs });
    }
    return running;
  }

  #decide(range: LaneRange, running: Running, outcome: Outcome): StreamVerdict {
    const { works, shardId } = this.#parts;
    const { clock, random, listener, mapping } = works;
    const { entries, attempts, waits } = range;
    const now = clock.monotonic();
    const chance = random.next();
    const verdict = isPlainSuccess(this.#policy, outcome)
      ? SETTLED
      : decideStream({
          policy: this.#policy,
          count: entries.length,
          attempts,
          waits,
          outcome,
          nameOf: works.nameOf,
          indexOf: indexIn(entries),
          now,
          chance,
        });
    const error = verdict.kind === 'settle' ? undefined : verdict.kind === 'wait' ? verdict.cause : verdict.failure.message;
    const returned = verdict.kind === 'settle' ? 0 : verdict.kind === 'advance' ? entries.length - verdict.done : entries.length;
    const { requestId, startedAt } = running;
    listener('batch.ended', {
      mapping,
      shardId,
      requestId,
      records: entries.length,
      attempt: attempts + 1,
      durationMs: now - startedAt,
      outcome: outcome.kind,
      returned,
      error,
    });
    return verdict;
  }
}

/** Where a record of that identifier stands. */
function indexIn(entries: LaneRange['entries']): (itemIdentifier: string) => number | undefined {
  let places: ReadonlyMap<string, number> | undefined;
  return (itemIdentifier) => {
    // A search for each of ten thousand identifiers would stop the whole process for seconds.
    places ??= new Map(entries.map(({ record }, index) => [record.sequenceNumber, index]));
    return places.get(itemIdentifier);
  };
}
