import * as z from 'zod';
import { ConfigError, type MappingLogLevel } from '../contract/index.ts';
import type { Checked } from './check.ts';

/** A whole number in a range, with the text that an error shows. */
export function whole(low: number, high: number, what: string): z.ZodOptional<z.ZodNumber> {
  return z
    .number()
    .int()
    .min(low)
    .max(high)
    .optional()
    .describe(`a whole number from ${String(low)} to ${String(high)} (${what})`);
}

/** How much of a mapping is logged: Millrace's extension. */
export const LOG_LEVEL = z
  .enum(['debug', 'info', 'warn', 'error', 'silent'])
  .optional()
  .describe('one of debug, info, warn, error, silent (default: that of the log)');

/** LoggingConfig; AWS has it for Kafka. */
export const LOGGING_CONFIG = z
  .strictObject({ systemLogLevel: z.enum(['DEBUG', 'INFO', 'WARN']).optional().describe('DEBUG, INFO or WARN') })
  .optional()
  .describe('an object with SystemLogLevel, such as { SystemLogLevel: DEBUG }');

/** How a mapping says how much of it is logged. */
export interface LogLevelFields {
  readonly logLevel?: MappingLogLevel | undefined;
  readonly loggingConfig?: { readonly systemLogLevel?: 'DEBUG' | 'INFO' | 'WARN' | undefined } | undefined;
}

/** The level of a mapping of its own, checked before; `undefined`: that of the log. Millrace's field wins over AWS's. */
export function logLevelOf({ logLevel, loggingConfig }: LogLevelFields): MappingLogLevel | undefined {
  if (logLevel !== undefined) return logLevel;
  const level = loggingConfig?.systemLogLevel;
  return level && SYSTEM_LOG_LEVELS[level];
}

const SYSTEM_LOG_LEVELS = { DEBUG: 'debug', INFO: 'info', WARN: 'warn' } as const;

/** FunctionResponseTypes. */
export const FUNCTION_RESPONSE_TYPES = z
  .array(z.literal('ReportBatchItemFailures').describe('ReportBatchItemFailures'))
  .max(1)
  .optional()
  .describe('a list of at most one entry, ReportBatchItemFailures');

/** Refuses AWS's fields that belong to other sources, in AWS's words, and those that Millrace does not have. */
export function refuseForeign(
  input: object,
  otherSources: readonly string[],
  notYet: readonly string[],
  { at = '', spell = (name: string) => name }: Checked,
): void {
  const problems = Object.keys(input).flatMap((key) => {
    const field = at === '' ? spell(key) : `${at}.${spell(key)}`;
    const aws = key.charAt(0).toUpperCase() + key.slice(1);
    if (otherSources.includes(key)) return [{ field, message: `Unsupported ${aws} parameter for given event source mapping type.` }];
    if (notYet.includes(key))
      return [{ field, message: `is a field of AWS that this version of Millrace does not have yet; leave it out` }];
    return [];
  });
  if (problems.length > 0) throw new ConfigError(problems);
}
