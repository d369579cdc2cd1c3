import { createHash } from 'node:crypto';
import { type QueueMessageAttribute, SourceError } from '../../../src/index.ts';
import { setOwn } from '../../shared/sqs-event.ts';
import { md5OfBody, md5OfMessageAttributes } from '../../shared/sqs-md5.ts';
import type { MessageContent } from './stored-message.ts';

/** A message attribute as a producer gives it: exactly one of the two values. */
export interface MessageAttributeInput {
  /** `String`, `Number` or `Binary`, with an optional label behind a dot. */
  readonly dataType: string;
  readonly stringValue?: string | undefined;
  /** Bytes, or base64. */
  readonly binaryValue?: Uint8Array | string | undefined;
}

/** A message as a producer gives it. */
export interface SendInput {
  /** Text, at least one character. */
  readonly body: string;
  /** 0..900, standard queues only; the queue's own delay unless given. */
  readonly delaySeconds?: number | undefined;
  readonly messageAttributes?: Readonly<Record<string, MessageAttributeInput>> | undefined;
  /** Needed on FIFO queues. On a standard queue it is only carried along. */
  readonly messageGroupId?: string | undefined;
  /** FIFO queues only; needed there unless the queue deduplicates by content. */
  readonly messageDeduplicationId?: string | undefined;
  /** Becomes the system attribute AWSTraceHeader. */
  readonly traceHeader?: string | undefined;
}

/** What a producer gets. */
export interface SentMessage {
  readonly messageId: string;
  /** FIFO queues only: grows with every message of the queue. */
  readonly sequenceNumber: string | undefined;
}

/** What the queue expects of a message. */
export interface SendRules {
  readonly fifo: boolean;
  readonly contentBasedDeduplication: boolean;
  readonly maximumMessageBytes: number;
}

/** A checked message, without what the queue adds when it takes it in. */
export type CheckedMessage = Omit<MessageContent, 'messageId' | 'sentAt' | 'earlierReceives' | 'firstReceivedAt' | 'deadLetterSource'>;

const FIELDS: Readonly<Record<keyof SendInput, 'string' | 'number' | 'object'>> = {
  body: 'string',
  delaySeconds: 'number',
  messageAttributes: 'object',
  messageGroupId: 'string',
  messageDeduplicationId: 'string',
  traceHeader: 'string',
};
const NO_ATTRIBUTES: Readonly<Record<string, QueueMessageAttribute>> = Object.freeze({});
const DELAY_SECONDS_MAX = 900;
const ATTRIBUTES_MAX = 10;
const ATTRIBUTE_NAME = /^(?!aws\.|amazon\.)(?!.*\.\.)(?!\.)[\w.-]{1,256}(?<!\.)$/iu;
const DATA_TYPE = /^(String|Number|Binary)(\..{1,247})?$/u;
const ID = /^[\x21-\x7e]{1,128}$/u;

/** Checks a message the way SQS does and digests it. Throws a SourceError of kind `invalid` that names the field and the fix. */
export function checkMessage(input: SendInput, rules: SendRules): CheckedMessage {
  checkFields(input);
  if (input.body === '') refuse('MissingParameter', 'body must hold at least one character');
  checkIds(input, rules);
  const messageAttributes = input.messageAttributes === undefined ? NO_ATTRIBUTES : checkAttributes(input.messageAttributes);
  const bytes = Buffer.byteLength(input.body) + attributeBytes(messageAttributes);
  if (bytes > rules.maximumMessageBytes) {
    refuse(
      'InvalidParameterValue',
      `the message takes ${String(bytes)} bytes and the queue allows ${String(rules.maximumMessageBytes)}; raise maximumMessageBytes or send less`,
    );
  }
  return {
    body: input.body,
    md5OfBody: md5OfBody(input.body),
    messageAttributes,
    md5OfMessageAttributes: md5OfMessageAttributes(messageAttributes),
    groupId: input.messageGroupId,
    deduplicationId: rules.fifo ? (input.messageDeduplicationId ?? sha256(input.body)) : undefined,
    traceHeader: input.traceHeader,
    bytes,
  };
}

function checkFields(given: unknown): void {
  if (typeof given !== 'object' || given === null) return refuse('InvalidParameterValue', 'a message must be an object with a body');
  if (!('body' in given)) return refuse('MissingParameter', 'body is missing; it must be text');
  for (const [name, value] of Object.entries(given)) {
    const type = Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof SendInput] : undefined;
    if (type === undefined)
      return refuse('InvalidParameterValue', `${name} is no field of a message; there are ${Object.keys(FIELDS).join(', ')}`);
    if (value === undefined && name !== 'body') continue;
    if (typeof value !== type || value === null)
      refuse('InvalidParameterValue', `${name} must be of type ${type} and is ${value === null ? 'null' : typeof value}`);
  }
}

function checkIds(input: SendInput, rules: SendRules): void {
  const { delaySeconds: delay, messageGroupId: group, messageDeduplicationId: deduplication } = input;
  for (const [name, id] of Object.entries({ messageGroupId: group, messageDeduplicationId: deduplication })) {
    if (id !== undefined && !ID.test(id))
      refuse('InvalidParameterValue', `${name} must be 1 to 128 printable ASCII characters without spaces`);
  }
  if (delay !== undefined && !(Number.isInteger(delay) && delay >= 0 && delay <= DELAY_SECONDS_MAX)) {
    refuse('InvalidParameterValue', `delaySeconds must be a whole number from 0 to ${String(DELAY_SECONDS_MAX)} and is ${String(delay)}`);
  }
  if (!rules.fifo) {
    if (deduplication !== undefined)
      refuse('InvalidParameterValue', 'messageDeduplicationId belongs to FIFO queues; this is a standard queue');
    return;
  }
  if (delay !== undefined && delay > 0)
    refuse('InvalidParameterValue', 'a FIFO queue has one delay for all messages; set delaySeconds on the queue');
  if (group === undefined) refuse('MissingParameter', 'a FIFO queue needs messageGroupId with every message');
  if (deduplication === undefined && !rules.contentBasedDeduplication) {
    refuse(
      'InvalidParameterValue',
      'a FIFO queue needs messageDeduplicationId with every message, or contentBasedDeduplication: true on the queue',
    );
  }
}

function checkAttributes(given: Readonly<Record<string, MessageAttributeInput>>): Record<string, QueueMessageAttribute> {
  const checked: Record<string, QueueMessageAttribute> = {};
  const entries = Object.entries(given);
  if (entries.length > ATTRIBUTES_MAX) refuse('InvalidParameterValue', `a message may have ${String(ATTRIBUTES_MAX)} attributes`);
  for (const [name, attribute] of entries) setOwn(checked, name, checkAttribute(name, attribute));
  return checked;
}

function checkAttribute(name: string, attribute: MessageAttributeInput): QueueMessageAttribute {
  const field = `messageAttributes.${name}`;
  const given: unknown = attribute;
  if (typeof given !== 'object' || given === null)
    refuse('InvalidParameterValue', `${field} must be an object with a dataType and a value`);
  const { dataType, stringValue, binaryValue } = attribute;
  if (!ATTRIBUTE_NAME.test(name)) {
    refuse('InvalidParameterValue', `${field}: a name has 1 to 256 of A-Z a-z 0-9 _ - . and begins neither with AWS. nor Amazon.`);
  }
  const [, type] = DATA_TYPE.exec(dataType) ?? [];
  if (type === undefined) refuse('InvalidParameterValue', `${field}.dataType must be String, Number or Binary, with an optional .label`);
  if (type === 'Binary') {
    const binary = typeof binaryValue === 'string' ? Buffer.from(binaryValue, 'base64') : Buffer.from(binaryValue ?? []);
    if (binary.length === 0 || stringValue !== undefined)
      refuse('InvalidParameterValue', `${field} needs a binaryValue that is not empty, and nothing else`);
    return { binaryValue: binary.toString('base64'), dataType };
  }
  if (typeof stringValue !== 'string' || stringValue === '' || binaryValue !== undefined) {
    refuse('InvalidParameterValue', `${field} needs a stringValue that is not empty, and nothing else`);
  }
  if (type === 'Number' && (stringValue.trim() !== stringValue || !Number.isFinite(Number(stringValue)))) {
    refuse('InvalidParameterValue', `${field}.stringValue must be a number`);
  }
  return { stringValue, dataType };
}

function attributeBytes(attributes: Readonly<Record<string, QueueMessageAttribute>>): number {
  let bytes = 0;
  for (const [name, { dataType, stringValue, binaryValue }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(dataType);
    bytes += stringValue === undefined ? Buffer.byteLength(binaryValue ?? '', 'base64') : Buffer.byteLength(stringValue);
  }
  return bytes;
}

function sha256(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

function refuse(code: string, message: string): never {
  throw new SourceError('invalid', code, message);
}
