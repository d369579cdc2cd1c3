import * as z from 'zod';
import { ConfigError } from '../contract/index.ts';
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
