import type { Delivery, QueueMessage, Tracer, WaitReason } from '../contract/index.ts';
import { type Polled, QueuePoller, visibilityToAsk } from '../intake/index.ts';
import { TRIAL_RECORDS } from '../invoke/index.ts';
import { Latch, orSet, sleep } from '../kit/index.ts';
import { EVENT_ENVELOPE_BYTES, OpenBatch, PAYLOAD_BYTES_MAX } from '../lanes/index.ts';
import type { QueueWorks } from './works.ts';

/** What the last collection came to: records, nothing after a long or a short poll, or a source in trouble. */
export type PollResult = 'records' | 'long-empty' | 'short-empty' | 'failed';

/** An open receive that is older than this shows that there is no backlog, ms. */
const BACKLOG_RECEIVE_MS_MAX = 1000;
/** Between short polls of an open batch window that bring nothing, ms. */
const WINDOW_POLL_MS = 100;

/** A delivery with its size, as a batch counts it. */
interface Item {
  readonly sizeBound: number;
  readonly delivery: Delivery;
}

interface OpenReceive {
  readonly answer: Promise<Polled>;
  readonly isLong: boolean;
  readonly prolonged: boolean;
  readonly visibilitySeconds: number;
}

/**
 * Collects the batches of one slot: receives until the batch is full or its window is over (spec c). A batch above ten
 * takes several receives, one after another.
 *
 * C1 At most one receive is open. When a window closes before its answer has come, the batch goes without it and the
 *    answer begins the next batch of this slot.
 * C2 What does not fit any more begins the next batch.
 * C3 While the process holds all that it may, a batch that has records goes as it is.
 */
export class QueueCollector {
  readonly #works: QueueWorks;
  readonly #poller: QueuePoller;
  readonly #say: (reason: WaitReason) => void;
  readonly #exactBytes: (item: Item) => number;
  #pending: OpenReceive | undefined;
  #carried: readonly Delivery[] = [];
  /** Deletes and releases of what came but goes into no batch. */
  #cleaning: Promise<unknown> = Promise.resolve();
  last: PollResult = 'records';
  #isTrial = false;

  constructor(works: QueueWorks, say: (reason: WaitReason) => void) {
    this.#works = works;
    this.#say = say;
    this.#poller = new QueuePoller(works.source, works.clock, works.random, works.receiveSignal);
    const windowed = works.options.maximumBatchingWindowInSeconds > 0;
    this.#exactBytes = ({ delivery }) => works.source.eventBytes(delivery.message, { windowed });
  }

  /** Whether something was received, or may be, that is in no batch yet. */
  get hasLeftovers(): boolean {
    return this.#carried.length > 0 || this.#pending !== undefined;
  }

  /** Resolves when nothing is being deleted or released any more. */
  async settled(): Promise<void> {
    await this.#cleaning;
  }

  /** An earlier message of these groups goes back to the queue, so what waits behind it goes back too (R2). */
  forsake(returned: readonly Delivery[]): void {
    if (this.#carried.length === 0) return;
    const groups = new Set(returned.map(({ message }) => message.groupId));
    const isBehind = ({ message }: Delivery): boolean => message.groupId !== undefined && groups.has(message.groupId);
    this.#clean(this.#works.settler.giveBack(this.#carried.filter(isBehind)));
    this.#carried = this.#carried.filter((delivery) => !isBehind(delivery));
  }

  /** Waits for the open receive and gives up what is in no batch. */
  async leftovers(): Promise<readonly Delivery[]> {
    const carried = this.#carried;
    this.#carried = [];
    const pending = this.#pending;
    if (pending === undefined) return carried;
    const polled = await pending.answer;
    this.#pending = undefined;
    return [...carried, ...this.#admit(polled, pending)];
  }

  /**
   * One batch; empty when there is nothing, the source is in trouble or the mapping stops. As a trial of the breaker: a few records,
   * without a window.
   */
  async collect(isTrial = false): Promise<readonly Delivery[]> {
    const { options, clock, stopping, buffer, invoker } = this.#works;
    await this.#cleaning;
    this.#isTrial = isTrial;
    const limits = {
      records: isTrial ? Math.min(TRIAL_RECORDS, options.batchSize) : options.batchSize,
      bytes: PAYLOAD_BYTES_MAX - EVENT_ENVELOPE_BYTES,
      windowMs: isTrial ? 0 : options.maximumBatchingWindowInSeconds * 1000,
    };
    const open = new OpenBatch<Item>(limits, this.#exactBytes);
    this.last = 'records';
    const carried = this.#carried;
    this.#carried = [];
    this.#put(open, carried);
    while (!open.isComplete(clock.monotonic())) {
      if (stopping.isSet && (this.#pending === undefined || open.items.length > 0)) break;
      // The breaker has opened: nothing is received any more.
      if (!isTrial && !invoker.breaker.isClosed && this.#pending === undefined) break;
      // Waiting for more would hold more than the process may: what is there goes early.
      if (buffer.isFull && open.items.length > 0) break;
      if (!(await this.#fill(open))) break;
    }
    return open.items.map(({ delivery }) => delivery);
  }

  /** One receive into the batch. False: the batch goes as it is. */
  async #fill(open: OpenBatch<Item>): Promise<boolean> {
    const { gate, scaler, clock, onScaled, listener, mapping } = this.#works;
    const pending = (this.#pending ??= this.#receive(open));
    const polled = await this.#answerOrClose(pending, open.closesAt);
    if (polled === undefined) return false;
    this.#pending = undefined;
    const now = clock.monotonic();
    switch (polled.kind) {
      case 'messages':
        gate.succeeded();
        scaler.received(now, this.#isBacklog(polled.messages.length, polled.asked, now));
        onScaled();
        this.#put(open, this.#admit(polled, pending));
        // When filters left nothing, others that wait for a credit get their turn first.
        return open.items.length > 0;
      case 'empty':
        gate.succeeded();
        scaler.empty(now);
        if (open.closesAt !== undefined) return this.#pauseInWindow(open.closesAt);
        this.last = pending.isLong ? 'long-empty' : 'short-empty';
        return false;
      case 'failed':
        gate.failed(polled.error);
        listener('source.failed', { mapping, error: polled.error.kind, message: polled.error.message });
        this.last = 'failed';
        return false;
    }
  }

  #receive(open: OpenBatch<Item>): OpenReceive {
    const { clock, invoker, options, described, longPollSeconds, openReceives, listener, mapping } = this.#works;
    const now = clock.monotonic();
    const { closesAt } = open;
    const own = described.current.visibilityTimeoutSeconds;
    const visibilitySeconds = visibilityToAsk({
      own,
      window: options.maximumBatchingWindowInSeconds,
      functionTimeout: invoker.definition.timeoutMs / 1000,
      heartbeat: options.heartbeat,
    });
    const limit = closesAt === undefined ? longPollSeconds : Math.floor((closesAt - now) / 1000);
    // A trial that finds nothing goes round among the mappings, too.
    const isLongAllowed = this.#isTrial ? invoker.ledger.pollsAlone : invoker.ledger.allowsLongPoll;
    const waitSeconds = closesAt === undefined && !isLongAllowed ? 0 : Math.min(longPollSeconds, limit);
    this.#say(
      closesAt === undefined
        ? { kind: 'empty-poll', until: now + waitSeconds * 1000 }
        : { kind: 'batch-window', records: open.items.length, until: closesAt },
    );
    const receive = { since: now };
    const { tracer } = invoker;
    const askedAt = tracer === undefined ? undefined : clock.wall();
    openReceives.add(receive);
    const answer = this.#poller.poll({ max: open.room, waitSeconds, visibilitySeconds }).then((polled) => {
      openReceives.delete(receive);
      if (polled.kind !== 'failed')
        listener('source.polled', { mapping, records: polled.kind === 'messages' ? polled.messages.length : 0 });
      // A poll that brings nothing is no news.
      if (tracer !== undefined && polled.kind === 'messages') this.#traced(tracer, polled.messages, askedAt);
      return polled;
    });
    return { answer, isLong: waitSeconds > 0, prolonged: (visibilitySeconds ?? own) > own, visibilitySeconds: visibilitySeconds ?? own };
  }

  #traced(tracer: Tracer, { length }: readonly QueueMessage[], startedAt: number | undefined): void {
    const { mapping, source } = this.#works;
    const attributes = { 'messaging.destination.name': source.label, 'messaging.batch.message_count': length };
    tracer.start('poll', { mapping, startedAt, attributes })?.end();
  }

  /** The answer of the open receive, or `undefined` when the batch has to go first: window over, or the mapping stops. */
  async #answerOrClose(pending: OpenReceive, closesAt: number | undefined): Promise<Polled | undefined> {
    if (closesAt === undefined) return pending.answer;
    const { clock, stopping } = this.#works;
    const close = new Latch();
    const cancel = clock.timer(closesAt - clock.monotonic(), () => {
      close.set();
    });
    const forget = stopping.onSet(() => {
      close.set();
    });
    const polled = await orSet(pending.answer, close);
    cancel();
    forget();
    return polled;
  }

  #pauseInWindow(closesAt: number): Promise<boolean> {
    const { clock, stopping } = this.#works;
    return sleep(clock, Math.min(WINDOW_POLL_MS, closesAt - clock.monotonic()), stopping);
  }

  /** A full page, quickly: more is waiting. */
  #isBacklog(received: number, asked: number, now: number): boolean {
    if (received < asked) return false;
    const oldest = this.#works.openReceives.values().next();
    return oldest.done === true || now - oldest.value.since < BACKLOG_RECEIVE_MS_MAX;
  }

  #admit(polled: Polled, pending: OpenReceive): readonly Delivery[] {
    if (polled.kind !== 'messages') return [];
    const { settler, epoch } = this.#works;
    const { visibilitySeconds, prolonged } = pending;
    const { fresh, cleaned } = settler.open({
      messages: polled.messages,
      epoch,
      arrivedAt: polled.arrivedAt,
      visibilitySeconds,
      prolonged,
    });
    if (cleaned !== undefined) this.#clean(cleaned);
    return this.#wanted(fresh);
  }

  /** What no filter wants is deleted at once, as AWS does (spec g.5). */
  #wanted(fresh: readonly Delivery[]): readonly Delivery[] {
    const { source, options, settler, listener, mapping } = this.#works;
    const { filter, maximumBatchingWindowInSeconds } = options;
    const { filtering } = source;
    if (filter === undefined || filtering === undefined) return fresh;
    const windowed = maximumBatchingWindowInSeconds > 0;
    const wanted: Delivery[] = [];
    const others: Delivery[] = [];
    for (const delivery of fresh) (filter.accepts(filtering.view(delivery.message, { windowed })) ? wanted : others).push(delivery);
    if (others.length > 0) {
      listener('records.filtered', { mapping, records: others.length });
      this.#clean(settler.delete(others).then(() => undefined));
    }
    return wanted;
  }

  #put(open: OpenBatch<Item>, deliveries: readonly Delivery[]): void {
    const now = this.#works.clock.monotonic();
    const carried: Delivery[] = [];
    for (const delivery of deliveries) {
      const { message } = delivery;
      const added = open.add({ sizeBound: message.sizeBound, delivery }, now);
      if (added === 'full') carried.push(delivery);
      else if (added === 'oversized') this.#refuse(delivery, message);
    }
    this.#carried = carried;
  }

  /**
   * A message that fits into no event: never invoked; it goes back on the queue's cadence, and so to its dead-letter
   * queue. What comes after it in its group does not wait: giving that back with it would use up its receives too.
   */
  #refuse(delivery: Delivery, message: QueueMessage): void {
    const { listener, mapping, settler } = this.#works;
    const bytes = this.#exactBytes({ sizeBound: message.sizeBound, delivery });
    listener('message.oversized', { mapping, messageId: message.messageId, bytes, limit: PAYLOAD_BYTES_MAX - EVENT_ENVELOPE_BYTES });
    this.#clean(settler.returnFailed([delivery]));
  }

  #clean(work: Promise<void>): void {
    this.#cleaning = Promise.all([this.#cleaning, work]);
  }
}
