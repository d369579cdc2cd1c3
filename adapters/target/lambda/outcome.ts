import type { InvokeCommandOutput } from '@aws-sdk/client-lambda';
import type { Outcome } from '../../../src/index.ts';
import { errorPayload, functionError, isTimeout } from '../../shared/function-error.ts';

/** The largest event that Lambda takes, bytes. */
export const REQUEST_BYTES_MAX = 6_291_456;
/** The largest answer that Lambda lets through, bytes: it grants a hundred more. */
export const RESPONSE_BYTES_MAX = 6_291_556;

/** The outcome of what Invoke answered: the function was reached. */
export function answerOf({ FunctionError, Payload }: InvokeCommandOutput): Outcome {
  const text = textOf(Payload);
  if (FunctionError === undefined) return { kind: 'success', text: () => text };
  const said = errorPayload(text);
  if (isTimeout(said)) return { kind: 'timeout' };
  return functionError(said.errorType ?? FunctionError, said.errorMessage ?? 'the function failed without a message');
}

/** An empty body comes as null, whatever the SDK's types say. */
function textOf(payload: Uint8Array | null | undefined): string {
  if (payload === undefined || payload === null) return '';
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
}
