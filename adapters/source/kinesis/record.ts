/** From the SDK's record to the engine's. */
import type { _Record as SdkRecord } from '@aws-sdk/client-kinesis';
import { SourceError, sequenceNumber } from '../../../src/index.ts';
import { type KinesisRecord, kinesisRecord } from '../../shared/kinesis-event.ts';

const DECIMAL = /^\d{1,128}$/;

/** `fixed`: the bytes that every record of the shard takes beside its texts; `readAt`: wall clock, for a record without an arrival. */
export function toRecord(record: SdkRecord, fixed: number, readAt: number): KinesisRecord {
  const { SequenceNumber, PartitionKey = '', Data, ApproximateArrivalTimestamp } = record;
  if (SequenceNumber === undefined || !DECIMAL.test(SequenceNumber) || Data === undefined) {
    throw new SourceError('unavailable', 'UnreadableAnswer', 'GetRecords: a record lacks its sequence number or its data');
  }
  return kinesisRecord(
    {
      sequenceNumber: sequenceNumber(SequenceNumber),
      partitionKey: PartitionKey,
      // The SDK has decoded the base64 of the answer, and leaves no way to the text.
      data: Buffer.from(Data.buffer, Data.byteOffset, Data.byteLength).toString('base64'),
      arrivedAt: ApproximateArrivalTimestamp?.getTime() ?? readAt,
    },
    fixed,
  );
}

/** The bytes of a record as Kinesis counts them against a shard's limits. */
export function payloadBytes(records: readonly SdkRecord[]): number {
  let bytes = 0;
  for (const { Data, PartitionKey } of records) bytes += (Data?.byteLength ?? 0) + (PartitionKey?.length ?? 0);
  return bytes;
}
