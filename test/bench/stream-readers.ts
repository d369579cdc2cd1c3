/** What the contestants of the suites on real streams have in common. */

/** Where a stream is. */
export interface StreamPlace {
  readonly endpoint: string;
  /** The stream's name or ARN, whichever its emulator knows. */
  readonly stream: string;
  /** How many records make an event. */
  readonly batchSize: number;
  /** A DynamoDB, for a peer that keeps its state there. */
  readonly stateEndpoint: string;
  /** Where peers are installed that are no dependencies. */
  readonly peers: string;
}

/** What a contestant tells the measuring process. */
export interface Desk {
  /** Reading begins now. */
  begin(): void;
  /** The work on a batch: none. */
  handle(records: number, shardId: string): Promise<void>;
}

/** Reads a stream from its oldest record on; gives what ends it, which is called once all has been handled. */
export type StreamReader = (place: StreamPlace, desk: Desk) => Promise<() => Promise<void>>;

/** Any key will do. */
export const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
export const REGION = 'us-east-1';

/** Cuts a page into batches, one after another. */
export async function inBatches<Item>(
  items: readonly Item[],
  batchSize: number,
  handle: (batch: readonly Item[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < items.length; from += batchSize) await handle(items.slice(from, from + batchSize));
}
