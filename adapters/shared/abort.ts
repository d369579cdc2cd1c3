import type { InvocationContext } from '../../src/index.ts';

/**
 * Calls back when an invocation is to stop, at once if it already is; gives what takes the wish back. No signal is made where that
 * can be: it would cost as much as the rest of a short invocation.
 */
export function onAbort(context: InvocationContext, callback: () => void): () => void {
  if (context.onAbort !== undefined) return context.onAbort(callback);
  const { signal } = context;
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  signal.addEventListener('abort', callback, { once: true });
  return () => {
    signal.removeEventListener('abort', callback);
  };
}

/** Whether an invocation is to stop. */
export function hasAborted(context: InvocationContext): boolean {
  let isAborted = false;
  onAbort(context, () => {
    isAborted = true;
  })();
  return isAborted;
}
