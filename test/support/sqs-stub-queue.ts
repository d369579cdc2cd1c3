/** The few things of a queue that the stub of SQS needs: visibility, receive counts, handles, message groups. */
import { createHash, randomUUID } from 'node:crypto';

/** A message attribute as SQS sends it. */
export type StubAttribute = { DataType: string; StringValue: string } | { DataType: string; BinaryValue: string };

export interface StubMessage {
  readonly id: string;
  readonly body: string;
  readonly groupId: string | undefined;
  readonly attributes: Record<string, StubAttribute>;
  readonly systemAttributes: Record<string, string>;
  receiveCount: number;
  handle: string;
  visibleAt: number;
}

export interface StubQueueOptions {
  readonly visibilityTimeoutSeconds?: number;
  readonly redrivePolicy?: string;
}

export interface StubSend {
  readonly groupId?: string;
  readonly attributes?: Record<string, StubAttribute>;
  readonly systemAttributes?: Record<string, string>;
}

/** One queue in memory, on the wall clock. */
export class StubQueue {
  readonly name: string;
  readonly messages: StubMessage[] = [];
  readonly createdAt = Math.floor(Date.now() / 1000);
  readonly options: StubQueueOptions;

  constructor(name: string, options: StubQueueOptions) {
    this.name = name;
    this.options = options;
  }

  get visibilityTimeoutSeconds(): number {
    return this.options.visibilityTimeoutSeconds ?? 30;
  }

  get hidden(): number {
    const now = Date.now();
    return this.messages.filter((message) => message.visibleAt > now).length;
  }

  send(body: string, { groupId, attributes = {}, systemAttributes = {} }: StubSend): string {
    const id = randomUUID();
    this.messages.push({ id, body, groupId, attributes, systemAttributes, receiveCount: 0, handle: '', visibleAt: 0 });
    return id;
  }

  receive(max: number, visibilitySeconds: number): StubMessage[] {
    const now = Date.now();
    const locked = new Set(this.messages.filter((message) => message.visibleAt > now).map((message) => message.groupId));
    const free = this.messages.filter(
      (message) => message.visibleAt <= now && (message.groupId === undefined || !locked.has(message.groupId)),
    );
    const taken = free.slice(0, max);
    for (const message of taken) {
      message.receiveCount += 1;
      message.handle = `${message.id}#${String(message.receiveCount)}`;
      message.visibleAt = now + visibilitySeconds * 1000;
    }
    return taken;
  }

  /** False: no message has this handle. */
  delete(handle: string): boolean {
    const index = this.messages.findIndex((message) => message.handle === handle);
    if (index < 0) return false;
    this.messages.splice(index, 1);
    return true;
  }

  changeVisibility(handle: string, seconds: number): boolean {
    const message = this.messages.find((candidate) => candidate.handle === handle);
    if (message === undefined) return false;
    message.visibleAt = Date.now() + seconds * 1000;
    return true;
  }
}

/** A message as ReceiveMessage answers it. */
export function toAnswer(message: StubMessage): Record<string, unknown> {
  const hasAttributes = Object.keys(message.attributes).length > 0;
  return {
    MessageId: message.id,
    ReceiptHandle: message.handle,
    Body: message.body,
    MD5OfBody: createHash('md5').update(message.body).digest('hex'),
    Attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: '1700000000000',
      SenderId: 'AIDAEXAMPLE',
      ApproximateFirstReceiveTimestamp: '1700000000001',
      ...(message.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
      ...message.systemAttributes,
    },
    ...(hasAttributes ? { MessageAttributes: message.attributes, MD5OfMessageAttributes: '00000000000000000000000000000000' } : {}),
  };
}
