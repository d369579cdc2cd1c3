import type { SQSEvent } from 'aws-lambda';
import {
  type ConfigProblem,
  type EntryResult,
  type FilterView,
  QUEUE_ENTRIES_PER_CALL,
  QUEUE_MESSAGES_PER_RECEIVE,
  QUEUE_VISIBILITY_SECONDS_MAX,
  QUEUE_WAIT_SECONDS_MAX,
  type QueueDepth,
  type QueueDescription,
  type QueueMessage,
  type QueueReceipt,
  type QueueSource,
  type ReceiveRequest,
  SourceError,
} from '../../../src/index.ts';
import { eventBytes, type QueueIdentity, queueFilterView, toQueueEvent } from '../../shared/sqs-event.ts';
import { Deduplication } from './deduplication.ts';
import { toQueueMessage } from './delivery.ts';
import { aborted, LongPolls } from './long-polls.ts';
import { checkMessage, type SendInput, type SendRules, type SentMessage } from './message-input.ts';
import { isFifoName, type QueueSettings, type ResolvedSettings, resolveSettings, show } from './options.ts';
import { MessageStore } from './store.ts';
import type { MessageContent, MessageState, StoredMessage } from './stored-message.ts';

/** Where messages go whose receives are used up. */
export interface Redrive {
  /** FIFO for a FIFO queue, standard for a standard one. */
  readonly queue: EmbeddedQueue;
  /** How often a message is given out before it is moved: 1..1000. */
  readonly maxReceiveCount: number;
  /** Told of every message that was moved; must not throw. */
  readonly onMoved?: ((message: MovedMessage) => void) | undefined;
}

/** A message that the redrive policy moved. */
export interface MovedMessage {
  readonly messageId: string;
  /** How often this queue gave it out. */
  readonly receives: number;
}

/** What can be set on an embedded queue. */
export interface EmbeddedQueueOptions extends QueueSettings {
  /** Redrive policy; without one a message is given out again without end. */
  readonly redrive?: Redrive | undefined;
}

/** One message as {@link EmbeddedQueue.peek} shows it. */
export interface PeekedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly groupId: string | undefined;
  readonly state: MessageState;
  /** How often it was received, here and in the queues before. */
  readonly receiveCount: number;
  /** Milliseconds until it becomes visible by itself; 0 when it is. */
  readonly visibleInMs: number;
}

const MAX_RECEIVE_COUNT = 1000;

/**
 * A queue in this process with the semantics of SQS, standard or FIFO by its name. Made for a first run, for tests and
 * for simulations: what it holds is lost with the process. README.md beside this file lists what it does and does not.
 */
export class EmbeddedQueue implements QueueSource<SQSEvent> {
  readonly kind = 'queue';
  readonly label: string;
  readonly fifo: boolean;
  readonly filtering = {
    kind: 'sqs' as const,
    view: (message: QueueMessage, { windowed }: { readonly windowed: boolean }): FilterView =>
      queueFilterView(message, { ...this.#identity, windowed }),
  };
  readonly arn: string;
  readonly #settings: ResolvedSettings & SendRules;
  readonly #redrive: Redrive | undefined;
  readonly #identity: QueueIdentity;
  readonly #store: MessageStore;
  readonly #polls: LongPolls<readonly QueueMessage[]>;
  readonly #deduplication = new Deduplication();
  readonly #createdAt: number;

  /** Throws a ConfigError that lists every option that is wrong. */
  constructor(options: EmbeddedQueueOptions) {
    const settings = resolveSettings(options, EmbeddedQueue.#checkRedrive(options));
    this.label = settings.name;
    this.fifo = isFifoName(settings.name);
    this.arn = `arn:aws:sqs:${settings.region}:${settings.account}:${settings.name}`;
    this.#settings = { ...settings, fifo: this.fifo };
    this.#redrive = options.redrive;
    this.#identity = { arn: this.arn, region: settings.region };
    this.#createdAt = Math.floor(settings.clock.wall() / 1000);
    this.#store = new MessageStore({
      fifo: this.fifo,
      handlePrefix: `${settings.random.uuid().slice(0, 8)}-`,
      retentionMs: settings.retentionSeconds * 1000,
      maxReceiveCount: options.redrive?.maxReceiveCount ?? Number.POSITIVE_INFINITY,
      onExhausted: (message) => {
        if (this.#redrive === undefined) return;
        this.#redrive.queue.#adopt(message, this.arn);
        this.#redrive.onMoved?.({ messageId: message.content.messageId, receives: message.receives });
      },
    });
    this.#polls = new LongPolls(settings.clock, () => this.#store.nextVisibleAt);
  }

  /**
   * Puts a message in; it can be received at once, or after its delay. Within five minutes the same deduplication id
   * gives the first message again and puts nothing in. Throws a SourceError: `invalid` when the message breaks a rule,
   * `throttled` when the queue is full.
   */
  send(input: SendInput): SentMessage {
    const { clock, random, delaySeconds } = this.#settings;
    const checked = checkMessage(input, this.#settings);
    const now = clock.monotonic();
    const id = checked.deduplicationId;
    const earlier = id === undefined ? undefined : this.#deduplication.earlier(id, now);
    if (earlier !== undefined) return earlier;
    this.#checkRoom(checked.bytes, now);
    // Field by field: a spread here costs more than the rest of the call.
    const content: MessageContent = {
      messageId: random.uuid(),
      body: checked.body,
      md5OfBody: checked.md5OfBody,
      messageAttributes: checked.messageAttributes,
      md5OfMessageAttributes: checked.md5OfMessageAttributes,
      groupId: checked.groupId,
      deduplicationId: id,
      traceHeader: checked.traceHeader,
      bytes: checked.bytes,
      sentAt: Math.floor(clock.wall()),
      earlierReceives: 0,
      firstReceivedAt: undefined,
      deadLetterSource: undefined,
    };
    const stored = this.#store.add(content, now, (input.delaySeconds ?? delaySeconds) * 1000);
    const sent: SentMessage = { messageId: content.messageId, sequenceNumber: this.fifo ? stored.sequenceNumber : undefined };
    if (id !== undefined) this.#deduplication.remember(id, sent, now);
    this.#polls.wake();
    return sent;
  }

  /** Sends one after the other, any number. The first that is refused throws; those before it are in the queue. */
  sendBatch(inputs: readonly SendInput[]): SentMessage[] {
    return inputs.map((input) => this.send(input));
  }

  describe(): Promise<QueueDescription> {
    const redrive = this.#redrive;
    return Promise.resolve({
      arn: this.arn,
      fifo: this.fifo,
      visibilityTimeoutSeconds: this.#settings.visibilityTimeoutSeconds,
      redrive: redrive && { maxReceiveCount: redrive.maxReceiveCount, deadLetterTargetArn: redrive.queue.arn },
      createdAt: this.#createdAt,
    });
  }

  async receive(request: ReceiveRequest): Promise<readonly QueueMessage[]> {
    checkReceive(request);
    const { clock } = this.#settings;
    const deadline = clock.monotonic() + request.waitSeconds * 1000;
    await clock.turn();
    if (request.signal.aborted) throw aborted();
    const found = this.#take(request);
    if (found.length > 0 || request.waitSeconds === 0) return found;
    const ask = (): readonly QueueMessage[] | undefined => {
      const arrived = this.#take(request);
      return arrived.length > 0 ? arrived : undefined;
    };
    return this.#polls.wait(deadline, ask, found, request.signal);
  }

  delete(receipts: readonly QueueReceipt[]): Promise<readonly EntryResult[]> {
    return this.#forEach(receipts, (receipt, now) => this.#store.delete(receipt, now));
  }

  changeVisibility(receipts: readonly QueueReceipt[], seconds: number): Promise<readonly EntryResult[]> {
    if (!Number.isInteger(seconds) || seconds < 0) {
      return Promise.reject(invalid(`the visibility timeout must be a whole number of seconds, and is ${show(seconds)}`));
    }
    return this.#forEach(receipts, (receipt, now) => this.#store.changeVisibility(receipt, now, seconds * 1000));
  }

  depth(): Promise<QueueDepth> {
    return Promise.resolve(this.#store.depth(this.#settings.clock.monotonic()));
  }

  toEvent(messages: readonly QueueMessage[], { windowed }: { readonly windowed: boolean }): SQSEvent {
    return toQueueEvent(messages, { ...this.#identity, windowed });
  }

  eventBytes(message: QueueMessage, { windowed }: { readonly windowed: boolean }): number {
    return eventBytes(message, { ...this.#identity, windowed });
  }

  /** What the queue holds, in the order of arrival, without receiving it. For tests; walks over everything. */
  peek(): PeekedMessage[] {
    const now = this.#settings.clock.monotonic();
    return Array.from(this.#store.all(now), (message) => ({
      messageId: message.content.messageId,
      body: message.content.body,
      groupId: message.content.groupId,
      state: message.state,
      receiveCount: message.content.earlierReceives + message.receives,
      visibleInMs: message.state === 'visible' ? 0 : message.visibleAt - now,
    }));
  }

  /** Removes everything, messages in flight too. Deduplication ids stay remembered, as on SQS. */
  purge(): void {
    this.#store.clear();
  }

  /** Ends open receives with nothing, at once: nobody has to wait for long polls where no message can be lost by that. */
  endReceives(): void {
    this.#polls.end();
  }

  /** Ends open receives with an `unavailable` error. The messages stay, and the queue can be used again. */
  close(): Promise<void> {
    this.#polls.close();
    return Promise.resolve();
  }

  static #checkRedrive({ name, redrive }: EmbeddedQueueOptions): ConfigProblem[] {
    if (redrive === undefined) return [];
    const problems: ConfigProblem[] = [];
    const given: { readonly queue?: unknown; readonly maxReceiveCount?: unknown } = redrive;
    const { queue, maxReceiveCount: count } = given;
    if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MAX_RECEIVE_COUNT) {
      const message = `must be a whole number from 1 to ${String(MAX_RECEIVE_COUNT)}, and is ${show(count)}`;
      problems.push({ field: 'redrive.maxReceiveCount', message });
    }
    if (!(queue instanceof EmbeddedQueue)) {
      problems.push({ field: 'redrive.queue', message: `must be another embedded queue, and is ${show(queue)}` });
    } else if (queue.fifo !== isFifoName(name)) {
      const message = 'must be of the same type: FIFO for a FIFO queue, standard for a standard queue';
      problems.push({ field: 'redrive.queue', message });
    }
    return problems;
  }

  #take(request: ReceiveRequest): readonly QueueMessage[] {
    const { clock, account, visibilityTimeoutSeconds } = this.#settings;
    const hiddenMs = (request.visibilitySeconds ?? visibilityTimeoutSeconds) * 1000;
    const attemptId = this.fifo ? request.attemptId : undefined;
    const taken = this.#store.take(request.max, clock.monotonic(), Math.floor(clock.wall()), hiddenMs, attemptId);
    return taken.map((message) => toQueueMessage(message, this.#identity, this.fifo, account));
  }

  #forEach(receipts: readonly QueueReceipt[], act: (receipt: QueueReceipt, now: number) => EntryResult): Promise<readonly EntryResult[]> {
    if (receipts.length === 0 || receipts.length > QUEUE_ENTRIES_PER_CALL) {
      return Promise.reject(invalid(`a call takes 1 to ${String(QUEUE_ENTRIES_PER_CALL)} entries, and has ${String(receipts.length)}`));
    }
    const now = this.#settings.clock.monotonic();
    const results = receipts.map((receipt) => act(receipt, now));
    this.#polls.wake();
    return Promise.resolve(results);
  }

  /** Takes over what the redrive policy of `source` moves here. Never refused: a full dead-letter queue must lose nothing. */
  #adopt({ content, receives, firstReceivedAt }: StoredMessage, source: string): void {
    const moved: MessageContent = {
      ...content,
      earlierReceives: content.earlierReceives + receives,
      firstReceivedAt,
      deadLetterSource: source,
    };
    this.#store.add(moved, this.#settings.clock.monotonic(), 0);
    this.#polls.wake();
  }

  #checkRoom(bytes: number, now: number): void {
    const { maximumMessages, maximumBytes, name } = this.#settings;
    if (this.#hasRoom(bytes)) return;
    this.#store.refresh(now);
    if (this.#hasRoom(bytes)) return;
    const held = `it holds ${String(this.#store.size)} messages with ${String(this.#store.bytes)} bytes`;
    const limits = `maximumMessages is ${String(maximumMessages)}, maximumBytes ${String(maximumBytes)}`;
    throw new SourceError('throttled', 'QueueFull', `queue ${name} is full: ${held}; ${limits}. Receive and delete, or raise the limit`);
  }

  #hasRoom(bytes: number): boolean {
    return this.#store.size < this.#settings.maximumMessages && this.#store.bytes + bytes <= this.#settings.maximumBytes;
  }
}

/** Makes an {@link EmbeddedQueue}. */
export function embeddedQueue(options: EmbeddedQueueOptions): EmbeddedQueue {
  return new EmbeddedQueue(options);
}

function checkReceive({ max, waitSeconds, visibilitySeconds }: ReceiveRequest): void {
  checkWhole('max', max, 1, QUEUE_MESSAGES_PER_RECEIVE);
  if (!(waitSeconds >= 0 && waitSeconds <= QUEUE_WAIT_SECONDS_MAX))
    throw invalid(`waitSeconds must be 0 to ${String(QUEUE_WAIT_SECONDS_MAX)}, and is ${show(waitSeconds)}`);
  if (visibilitySeconds !== undefined) checkWhole('visibilitySeconds', visibilitySeconds, 0, QUEUE_VISIBILITY_SECONDS_MAX);
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(`${name} must be a whole number from ${String(least)} to ${String(most)}, and is ${show(value)}`);
}

function invalid(message: string): SourceError {
  return new SourceError('invalid', 'InvalidParameterValue', message);
}
