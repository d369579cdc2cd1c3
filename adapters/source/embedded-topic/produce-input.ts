import { kindOf } from '../../../src/index.ts';
import type { KafkaHeader } from '../../shared/kafka-event.ts';
import { invalid } from './errors.ts';

/** A record as a producer gives it. */
export interface ProduceInput {
  /** Records of one key keep their order: the key chooses the partition as Kafka's own producer does. Without one, partitions take turns. */
  readonly key?: string | Uint8Array | null | undefined;
  /** Text goes in as UTF-8; `null` is a tombstone. */
  readonly value: string | Uint8Array | null;
  /** In their order; a name may come twice. */
  readonly headers?: readonly { readonly name: string; readonly value: string | Uint8Array }[] | undefined;
  /** Chooses the partition instead of the key. */
  readonly partition?: number | undefined;
  /** Epoch ms, default now; not looked at with LOG_APPEND_TIME. */
  readonly timestamp?: number | undefined;
}

/** What a producer gets. */
export interface ProduceResult {
  readonly partition: number;
  readonly offset: string;
}

/** A checked record. */
export interface CheckedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly KafkaHeader[];
  readonly partition: number | undefined;
  readonly timestamp: number | undefined;
  /** What it takes of the topic's bounds. */
  readonly bytes: number;
}

const FIELDS: ReadonlySet<string> = new Set(['key', 'value', 'headers', 'partition', 'timestamp'] satisfies (keyof ProduceInput)[]);

/** Checks a record and encodes it, once. Throws a SourceError of kind `invalid` that names field and rule. */
export function checkRecord(input: ProduceInput, maximumRecordBytes: number): CheckedRecord {
  const given: unknown = input;
  if (typeof given !== 'object' || given === null) throw invalid(`a record must be an object, but is ${kindOf(given)}`);
  for (const name in input) {
    if (!FIELDS.has(name)) throw invalid(`${name} is no field of a record; there are ${[...FIELDS].join(', ')}`);
  }
  const key = toBytes('key', input.key ?? null);
  const value = toBytes('value', input.value);
  const headers = (input.headers ?? []).map((header) => checkHeader(header));
  const timestamp = checkWhole('timestamp', input.timestamp);
  const partition = checkWhole('partition', input.partition);
  const bytes = bytesOf({ key, value, headers });
  if (bytes > maximumRecordBytes) {
    const limit = `the topic allows ${String(maximumRecordBytes)}; raise maximumRecordBytes or send less`;
    throw invalid(`the record takes ${String(bytes)} bytes and ${limit}`);
  }
  return { key, value, headers, partition, timestamp, bytes };
}

/** What a record takes of the topic's bounds. */
export function bytesOf({ key, value, headers }: Pick<CheckedRecord, 'key' | 'value' | 'headers'>): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += header.name.length + header.value.length;
  return bytes;
}

function checkHeader(header: unknown): KafkaHeader {
  if (typeof header !== 'object' || header === null) throw invalid(`a header must be an object { name, value }, but is ${kindOf(header)}`);
  const { name, value } = header as { readonly name?: unknown; readonly value?: unknown };
  if (typeof name !== 'string') throw invalid(`the name of a header must be a text, but is ${kindOf(name)}`);
  return { name, value: toBytes(`the header ${name}`, value) ?? Buffer.alloc(0) };
}

function checkWhole(field: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`${field} must be a whole number, at least 0, but is ${kindOf(value)}`);
}

function toBytes(field: string, data: unknown): Buffer | null {
  if (data === null) return null;
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array) return Buffer.from(data);
  throw invalid(`${field} must be a text, a Uint8Array or null, but is ${kindOf(data)}`);
}
