import type { Offered } from './record.ts';

/** A shard's row as it is stored: read here by its documented form, not by the engine's code. */
export interface ReadRow {
  readonly incarnation: string;
  readonly position: { readonly at: 'start' | 'after' | 'end'; readonly number?: string };
  readonly lanes: readonly (string | null)[];
  readonly retry?: readonly { readonly from: string; readonly to: string; readonly running?: true | 'alone' }[];
  readonly older?: readonly { readonly lanes: readonly (string | null)[] }[];
  readonly window?: { readonly open?: { readonly start: number; readonly state: string }; readonly notBefore?: number };
}

export function readRow(data: string): ReadRow {
  return JSON.parse(data) as ReadRow;
}

/** The lane of a key: FNV-1a, stated anew here. */
function laneOf(key: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'latin1')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % lanes;
}

/** The lane of a record: that of its key, or of its number when it has no key. */
export function laneOfRecord({ key, isKeyless, sequenceNumber }: Offered, lanes: number): number {
  return isKeyless === true ? Number(BigInt(sequenceNumber) % BigInt(lanes)) : laneOf(key, lanes);
}

/** Whether a row says that a record of its shard is done. */
export function covers(row: ReadRow, record: Offered): boolean {
  const number = BigInt(record.sequenceNumber);
  if (row.incarnation !== record.incarnation) return false;
  if (row.position.at === 'end') return true;
  if (row.position.number !== undefined && number <= BigInt(row.position.number)) return true;
  return [row.lanes, ...(row.older ?? []).map(({ lanes }) => lanes)].some((lanes) => {
    const mark = lanes[laneOfRecord(record, lanes.length)] ?? null;
    return mark !== null && number <= BigInt(mark);
  });
}
