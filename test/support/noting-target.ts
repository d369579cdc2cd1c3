import type { SQSEvent } from 'aws-lambda';
import type { FunctionTarget, InvocationContext } from '../../src/index.ts';

/** What a target was told, and the name of that target. */
export interface Noted extends InvocationContext {
  readonly label: string;
}

/** A target that writes down what it was told, under a name of its own. */
export function noting(seen: Noted[], label: string): FunctionTarget<SQSEvent> {
  return {
    invoke: (_event, context) => {
      seen.push({ ...context, label });
      return { outcome: Promise.resolve({ kind: 'success', text: () => '' }), ended: Promise.resolve() };
    },
    close: () => Promise.resolve(),
  };
}
