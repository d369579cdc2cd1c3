import type { ReadRow } from '../streams/row.ts';
import { INCARNATION } from './topic.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const MARK = 'MR1.';
const RAN = [undefined, 'alone', true] as const;
const ERROR_KINDS = 3;

/** What a group has committed, as the row that it is, and how the mapping began. */
export interface CommittedRow extends ReadRow {
  /** When the mapping was created, epoch ms; `undefined`: not told. */
  readonly since: number | undefined;
}

/** Reads a commit by its documented form, not by the engine's code: varints of five bits a character, offsets as distances. */
export function readCommitted({ offset, metadata }: { readonly offset: string; readonly metadata: string }): CommittedRow {
  const base = BigInt(offset);
  const position = base === 0n ? { at: 'start' as const } : { at: 'after' as const, number: String(base - 1n) };
  if (!metadata.startsWith(MARK)) return { incarnation: INCARNATION, position, lanes: [null], since: undefined };
  const numbers = readNumbers(metadata.slice(MARK.length));
  let at = 0;
  const next = (): bigint => numbers[at++] ?? 0n;
  const since = Number(next());
  next();
  const lanes = (): (string | null)[] =>
    Array.from({ length: Number(next()) }, () => {
      const distance = next();
      return distance === 0n ? null : String(base + distance - 1n);
    });
  const current = lanes();
  const older = Array.from({ length: Number(next()) }, () => ({ lanes: lanes() }));
  const retry = Array.from({ length: Number(next()) }, () => {
    next();
    const from = base + next();
    const to = from + next();
    at += 2;
    const running = RAN[Math.floor(Number(next()) / ERROR_KINDS)];
    return { from: String(from), to: String(to), ...(running === undefined ? {} : { running }) };
  });
  if (at !== numbers.length) throw new Error(`a commit has ${String(numbers.length)} numbers, and ${String(at)} are known: ${metadata}`);
  return { incarnation: INCARNATION, position, lanes: current, older, retry, since };
}

function readNumbers(text: string): bigint[] {
  const numbers: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const digit of text) {
    const group = DIGITS.indexOf(digit);
    value |= BigInt(group & 31) << shift;
    shift += 5n;
    if (group >= 32) continue;
    numbers.push(value);
    value = 0n;
    shift = 0n;
  }
  return numbers;
}
