import { kindOf } from '../../../src/index.ts';
import { invalid } from './errors.ts';
import { type HashKey, parseHashKey, toHashKey } from './hash-keys.ts';

/** A record as a producer gives it. */
export interface PutInput {
  /** 1..256 characters: records of one key keep their order. */
  readonly partitionKey: string;
  /** Text goes in as UTF-8. */
  readonly data: string | Uint8Array;
  /** Decimal, 0 to 2^128 - 1: chooses the shard instead of the partition key's MD5. */
  readonly explicitHashKey?: string | undefined;
}

/** What a producer gets. */
export interface PutResult {
  readonly shardId: string;
  readonly sequenceNumber: string;
}

/** A checked record. */
export interface CheckedPut {
  readonly partitionKey: string;
  /** Base64. */
  readonly data: string;
  readonly explicitHashKey: HashKey | undefined;
}

const FIELDS: ReadonlySet<string> = new Set(['partitionKey', 'data', 'explicitHashKey'] satisfies (keyof PutInput)[]);
const PARTITION_KEY_MAX = 256;

/** Checks a record the way Kinesis does and encodes its data, once. Throws a SourceError of kind `invalid` that names field and rule. */
export function checkPut(input: PutInput, maximumRecordBytes: number): CheckedPut {
  const given: unknown = input;
  if (typeof given !== 'object' || given === null) throw invalid(`a record must be an object, but is ${kindOf(given)}`);
  for (const name in input) {
    if (!FIELDS.has(name)) throw invalid(`${name} is no field of a record; there are ${[...FIELDS].join(', ')}`);
  }
  const { partitionKey, data, explicitHashKey } = input;
  const key: unknown = partitionKey;
  if (typeof key !== 'string' || key.length === 0 || key.length > PARTITION_KEY_MAX) {
    throw invalid(`partitionKey must be a text of 1 to ${String(PARTITION_KEY_MAX)} characters, but is ${kindOf(key)}`);
  }
  const bytes = toBuffer(data);
  const size = bytes.length + Buffer.byteLength(partitionKey);
  if (size > maximumRecordBytes) {
    const limit = `the stream allows ${String(maximumRecordBytes)}; raise maximumRecordBytes or send less`;
    throw invalid(`the record takes ${String(size)} bytes and ${limit}`);
  }
  return { partitionKey, data: bytes.toString('base64'), explicitHashKey: checkHashKey(explicitHashKey) };
}

function toBuffer(data: unknown): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw invalid(`data must be a text or a Uint8Array, but is ${kindOf(data)}`);
}

function checkHashKey(key: unknown): HashKey | undefined {
  if (key === undefined) return undefined;
  const number = typeof key === 'string' ? parseHashKey(key) : undefined;
  if (number === undefined) throw invalid(`explicitHashKey must be a decimal text from 0 to 2^128 - 1, but is ${kindOf(key)}`);
  return toHashKey(number);
}
