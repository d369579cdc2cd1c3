/** A queue source for tests of single rooms: every call is answered as the test says, and written down. */
import type { EntryResult, QueueDescription, QueueMessage, QueueReceipt, QueueSource, ReceiveRequest } from '../../src/index.ts';

/** One delete or visibility call. */
export interface EntryCall {
  readonly action: 'delete' | 'changeVisibility';
  readonly ids: readonly string[];
  readonly handles: readonly string[];
  /** Of a visibility call. */
  readonly seconds: number | undefined;
}

/** The description of a queue with a visibility timeout of 30 s. */
export const DESCRIPTION: QueueDescription = {
  arn: 'arn:aws:sqs:us-east-1:000000000000:orders',
  fifo: false,
  visibilityTimeoutSeconds: 30,
  redrive: undefined,
  createdAt: 0,
};

/** Answers what it is told to; by default there are no messages and every call succeeds. */
export class DoubtfulSource implements QueueSource {
  readonly kind = 'queue';
  readonly label = 'orders';
  readonly fifo: boolean;
  readonly receives: ReceiveRequest[] = [];
  readonly calls: EntryCall[] = [];
  looks = 0;
  onDescribe: () => Promise<QueueDescription> = () => Promise.resolve(DESCRIPTION);
  onReceive: (request: ReceiveRequest) => Promise<readonly QueueMessage[]> = () => Promise.resolve([]);
  onEntries: (call: EntryCall) => Promise<readonly EntryResult[]> = ({ ids }) => Promise.resolve(ids.map(() => ({ ok: true })));

  constructor(fifo = false) {
    this.fifo = fifo;
  }

  /** The calls of one kind. */
  of(action: EntryCall['action']): EntryCall[] {
    return this.calls.filter((call) => call.action === action);
  }

  describe(): Promise<QueueDescription> {
    this.looks += 1;
    return this.onDescribe();
  }

  receive(request: ReceiveRequest): Promise<readonly QueueMessage[]> {
    this.receives.push(request);
    return this.onReceive(request);
  }

  delete(receipts: readonly QueueReceipt[]): Promise<readonly EntryResult[]> {
    return this.#entries('delete', receipts, undefined);
  }

  changeVisibility(receipts: readonly QueueReceipt[], seconds: number): Promise<readonly EntryResult[]> {
    return this.#entries('changeVisibility', receipts, seconds);
  }

  depth(): Promise<{ visible: number; notVisible: number; delayed: number }> {
    return Promise.resolve({ visible: 0, notVisible: 0, delayed: 0 });
  }

  toEvent(messages: readonly QueueMessage[]): unknown {
    return { Records: messages.map(({ messageId }) => messageId) };
  }

  eventBytes(message: QueueMessage): number {
    return message.sizeBound;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #entries(action: EntryCall['action'], receipts: readonly QueueReceipt[], seconds: number | undefined): Promise<readonly EntryResult[]> {
    const call = {
      action,
      ids: receipts.map(({ messageId }) => messageId),
      handles: receipts.map(({ receiptHandle }) => receiptHandle),
      seconds,
    };
    this.calls.push(call);
    return this.onEntries(call);
  }
}
