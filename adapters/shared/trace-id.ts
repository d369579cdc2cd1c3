/** The trace of an invocation that no trace stands behind. */
import type { InvocationContext } from '../../src/index.ts';

const TIME_DIGITS = 8;
const TRACE_DIGITS = 24;

/**
 * `X-Amzn-Trace-Id` in X-Ray's form, not sampled, as Lambda makes one where nobody upstream did. Made of when the invocation
 * began and of its request id, so that a trace can be found by a line of the log.
 */
export function traceIdOf({ requestId, deadline, timeoutMs }: InvocationContext): string {
  const beganAt = Math.max(0, Math.floor((deadline - timeoutMs) / 1_000));
  const digits = requestId.toLowerCase().replaceAll(/[^0-9a-f]/g, '');
  return `Root=1-${beganAt.toString(16).padStart(TIME_DIGITS, '0')}-${digits.slice(-TRACE_DIGITS).padStart(TRACE_DIGITS, '0')};Sampled=0`;
}
