import * as z from 'zod';
import { BREAKER_DEFAULTS, type BreakerSettings } from '../invoke/index.ts';

/** When a circuit breaker opens and how long it stays open; `true` and `{}`: the defaults; `false`: there is none. */
export const BREAKER_FIELD = z
  .union([
    z.boolean(),
    z.strictObject({
      failures: z.number().int().min(1).max(10_000).optional().describe('a whole number from 1 to 10000 (faults in a row; default 5)'),
      throttleRate: z.number().min(0.01).max(1).optional().describe('a number from 0.01 to 1 (the part of throttles; default 0.5)'),
      pauseMs: z.number().int().min(1).max(3_600_000).optional().describe('a whole number from 1 to 3600000 (milliseconds; default 1000)'),
      maxPauseMs: z
        .number()
        .int()
        .min(1)
        .max(3_600_000)
        .optional()
        .describe('a whole number from 1 to 3600000 (milliseconds; default 60000)'),
    }),
  ])
  .optional()
  .describe('true, false, or an object with failures, throttleRate, pauseMs and maxPauseMs');

/** What a user may say of a circuit breaker. */
export type BreakerOption = z.output<typeof BREAKER_FIELD>;

/**
 * The breaker of a function; `undefined`: none. What the function says counts, then what the engine says for the functions that
 * have one by default: those whose target is remote.
 */
export function resolveBreaker(own: BreakerOption, ofEngine: BreakerOption, isRemote: boolean): BreakerSettings | undefined {
  const chosen = own ?? (isRemote ? (ofEngine ?? true) : false);
  if (chosen === false) return undefined;
  const fields = { ...fieldsOf(ofEngine), ...fieldsOf(chosen) };
  const { failures, throttleRate, pause } = BREAKER_DEFAULTS;
  const baseMs = fields.pauseMs ?? pause.baseMs;
  return {
    failures: fields.failures ?? failures,
    throttleRate: fields.throttleRate ?? throttleRate,
    pause: { baseMs, capMs: Math.max(baseMs, fields.maxPauseMs ?? pause.capMs) },
  };
}

function fieldsOf(option: BreakerOption): Exclude<BreakerOption, boolean | undefined> {
  return typeof option === 'object' ? option : {};
}
