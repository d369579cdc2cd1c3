/** The trace of an invocation, as functions are told it. */
import type { InvocationContext } from '../../src/index.ts';

const TIME_DIGITS = 8;
const TRACE_DIGITS = 24;

/**
 * `X-Amzn-Trace-Id` in X-Ray's form: the span of the invocation, where somebody records it; else one that is not sampled, as Lambda
 * makes one where nobody upstream did. That one is made of when the invocation began and of its request id, so that a trace can be
 * found by a line of the log. A batch continues no trace of its records' producers: they may be many.
 */
export function traceIdOf({ requestId, deadline, timeoutMs, trace }: InvocationContext): string {
  if (trace !== undefined) {
    const { traceId, spanId, isSampled } = trace;
    return `Root=1-${traceId.slice(0, TIME_DIGITS)}-${traceId.slice(TIME_DIGITS)};Parent=${spanId};Sampled=${isSampled ? '1' : '0'}`;
  }
  const beganAt = Math.max(0, Math.floor((deadline - timeoutMs) / 1_000));
  const digits = requestId.toLowerCase().replaceAll(/[^0-9a-f]/g, '');
  return `Root=1-${beganAt.toString(16).padStart(TIME_DIGITS, '0')}-${digits.slice(-TRACE_DIGITS).padStart(TRACE_DIGITS, '0')};Sampled=0`;
}

/** W3C's `traceparent` and, where there is one, `tracestate` of the invocation's span; nothing where nobody records it. */
export function traceHeadersOf({ trace }: InvocationContext): Readonly<Record<string, string>> {
  if (trace === undefined) return {};
  const { traceId, spanId, isSampled, traceState } = trace;
  return {
    traceparent: `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`,
    ...(traceState === undefined ? {} : { tracestate: traceState }),
  };
}
