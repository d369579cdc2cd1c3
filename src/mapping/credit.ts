import type { WaitReason } from '../contract/index.ts';
import type { Credit, Invoker } from '../invoke/index.ts';
import type { Latch } from '../kit/index.ts';

/** A credit of a function's ledger; `undefined` when `cancelled` is set first. */
export async function takeCredit(
  invoker: Invoker,
  mapping: string,
  cancelled: Latch,
  say: (reason: WaitReason) => void,
): Promise<Credit | undefined> {
  const { definition, ledger } = invoker;
  const free = ledger.tryAcquire(mapping);
  if (free !== undefined) return free;
  const { of, inUse, limit } = ledger.scarce;
  say({ kind: 'no-credit', functionName: of === 'account' ? undefined : definition.name, inUse, limit });
  const { credit, cancel } = ledger.acquire(mapping);
  const forget = cancelled.onSet(cancel);
  try {
    return await credit;
  } finally {
    forget();
  }
}
