import type { Batch, Delivery, Outcome, Span, Wait, WaitReason } from '../contract/index.ts';
import { EMPTY_POLL_BACKOFF } from '../intake/index.ts';
import type { Running } from '../invoke/index.ts';
import { deferred, Latch, orSet, sleep, steadyBackoffMs } from '../kit/index.ts';
import { linksOfMessage } from '../observe/index.ts';
import { decideQueue, type QueueVerdict } from '../verdict/index.ts';
import { type TakenCredit, takeCredit } from './credit.ts';
import { untilEnded } from './overrun.ts';
import { type PollResult, QueueCollector } from './queue-collector.ts';
import { Stated } from './stated.ts';
import type { QueueWorks } from './works.ts';

/** At a hard stop a cut-off handler gets this long to stop before its messages are left to their timeout, ms. */
const CUT_OFF_GRACE_MS = 100;

/**
 * One slot of a queue mapping: at most one batch in flight. Slots run side by side, as many as the scaler allows; each
 * takes a credit, collects a batch, has it invoked, asks for the verdict and has it carried out.
 *
 * S1 Nothing is received without a credit (R9).
 * S2 The credit is held until the invocation has really stopped (R3).
 * S3 A message group stays taken until the invocation of its batch has really stopped (R2).
 */
export class QueueSlot {
  readonly #works: QueueWorks;
  readonly #collector: QueueCollector;
  readonly #index: number;
  readonly #stated: Stated;
  readonly #say = (reason: WaitReason): void => {
    this.#stated.say(reason);
  };
  /** The settlement of the batch before: it goes on while the next is collected and invoked. */
  #settling: Promise<void> = Promise.resolve();
  #emptyPolls = 0;
  /** Waits until the source can be used. */
  #isAtGate = false;
  /** The end of an invocation that a hard stop could not wait for. */
  #lingering: Promise<unknown> | undefined;

  constructor(works: QueueWorks, index: number) {
    this.#works = works;
    this.#index = index;
    this.#stated = new Stated(works.clock, { kind: 'starting' });
    this.#collector = new QueueCollector(works, this.#say);
  }

  /** What this slot waits for. */
  get wait(): Wait {
    return this.#stated.wait(`slot ${String(this.#index)}`, this.#isAtGate ? this.#works.gate.problem : undefined);
  }

  set #reason(reason: WaitReason) {
    this.#stated.say(reason);
  }

  /** Works until it is not wanted any more or the mapping stops, and everything it received is settled. */
  async run(isWanted: () => boolean): Promise<void> {
    const { stopping } = this.#works;
    await this.#predecessor();
    while ((isWanted() && !stopping.isSet) || this.#collector.hasLeftovers) await this.#turn();
    this.#reason = { kind: 'settling', messages: this.#works.settler.inFlight.size };
    await Promise.all([this.#settling, this.#collector.settled()]);
  }

  async #turn(): Promise<void> {
    const { settler, hardStop, invoker } = this.#works;
    // What came while the breaker opened waits in the queue, not here.
    if (hardStop.isSet || (this.#collector.hasLeftovers && !invoker.breaker.isClosed)) {
      await settler.giveBack(await this.#collector.leftovers());
      return;
    }
    if (!this.#collector.hasLeftovers && !((await this.#gate()) && (await this.#room()))) return;
    const credit = await this.#credit();
    if (credit === undefined) return;
    try {
      const batch = await this.#collector.collect(credit.isTrial);
      if (batch.length > 0) await this.#start(batch, credit.isTrial === true);
    } finally {
      this.#afterEnd(() => {
        credit.release();
      });
    }
    await this.#restAfter(this.#collector.last);
  }

  /** A handler that an earlier tenure of the mapping could not stop takes this slot's place until it has stopped (R3). */
  async #predecessor(): Promise<void> {
    const { lingering, options, stopping } = this.#works;
    const rest = lingering.get(this.#index);
    if (rest === undefined || options.maximumConcurrency === undefined) return;
    this.#reason = { kind: 'handler-did-not-stop', requestId: rest.requestId, since: rest.since };
    await orSet(rest.ended, stopping);
  }

  /** Waits until the source may be asked; false when the mapping stops first. */
  async #gate(): Promise<boolean> {
    this.#isAtGate = true;
    const isReady = await this.#works.gate.ready();
    this.#isAtGate = false;
    return isReady;
  }

  /** Waits until the process may hold more; a mapping that holds nothing need not wait. False when the mapping stops first. */
  async #room(): Promise<boolean> {
    const { buffer, settler, stopping } = this.#works;
    while (buffer.isFull && settler.inFlight.size > 0 && !stopping.isSet) {
      this.#reason = { kind: 'no-room', records: buffer.records, bytes: buffer.bytes };
      const room = deferred();
      const forget = [buffer.onLess(room.resolve), stopping.onSet(room.resolve)];
      await room.promise;
      for (const take of forget) take();
    }
    return !stopping.isSet;
  }

  /** A credit of the function's ledger; `undefined` when the mapping stops first (with leftovers: only at a hard stop). */
  #credit(): Promise<TakenCredit | undefined> {
    const { invoker, mapping, stopping, hardStop } = this.#works;
    return takeCredit(invoker, mapping, this.#collector.hasLeftovers ? hardStop : stopping, this.#say);
  }

  /** Sorts out what may not start (R10), then runs the rest; at a hard stop nothing starts. */
  async #start(collected: readonly Delivery[], isTrial: boolean): Promise<void> {
    const { locks, settler, clock, epoch, listener, mapping, hardStop } = this.#works;
    if (hardStop.isSet) return settler.giveBack(collected);
    const { admitted, expired, behind, locked } = locks.admit(collected, clock.monotonic());
    if (admitted.length < collected.length) {
      listener('message.expired', { mapping, messages: collected.length - admitted.length });
      if (this.#works.source.fifo) this.#collector.forsake([...expired, ...behind, ...locked]);
      await Promise.all([settler.leave([...expired, ...locked]), settler.giveBack(behind)]);
    }
    if (admitted.length === 0) return;
    try {
      await this.#work({ epoch, deliveries: admitted }, isTrial);
    } catch (error) {
      // A defect, not an outcome: without this, beats would hide the messages and their groups would stay taken for ever.
      await settler.leave(admitted);
      locks.free(admitted);
      throw error;
    }
  }

  /** The way of a batch: invoke, verdict, settle; a retry of the same batch is the only way back. */
  #work(batch: Batch, isTrial: boolean): Promise<void> {
    const { invoker, mapping, source } = this.#works;
    const { deliveries } = batch;
    const span = invoker.tracer?.start('batch', {
      mapping,
      attributes: { 'messaging.destination.name': source.label, 'messaging.batch.message_count': deliveries.length },
      links: () => deliveries.flatMap(({ message }) => linksOfMessage(message)),
    });
    this.#span = span;
    if (span === undefined) return this.#workOn(batch, isTrial);
    return this.#workOn(batch, isTrial).finally(() => {
      span.end();
    });
  }

  /** Of the batch that it works on, where somebody records it. */
  #span: Span | undefined;

  async #workOn(batch: Batch, isTrial: boolean): Promise<void> {
    const { clock, hardStop, stopping } = this.#works;
    if (!isTrial && !(await this.#pass(batch))) {
      this.#putOff(batch);
      return;
    }
    for (let attempt = 1; ; attempt += 1) {
      const running = this.#invoke(batch, attempt);
      const outcome = await running.outcome;
      const verdict = this.#decide(batch, running, outcome, attempt);
      if (hardStop.isSet && outcome.kind !== 'success') return this.#cutOff(batch, running);
      if (verdict.kind === 'settle') return this.#finish(batch, verdict, running, outcome);
      await this.#ended(running, outcome);
      this.#reason = { kind: 'retry', attempt, at: verdict.at, cause: verdict.cause };
      if (!(await sleep(clock, verdict.at - clock.monotonic(), hardStop))) return this.#cutOff(batch, running);
      if (isLate(batch.deliveries, clock.monotonic()) || !(await this.#pass(batch))) {
        if (hardStop.isSet) return this.#cutOff(batch, running);
        if (stopping.isSet && !isLate(batch.deliveries, clock.monotonic())) {
          this.#putOff(batch);
          return;
        }
        return this.#finish(batch, { kind: 'settle', handled: [], returned: batch.deliveries, failure: verdict.cause }, running, outcome);
      }
    }
  }

  /**
   * The breaker may have opened since the batch was received, or because of it: it waits until the breaker lets it go, as long as
   * was granted at receive; a stop does not wait for that. A batch that is here already may be the trial, whatever its size.
   */
  async #pass({ deliveries }: Batch): Promise<boolean> {
    const { invoker, clock, stopping } = this.#works;
    if (invoker.breaker.isClosed) return true;
    const until = deliveries.reduce((least, { hold }) => Math.min(least, hold.grantedUntil), Number.POSITIVE_INFINITY);
    const over = new Latch();
    const set = (): void => {
      over.set();
    };
    const forget = [clock.timer(Math.max(0, until - clock.monotonic()), set), stopping.onSet(set)];
    const pass = await invoker.breaker.wait(over, this.#say);
    for (const take of forget) take();
    if (pass !== undefined && !over.isSet && !isLate(deliveries, clock.monotonic())) return true;
    pass?.release();
    return false;
  }

  /** The breaker did not let the batch go in time, or the mapping stops: it goes back at once, side by side with what else goes back. */
  #putOff({ deliveries }: Batch): void {
    const { settler, locks, source } = this.#works;
    if (source.fifo) this.#collector.forsake(deliveries);
    const back = settler.giveBack(deliveries).then(() => {
      locks.free(deliveries);
    });
    this.#settling = Promise.all([this.#settling, back]).then(() => undefined);
  }

  #invoke(batch: Batch, attempt: number): Running {
    const { source, options, invoker, listener, mapping, hardStop, clock } = this.#works;
    const records = batch.deliveries.length;
    const event = source.toEvent(
      batch.deliveries.map(({ message }) => message),
      { windowed: options.maximumBatchingWindowInSeconds > 0 },
    );
    const abandonAfterMs = options.abandonAfterSeconds === undefined ? undefined : options.abandonAfterSeconds * 1000;
    const trace = this.#span && { mapping, batch: this.#span };
    const running = invoker.start(event, { attempt, hardStop, abandonAfterMs, trace });
    this.#reason = { kind: 'invocation', requestId: running.requestId, records, since: running.startedAt };
    const sentAt = Number(batch.deliveries[0]?.message.attributes['SentTimestamp']);
    const ageMs = Number.isFinite(sentAt) ? Math.max(0, clock.wall() - sentAt) : undefined;
    listener('batch.started', { mapping, requestId: running.requestId, records, attempt, ageMs });
    return running;
  }

  #decide(batch: Batch, running: Running, outcome: Outcome, attempt: number): QueueVerdict {
    const { options, clock, random, listener, mapping, scaler } = this.#works;
    const now = clock.monotonic();
    const policy = {
      reportBatchItemFailures: options.functionResponseTypes.includes('ReportBatchItemFailures'),
      groupQuarantine: options.groupQuarantine,
    };
    const verdict = decideQueue({ batch, outcome, policy, attempt, now, chance: random.next() });
    if (verdict.kind === 'settle' && verdict.failure !== undefined) scaler.failed(now);
    const failure = verdict.kind === 'settle' ? verdict.failure : verdict.cause;
    const { requestId, startedAt } = running;
    const records = batch.deliveries.length;
    const returned = verdict.kind === 'settle' ? verdict.returned.length : 0;
    listener('batch.ended', {
      mapping,
      requestId,
      records,
      attempt,
      durationMs: Math.round((now - startedAt) * 1000) / 1000,
      outcome: outcome.kind,
      returned,
      error: failure,
    });
    return verdict;
  }

  /** Settles in the background, one settlement per slot, and waits until the invocation has really stopped. */
  async #finish(batch: Batch, verdict: Extract<QueueVerdict, { kind: 'settle' }>, running: Running, outcome: Outcome): Promise<void> {
    if (this.#works.source.fifo) this.#collector.forsake(verdict.returned);
    const ended = this.#ended(running, outcome);
    const span = this.#span;
    await this.#settling;
    this.#settling = this.#settle(verdict, running, ended, span);
    await ended;
    this.#afterEnd(() => {
      this.#works.locks.free(batch.deliveries);
    });
  }

  async #settle(
    verdict: Extract<QueueVerdict, { kind: 'settle' }>,
    running: Running,
    ended: Promise<void>,
    batch: Span | undefined,
  ): Promise<void> {
    const { settler, listener, mapping, source } = this.#works;
    const { handled, returned } = verdict;
    // A group stays hidden, and so locked in the queue too, while its handler still runs.
    if (source.fifo) await ended;
    const span = batch && this.#works.invoker.tracer?.start('settle', { mapping, parent: batch, attributes: {} });
    const [deleted] = await Promise.all([settler.delete(handled), settler.returnFailed(returned)]);
    span?.set({ 'millrace.deleted': deleted, 'millrace.returned': returned.length });
    span?.end();
    listener('batch.settled', { mapping, requestId: running.requestId, deleted, returned: returned.length });
  }

  /** A hard stop could not wait for this invocation. */
  #linger({ requestId, ended }: Running): void {
    const { lingering, clock } = this.#works;
    const rest = { requestId, since: clock.monotonic(), ended };
    this.#lingering = ended;
    lingering.set(this.#index, rest);
    void ended.then((how) => {
      if (how === 'abandoned') this.#waive(requestId);
      if (lingering.get(this.#index) === rest) lingering.delete(this.#index);
    });
  }

  /** Does something when nothing of this slot runs any more: now, unless a hard stop left a handler behind. */
  #afterEnd(action: () => void): void {
    if (this.#lingering === undefined) action();
    else void this.#lingering.then(action);
  }

  /** Resolves when the invocation has stopped, was given up, or the engine ends at once. */
  async #ended(running: Running, outcome: Outcome): Promise<void> {
    const { mapping, clock, listener, hardStop } = this.#works;
    if (!(await untilEnded(running, outcome, { mapping, clock, listener, hardStop, say: this.#say }))) this.#linger(running);
  }

  /** The handler was given up, so from here on R2 and R3 hold without it; that is never done in silence. */
  #waive(requestId: string): void {
    const { listener, mapping } = this.#works;
    listener('handler.abandoned', { mapping, requestId });
  }

  /** A hard stop cut the invocation off: what has stopped goes back at once, the rest is left to its timeout. */
  async #cutOff(batch: Batch, running: Running): Promise<void> {
    const { settler, clock, locks } = this.#works;
    await this.#settling;
    const grace = new Latch();
    const cancel = clock.timer(CUT_OFF_GRACE_MS, () => {
      grace.set();
    });
    const how = await orSet(running.ended, grace);
    cancel();
    if (how === undefined) this.#linger(running);
    else if (how === 'abandoned') this.#waive(running.requestId);
    await (how === undefined ? settler.leave(batch.deliveries) : settler.giveBack(batch.deliveries));
    this.#afterEnd(() => {
      locks.free(batch.deliveries);
    });
  }

  /** After an empty short poll the credit goes round: the next look comes later, without holding one. */
  async #restAfter(poll: PollResult): Promise<void> {
    if (poll !== 'short-empty') {
      this.#emptyPolls = 0;
      return;
    }
    const { clock, random, stopping } = this.#works;
    this.#emptyPolls += 1;
    const waitMs = steadyBackoffMs(EMPTY_POLL_BACKOFF, this.#emptyPolls, random.next());
    this.#reason = { kind: 'empty-poll', until: clock.monotonic() + waitMs };
    await sleep(clock, waitMs, stopping);
  }
}

function isLate(deliveries: readonly Delivery[], now: number): boolean {
  return deliveries.some(({ hold }) => hold.deadline <= now);
}
