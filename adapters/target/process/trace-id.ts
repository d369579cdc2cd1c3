import type { InvocationContext } from '../../../src/index.ts';

/** A trace header of X-Ray's form for one invocation, made from its request id and time. Nothing samples it. */
export function traceIdOf({ requestId, deadline, timeoutMs }: InvocationContext): string {
  const seconds = Math.max(0, Math.floor((deadline - timeoutMs) / 1_000));
  const id = requestId.replaceAll('-', '').slice(0, 24).padEnd(24, '0');
  return `Root=1-${seconds.toString(16).padStart(8, '0')}-${id};Sampled=0`;
}
