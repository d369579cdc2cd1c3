/** How the cases of the QueueSource suite drive a queue, on a virtual clock or in real time. */
import type { SQSEvent } from 'aws-lambda';
import { expect } from 'vitest';
import {
  type QueueDepth,
  type QueueMessage,
  type QueueSource,
  type ReceiveRequest,
  SourceError,
  type SourceErrorKind,
} from '../../src/index.ts';

/** A message as a case sends it. */
export interface SuiteMessage {
  readonly body: string;
  readonly delaySeconds?: number;
  readonly messageAttributes?: Readonly<Record<string, { dataType: string; stringValue?: string; binaryValue?: Uint8Array }>>;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly traceHeader?: string;
}

/** The queue that a case asks for. */
export interface QueueSetup {
  readonly fifo: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly contentBasedDeduplication: boolean;
  /** With it the queue has a dead-letter queue of its own type. */
  readonly maxReceiveCount: number | undefined;
}

/** A queue of its own for one case, empty at first. */
export interface QueueUnderTest {
  readonly source: QueueSource<SQSEvent>;
  /** A source on the dead-letter queue, when the setup has a maxReceiveCount. */
  readonly deadLetters: QueueSource<SQSEvent> | undefined;
  /** Sends one call after the other, in this order; gives the message ids. */
  send(messages: readonly SuiteMessage[]): Promise<readonly string[]>;
  /** Gives what `promise` gives. A virtual clock is moved on until it settles. */
  run<Value>(promise: Promise<Value>): Promise<Value>;
  /** Lets so much time pass. */
  pause(ms: number): Promise<void>;
  /** Milliseconds on the clock that counts here. */
  now(): number;
  /** Closes the sources and removes the queues. */
  cleanup(): Promise<void>;
}

/** What an adapter can do; steers which cases run. */
export interface QueueFeatures {
  readonly fifo: boolean;
  /** The queue may be absent: calls then throw `not-found`. */
  readonly missingQueue: boolean;
  /** Standard queues: a handle of an earlier receive still deletes the message. */
  readonly olderHandleDeletes: boolean;
  /** FIFO queues: the attempt id of a receive gives the same messages again. */
  readonly attemptId: boolean;
  /** A trace header that a producer attaches comes through. */
  readonly traceHeader: boolean;
  /** Cases that this adapter cannot hold, by their exact name, each with the reason. */
  readonly waivers?: Readonly<Record<string, string>>;
}

/** The features that a case may need. */
export type Feature = Exclude<keyof QueueFeatures, 'waivers' | 'fifo'>;

/** One promise: its name, what it needs, and the proof. */
export interface QueueCase {
  readonly promise: string;
  readonly needs?: Feature;
  readonly setup?: Partial<QueueSetup>;
  readonly prove: (driver: QueueDriver, features: QueueFeatures) => Promise<void>;
}

/** The longest that a case waits for something that must come. */
const PATIENCE_MS = 15_000;
const POLL_SECONDS = 2;

/** One queue and the ways in which cases talk to it. */
export class QueueDriver {
  readonly queue: QueueUnderTest;

  constructor(queue: QueueUnderTest) {
    this.queue = queue;
  }

  get source(): QueueSource<SQSEvent> {
    return this.queue.source;
  }

  send(...messages: readonly SuiteMessage[]): Promise<readonly string[]> {
    return this.queue.send(messages);
  }

  /** One receive, short and of ten unless said otherwise. */
  receive(request: Partial<ReceiveRequest> = {}, source = this.source): Promise<readonly QueueMessage[]> {
    return this.queue.run(this.open(request, source));
  }

  /** Starts a receive without waiting for it. */
  open(request: Partial<ReceiveRequest> = {}, source = this.source): Promise<readonly QueueMessage[]> {
    const { signal } = new AbortController();
    return source.receive({ max: 10, waitSeconds: 0, visibilitySeconds: undefined, attemptId: undefined, signal, ...request });
  }

  /** Receives until `count` messages have come. */
  async collect(count: number, request: Partial<ReceiveRequest> = {}, source = this.source): Promise<QueueMessage[]> {
    const collected: QueueMessage[] = [];
    const deadline = this.queue.now() + PATIENCE_MS;
    while (collected.length < count && this.queue.now() < deadline) {
      collected.push(...(await this.receive({ waitSeconds: POLL_SECONDS, ...request }, source)));
    }
    expect(collected.length, `messages received within ${String(PATIENCE_MS)} ms`).toBe(count);
    return collected;
  }

  /** Receives exactly one. */
  async one(request: Partial<ReceiveRequest> = {}): Promise<QueueMessage> {
    const [message] = await this.collect(1, { max: 1, ...request });
    if (message === undefined) throw new Error('no message came');
    return message;
  }

  /** Asks for the depth until `isReached` likes it. */
  async depth(isReached: (depth: QueueDepth) => boolean): Promise<QueueDepth> {
    const deadline = this.queue.now() + PATIENCE_MS;
    let depth = await this.queue.run(this.source.depth());
    while (!isReached(depth) && this.queue.now() < deadline) {
      await this.queue.pause(100);
      depth = await this.queue.run(this.source.depth());
    }
    return depth;
  }

  /** Waits until what was received has become visible again by itself. */
  async untilVisible(count: number): Promise<void> {
    const { visible } = await this.depth((depth) => depth.visible === count);
    expect(visible, 'visible messages').toBe(count);
  }

  /** Deletes and expects that each was deleted. */
  async delete(...messages: readonly QueueMessage[]): Promise<void> {
    const results = await this.queue.run(this.source.delete(messages));
    expect(results).toEqual(messages.map(() => ({ ok: true })));
  }

  /** Changes the visibility of each and expects that it was done. */
  async changeVisibility(seconds: number, ...messages: readonly QueueMessage[]): Promise<void> {
    const results = await this.queue.run(this.source.changeVisibility(messages, seconds));
    expect(results).toEqual(messages.map(() => ({ ok: true })));
  }
}

/** Expects a SourceError of one of these kinds. */
export async function expectSourceError(promise: Promise<unknown>, ...kinds: readonly SourceErrorKind[]): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceError);
  expect(kinds).toContain(error instanceof SourceError ? error.kind : undefined);
}

export function bodies(messages: readonly QueueMessage[]): string[] {
  return messages.map((message) => message.body);
}

export function ids(messages: readonly QueueMessage[]): string[] {
  return messages.map((message) => message.messageId);
}
