import type { KinesisRecord } from '../../../../adapters/source/embedded-stream/index.ts';
import type { ReadRequest, StreamPosition, StreamStep } from '../../../../src/index.ts';

export const SHARD = 'shardId-000000000000';
export const TRIM_HORIZON: StreamPosition = { kind: 'start', start: { kind: 'trim-horizon' } };

export type Page = Extract<StreamStep<KinesisRecord>, { kind: 'page' }>;

/** A read from the beginning, of up to 1,000 records a page, that nobody aborts, unless told otherwise. */
export function request(given: Partial<ReadRequest> = {}): ReadRequest {
  return { shardId: SHARD, position: TRIM_HORIZON, maxRecords: 1000, signal: new AbortController().signal, ...given };
}

export function texts(records: readonly KinesisRecord[]): string[] {
  return records.map(({ data }) => Buffer.from(data, 'base64').toString());
}

/** The next page of a read. Throws when it has ended. */
export async function page(read: AsyncIterator<StreamStep<KinesisRecord>>): Promise<Page> {
  const result = await read.next();
  if (result.done === true || result.value.kind !== 'page') throw new Error('a page was expected');
  return result.value;
}
