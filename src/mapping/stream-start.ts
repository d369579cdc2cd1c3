import type { StreamMappingOptions, StreamStart } from '../contract/index.ts';
import type { MappingStart } from '../intake/index.ts';

/** The row that remembers how the mapping began. */
export const START_ROW = '@start';

/** Where a mapping that was created at `createdAt` (epoch ms) begins; LATEST means that instant. */
export function startOf(options: StreamMappingOptions, createdAt: number): StreamStart {
  switch (options.startingPosition) {
    case 'TRIM_HORIZON':
      return { kind: 'trim-horizon' };
    case 'LATEST':
      return { kind: 'latest', since: createdAt };
    case 'AT_TIMESTAMP':
      return { kind: 'at-timestamp', timestamp: (options.startingPositionTimestamp ?? 0) * 1000 };
  }
}

/** The row as text. */
export function encodeStart(start: MappingStart, incarnation: string): string {
  return JSON.stringify({ v: 1, incarnation, ...start });
}

/** Reads the row. Throws when it is of a newer version: nothing is guessed (R4). */
export function decodeStart(text: string): MappingStart & { readonly incarnation: string } {
  const stored = JSON.parse(text) as MappingStart & { readonly v: number; readonly incarnation: string };
  if (stored.v !== 1) throw new Error(`stored state of version ${String(stored.v)}; this version of Millrace reads 1`);
  return { start: stored.start, shards: stored.shards, incarnation: stored.incarnation };
}
