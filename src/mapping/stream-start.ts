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

/**
 * From when on a mapping that begins at `now` (epoch ms) may miss nothing unsaid. What its start asks for, as far as that is kept
 * then; what came before and is trimmed before the first read is beyond the horizon that was asked for.
 */
export function owedFrom(start: StreamStart, now: number, retentionMs: number): number {
  if (start.kind === 'trim-horizon') return now;
  if (start.kind === 'latest') return start.since;
  return start.timestamp >= now - retentionMs ? start.timestamp : now;
}

/** The same of one shard; `undefined`: it came later, or nobody knows. */
export function owedSince({ start, shards, owedSince: since }: MappingStart, shardId: string): number | undefined {
  if (!shards.includes(shardId)) return undefined;
  return since ?? (start.kind === 'latest' ? start.since : undefined);
}

/** The row as text. */
export function encodeStart(start: MappingStart, incarnation: string): string {
  return JSON.stringify({ v: 1, incarnation, ...start });
}

/** Reads the row. Throws when it is of a newer version: nothing is guessed (R4). */
export function decodeStart(text: string): MappingStart & { readonly incarnation: string } {
  const stored = JSON.parse(text) as MappingStart & { readonly v: number; readonly incarnation: string };
  if (stored.v !== 1) throw new Error(`stored state of version ${String(stored.v)}; this version of Millrace reads 1`);
  const { incarnation, start, shards, owedSince: since } = stored;
  return { start, shards, incarnation, ...(since === undefined ? {} : { owedSince: since }) };
}
