import { type EntryResult, QUEUE_VISIBILITY_SECONDS_MAX, type QueueDepth, type QueueReceipt } from '../../../src/index.ts';
import { FifoLine, type Line, StandardLine } from './line.ts';
import { type MessageContent, StoredMessage } from './stored-message.ts';
import { Timetable } from './timetable.ts';

/** How a store behaves; fixed for its life. */
export interface StoreSettings {
  readonly fifo: boolean;
  /** Begins every handle, so that no other queue takes it for its own. */
  readonly handlePrefix: string;
  readonly retentionMs: number;
  /** Receives after which a message is not given out again but moved. */
  readonly maxReceiveCount: number;
  /** Takes what the redrive policy moves. */
  readonly onExhausted: (message: StoredMessage) => void;
}

const DONE: EntryResult = { ok: true };
/** How often outdated messages are looked for at most: walking past what was deleted in front of them costs time. */
const SWEEP_MS = 1000;
/** How long an attempt id stands for its answer. */
const ATTEMPT_MS = 300_000;
const MAX_VISIBILITY_MS = QUEUE_VISIBILITY_SECONDS_MAX * 1000;
const HANDLE_TAIL = /^(.+)-([1-9]\d{0,14})$/u;

/** What one receive gave out under an attempt id. */
interface Attempt {
  readonly at: number;
  readonly messages: readonly StoredMessage[];
}

/** How a handle stands to the messages of the queue. */
type Resolved =
  | { readonly kind: 'current' | 'older'; readonly message: StoredMessage }
  | { readonly kind: 'gone'; readonly message?: undefined }
  | { readonly kind: 'unknown'; readonly message?: undefined };

/**
 * The messages of one queue and the rules by which they move: a plain state machine without promises or timers. Every
 * call is given the instant (monotonic ms) it happens at and first shows what has become visible by then.
 */
export class MessageStore {
  readonly #settings: StoreSettings;
  readonly #line: Line;
  readonly #timetable = new Timetable();
  readonly #messages = new Map<string, StoredMessage>();
  /** The messages that a receive attempt gave out, while none of them has been changed since. */
  readonly #attempts = new Map<string, Attempt>();
  readonly #count = { visible: 0, 'in-flight': 0, delayed: 0 };
  #bytes = 0;
  #order = 0;
  #nextRetentionAt = 0;

  constructor(settings: StoreSettings) {
    this.#settings = settings;
    this.#line = settings.fifo ? new FifoLine() : new StandardLine();
  }

  get size(): number {
    return this.#messages.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the next message becomes visible by itself. */
  get nextVisibleAt(): number | undefined {
    return this.#timetable.nextAt;
  }

  add(content: MessageContent, now: number, delayMs: number): StoredMessage {
    this.#order += 1;
    const message = new StoredMessage(content, this.#order, sequenceNumber(this.#order), now);
    this.#messages.set(content.messageId, message);
    this.#bytes += content.bytes;
    if (delayMs > 0) {
      message.state = 'delayed';
      message.visibleAt = now + delayMs;
      this.#timetable.put(message);
    }
    this.#count[message.state] += 1;
    this.#line.add(message);
    return message;
  }

  /** Gives out at most `max` messages, hidden for `hiddenMs`. `wall` is what people read as the time of the first receive. */
  take(max: number, now: number, wall: number, hiddenMs: number, attemptId?: string): readonly StoredMessage[] {
    this.refresh(now);
    const again = attemptId === undefined ? undefined : this.#earlierAnswer(attemptId, now);
    if (again !== undefined) {
      for (const message of again) this.#hide(message, now + hiddenMs);
      return again;
    }
    const given: StoredMessage[] = [];
    for (let found = this.#line.take(max); found.length > 0; found = given.length < max ? this.#line.take(max - given.length) : []) {
      this.#count.visible -= found.length;
      this.#count['in-flight'] += found.length;
      for (const message of found) if (this.#giveOut(message, now, wall, hiddenMs)) given.push(message);
    }
    if (attemptId !== undefined && given.length > 0) {
      this.#attempts.set(attemptId, { at: now, messages: given });
      for (const message of given) message.attemptId = attemptId;
    }
    return given;
  }

  delete(receipt: QueueReceipt, now: number): EntryResult {
    this.refresh(now);
    const { kind, message } = this.#resolve(receipt);
    if (kind === 'unknown') return unknownHandle();
    if (kind === 'gone') return DONE;
    if (this.#settings.fifo && (kind === 'older' || message.state !== 'in-flight')) {
      return refused('InvalidParameterValue', 'the receipt handle has expired');
    }
    this.#drop(message);
    return DONE;
  }

  changeVisibility(receipt: QueueReceipt, now: number, hiddenMs: number): EntryResult {
    this.refresh(now);
    if (hiddenMs > MAX_VISIBILITY_MS) {
      return refused('InvalidParameterValue', `VisibilityTimeout must be 0 to ${String(QUEUE_VISIBILITY_SECONDS_MAX)} seconds`);
    }
    const { kind, message } = this.#resolve(receipt);
    if (kind === 'unknown') return unknownHandle();
    if (kind !== 'current')
      return refused('InvalidParameterValue', 'the message does not exist or was received again under another handle');
    if (message.state !== 'in-flight')
      return refused('MessageNotInflight', 'the message is not in flight: its visibility timeout has ended');
    if (now - message.receivedAt + hiddenMs > MAX_VISIBILITY_MS) {
      return refused('InvalidParameterValue', 'a message cannot stay hidden for more than 12 hours after its receive');
    }
    this.#forgetAttempt(message);
    this.#hide(message, now + hiddenMs);
    this.refresh(now);
    return DONE;
  }

  depth(now: number): QueueDepth {
    this.refresh(now);
    return { visible: this.#count.visible, notVisible: this.#count['in-flight'], delayed: this.#count.delayed };
  }

  /** Every message, in the order of their arrival. */
  all(now: number): Iterable<StoredMessage> {
    this.refresh(now);
    return this.#messages.values();
  }

  /** Removes every message, those in flight too. */
  clear(): void {
    for (const message of this.#messages.values()) this.#drop(message);
  }

  /** Brings the states up to `now`: what is due becomes visible, what is older than the retention goes. */
  refresh(now: number): void {
    for (let due = this.#timetable.takeDue(now); due !== undefined; due = this.#timetable.takeDue(now)) {
      const was = due.state === 'delayed' ? 'delayed' : 'in-flight';
      this.#forgetAttempt(due);
      this.#count[was] -= 1;
      this.#count.visible += 1;
      due.state = 'visible';
      this.#line.show(due, was);
    }
    if (now >= this.#nextRetentionAt) this.#dropOutdated(now);
  }

  /** False: its receives are used up, it went where the redrive policy says. */
  #giveOut(message: StoredMessage, now: number, wall: number, hiddenMs: number): boolean {
    if (message.receives >= this.#settings.maxReceiveCount) {
      this.#drop(message);
      this.#settings.onExhausted(message);
      return false;
    }
    message.receives += 1;
    message.receivedAt = now;
    message.firstReceivedAt ??= wall;
    message.handle = `${this.#settings.handlePrefix}${message.content.messageId}-${String(message.receives)}`;
    this.#hide(message, now + hiddenMs);
    return true;
  }

  #hide(message: StoredMessage, until: number): void {
    message.visibleAt = until;
    this.#timetable.put(message);
  }

  #drop(message: StoredMessage): void {
    this.#forgetAttempt(message);
    this.#timetable.remove(message);
    this.#line.drop(message);
    this.#count[message.state] -= 1;
    this.#messages.delete(message.content.messageId);
    this.#bytes -= message.content.bytes;
  }

  #earlierAnswer(attemptId: string, now: number): readonly StoredMessage[] | undefined {
    const attempt = this.#attempts.get(attemptId);
    if (attempt === undefined || now - attempt.at < ATTEMPT_MS) return attempt?.messages;
    this.#endAttempt(attemptId, attempt);
    return undefined;
  }

  #forgetAttempt({ attemptId }: StoredMessage): void {
    const attempt = attemptId === undefined ? undefined : this.#attempts.get(attemptId);
    if (attemptId !== undefined && attempt !== undefined) this.#endAttempt(attemptId, attempt);
  }

  #endAttempt(attemptId: string, { messages }: Attempt): void {
    for (const message of messages) message.attemptId = undefined;
    this.#attempts.delete(attemptId);
  }

  /** The oldest say when the next can be outdated, so this walks only over what it drops. */
  #dropOutdated(now: number): void {
    const { retentionMs } = this.#settings;
    this.#nextRetentionAt = now + retentionMs;
    for (const message of this.#messages.values()) {
      if (message.enqueuedAt + retentionMs > now) {
        this.#nextRetentionAt = Math.max(message.enqueuedAt + retentionMs, now + SWEEP_MS);
        return;
      }
      this.#drop(message);
    }
  }

  #resolve(receipt: QueueReceipt): Resolved {
    const named = this.#messages.get(receipt.messageId);
    if (named !== undefined && named.handle === receipt.receiptHandle) return { kind: 'current', message: named };
    const { handlePrefix } = this.#settings;
    if (!receipt.receiptHandle.startsWith(handlePrefix)) return { kind: 'unknown' };
    const [, messageId = '', receive = ''] = HANDLE_TAIL.exec(receipt.receiptHandle.slice(handlePrefix.length)) ?? [];
    if (messageId === '') return { kind: 'unknown' };
    const message = this.#messages.get(messageId);
    if (message === undefined) return { kind: 'gone' };
    if (message.handle === receipt.receiptHandle) return { kind: 'current', message };
    return Number(receive) < message.receives ? { kind: 'older', message } : { kind: 'unknown' };
  }
}

/** Twenty digits, as on SQS, so that text order is number order within a queue. */
function sequenceNumber(order: number): string {
  return `1${String(order).padStart(19, '0')}`;
}

function refused(code: string, message: string): EntryResult {
  return { ok: false, code, message, retryable: false };
}

function unknownHandle(): EntryResult {
  return refused('ReceiptHandleIsInvalid', 'the receipt handle was not given out by this queue');
}
