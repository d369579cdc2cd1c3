/** Batch calls: entries out, one result per entry back, in the order given. */
import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import type { EntryResult } from '../../../src/index.ts';
import { sqsEntryKind } from '../../shared/sqs-errors.ts';

/** What every batch call of SQS answers. */
export interface BatchAnswer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?: readonly BatchResultErrorEntry[] | undefined;
}

const OK: EntryResult = { ok: true };
const MISSING: EntryResult = { ok: false, code: 'NoResult', message: 'the answer does not mention this entry', retryable: true };

/** The id of the entry at `index` within its call. */
export function entryId(index: number): string {
  return String(index);
}

/** Results by place. An entry that is named twice has failed; one that is not named at all may be tried again. */
export function entryResults(count: number, { Successful, Failed }: BatchAnswer): EntryResult[] {
  if ((Failed === undefined || Failed.length === 0) && Successful?.length === count) return new Array<EntryResult>(count).fill(OK);
  const results = new Map<string | undefined, EntryResult>();
  for (const { Id } of Successful ?? []) results.set(Id, OK);
  for (const entry of Failed ?? []) results.set(entry.Id, toFailure(entry));
  return Array.from({ length: count }, (_, index) => results.get(entryId(index)) ?? MISSING);
}

function toFailure({ Code = 'Unknown', Message = Code, SenderFault = false }: BatchResultErrorEntry): EntryResult {
  const kind = sqsEntryKind(Code);
  // The flag is not to be relied on alone: some throttles are put down to the sender, and emulators put bad handles down to themselves.
  const retryable = kind === undefined ? !SenderFault : kind === 'throttled' || kind === 'unavailable';
  return { ok: false, code: Code, message: Message, retryable };
}
