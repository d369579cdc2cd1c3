import type { Outcome } from '../contract/index.ts';

/** What an answer in a tumbling window brings. */
export type WindowResponse =
  /** `state` is JSON text of an object. */
  | { readonly kind: 'state'; readonly state: string; readonly parsed: object }
  /** The invocation failed. */
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * Reads the state of an answer (TimeWindowEventResponse, spec b.4). The answer to a final invocation must bring one like every
 * other, although nobody is given it: AWS documents no exception, and so a function that returned nothing by mistake is seen.
 */
export function readWindowState(outcome: Extract<Outcome, { kind: 'success' }>): WindowResponse {
  let parsed: unknown;
  try {
    parsed = JSON.parse(outcome.text());
  } catch {
    return malformed('the answer is not JSON');
  }
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  const state: unknown = isObject ? (parsed as { readonly state?: unknown }).state : undefined;
  if (!isObject || state === undefined) return malformed('the answer has no state, which a tumbling window needs');
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return malformed('the state in the answer is not an object');
  try {
    return { kind: 'state', state: JSON.stringify(state), parsed: parsed as object };
  } catch {
    return malformed('the state in the answer is nested too deep');
  }
}

function malformed(reason: string): WindowResponse {
  return { kind: 'malformed', reason };
}
