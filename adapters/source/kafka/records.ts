/** From kafkajs's records to the engine's: what nobody shall see is left out. Pure. */
import { compareSequence, type SequenceNumber, sequenceNumber } from '../../../src/index.ts';
import { type KafkaHeader, type KafkaRecord, kafkaRecord } from '../../shared/kafka-event.ts';
import type { WireMessage, WirePartition } from './wire.ts';

/** The type of the marker that ends an aborted transaction: version 0, type 0. */
const ABORT_MARKER = Buffer.from([0, 0, 0, 0]);
const LOG_APPEND_TIME = 1;

/** The records of an answer that are wanted: not below `from`, no control records, none of an aborted transaction. */
export function toRecords(topic: string, answer: WirePartition, from: SequenceNumber): KafkaRecord[] {
  const { partition, messages, abortedTransactions } = answer;
  const visible = (abortedTransactions?.length ?? 0) > 0 ? withoutAborted(messages, abortedTransactions ?? []) : messages;
  const records: KafkaRecord[] = [];
  for (const message of visible) {
    if (message.isControlRecord === true) continue;
    const offset = sequenceNumber(message.offset);
    // A batch is given whole, also when the read begins in its middle.
    if (compareSequence(offset, from) < 0) continue;
    records.push(toRecord(topic, partition, offset, message));
  }
  return records;
}

function toRecord(topic: string, partition: number, offset: SequenceNumber, message: WireMessage): KafkaRecord {
  return kafkaRecord({
    topic,
    partition,
    sequenceNumber: offset,
    arrivedAt: Number(message.timestamp),
    timestampType: message.batchContext?.timestampType === LOG_APPEND_TIME ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    key: message.key,
    value: message.value,
    headers: toHeaders(message.headers),
  });
}

const NO_HEADERS: readonly KafkaHeader[] = [];

/** kafkajs gathers headers of one name under it, in their order. */
function toHeaders(headers: WireMessage['headers']): readonly KafkaHeader[] {
  if (headers === undefined) return NO_HEADERS;
  const names = Object.keys(headers);
  if (names.length === 0) return NO_HEADERS;
  return names.flatMap((name) => {
    const value = headers[name] ?? null;
    const values = value === null || typeof value === 'string' || Buffer.isBuffer(value) ? [value] : value;
    return values.map((one) => ({ name, value: Buffer.isBuffer(one) ? one : Buffer.from(one ?? '') }));
  });
}

type Aborted = NonNullable<WirePartition['abortedTransactions']>;

/** A producer's records count as aborted from the first offset of its aborted transaction up to the marker that ends it. */
function withoutAborted(messages: readonly WireMessage[], aborted: Aborted): WireMessage[] {
  const coming = [...aborted].sort((a, b) => Number(BigInt(a.firstOffset) - BigInt(b.firstOffset)));
  const open = new Set<string>();
  let next = coming.shift();
  return messages.filter(({ offset, key, isControlRecord, batchContext }) => {
    while (next !== undefined && BigInt(offset) >= BigInt(next.firstOffset)) {
      open.add(next.producerId);
      next = coming.shift();
    }
    if (batchContext === undefined || open.size === 0) return true;
    if (isControlRecord === true) {
      if (key?.equals(ABORT_MARKER) === true) open.delete(batchContext.producerId);
      return true;
    }
    return !(batchContext.inTransaction && open.has(batchContext.producerId));
  });
}
