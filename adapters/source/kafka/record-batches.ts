/**
 * How far the answer to a Fetch reaches, read from the heads of its record batches. kafkajs gives the records only, so a batch that
 * compaction has emptied, or one of an aborted transaction, leaves no trace in what it decodes, and nothing to go on from. Pure.
 */

/** Fetch answers of these versions are understood: all that brokers since 0.11 speak with kafkajs. */
const VERSIONS = { least: 4, most: 11 } as const;
/** The part of a batch's head up to its last offset. */
const HEAD_BYTES = 27;
const LENGTH_AT = 8;
const FRAME_BYTES = 12;
const MAGIC_AT = 16;
/** Of record batches; what came before them are message sets. */
const BATCH_MAGIC = 2;
const LAST_DELTA_AT = 23;

/** By topic and partition, in the answer's order: the last offset that its whole batches cover; `undefined` where there is none. */
export function wholeBatchesEnd(payload: Buffer, version: number): (string | undefined)[][] {
  if (version < VERSIONS.least || version > VERSIONS.most) return [];
  const reader = new Reader(payload);
  reader.skip(version >= 7 ? 10 : 4);
  return reader.list(() => {
    reader.skip(reader.int16());
    return reader.list(() => partitionEnd(reader, version));
  });
}

function partitionEnd(reader: Reader, version: number): string | undefined {
  // Partition, error, high watermark, last stable offset, and since version 5 the log's start.
  reader.skip(version >= 5 ? 30 : 22);
  reader.skip(16 * Math.max(0, reader.int32()));
  if (version >= 11) reader.skip(4);
  return batchesEnd(reader.bytes(Math.max(0, reader.int32())));
}

/** The last offset of the last batch that is there as a whole, and that kafkajs decodes: it stops where the format changes. */
export function batchesEnd(records: Buffer): string | undefined {
  let end: bigint | undefined;
  let at = 0;
  while (records.length - at >= HEAD_BYTES) {
    const next = at + FRAME_BYTES + records.readInt32BE(at + LENGTH_AT);
    const isBatch = records.readInt8(at + MAGIC_AT) >= BATCH_MAGIC;
    if (next > records.length || next <= at || isBatch !== records.readInt8(MAGIC_AT) >= BATCH_MAGIC) break;
    const base = records.readBigInt64BE(at);
    end = isBatch ? base + BigInt(records.readInt32BE(at + LAST_DELTA_AT)) : base;
    at = next;
  }
  return end === undefined ? undefined : String(end);
}

class Reader {
  readonly #from: Buffer;
  #at = 0;

  constructor(from: Buffer) {
    this.#from = from;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#from.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#from.readInt32BE(this.#at - 4);
  }

  bytes(count: number): Buffer {
    this.#at += count;
    return this.#from.subarray(this.#at - count, this.#at);
  }

  list<Item>(read: () => Item): Item[] {
    const length = Math.max(0, this.int32());
    return Array.from({ length }, read);
  }
}
