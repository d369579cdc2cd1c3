import type { WaitReason } from '../contract/index.ts';
import type { Credit, Invoker, Pass } from '../invoke/index.ts';
import type { Latch } from '../kit/index.ts';

/** A credit that was taken while the breaker of the function let it pass. */
export interface TakenCredit extends Credit {
  /** The breaker is half-open and this is its trial: a few records, in one invocation. */
  readonly isTrial?: boolean;
}

/** A credit that is there at once, without a wait: the way of nearly every batch. */
export function takeFreeCredit({ ledger, breaker }: Invoker, mapping: string): TakenCredit | undefined {
  return breaker.isClosed ? ledger.tryAcquire(mapping) : undefined;
}

/**
 * A credit of a function's ledger, once its breaker lets something pass (R9: who has none receives nothing); `undefined` when
 * `cancelled` is set first.
 */
export async function takeCredit(
  invoker: Invoker,
  mapping: string,
  cancelled: Latch,
  say: (reason: WaitReason) => void,
): Promise<TakenCredit | undefined> {
  const { ledger, breaker } = invoker;
  for (;;) {
    let pass: Pass | undefined;
    if (!breaker.isClosed) {
      pass = await breaker.wait(cancelled, say);
      if (pass === undefined) return undefined;
    }
    const credit = ledger.tryAcquire(mapping) ?? (await waitForCredit(invoker, mapping, cancelled, say));
    if (credit !== undefined && pass?.isTrial === true) return forTrial(credit, pass);
    if (credit === undefined) {
      pass?.release();
      return undefined;
    }
    if (breaker.isClosed) return credit;
    // It opened while this waited.
    credit.release();
  }
}

async function waitForCredit(
  { definition, ledger }: Invoker,
  mapping: string,
  cancelled: Latch,
  say: (reason: WaitReason) => void,
): Promise<Credit | undefined> {
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

function forTrial(credit: Credit, pass: Pass): TakenCredit {
  return {
    isTrial: true,
    release: () => {
      credit.release();
      pass.release();
    },
  };
}
