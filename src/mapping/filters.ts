import * as z from 'zod';
import { ConfigError, type FilterSourceKind, type RecordFilter } from '../contract/index.ts';
import { compileFilterCriteria, FILTERS_MAX, FilterPatternError } from '../filter/index.ts';
import type { Checked } from './check.ts';

/** FilterCriteria: a pattern is JSON text as on AWS, or the object itself. */
export const FILTER_CRITERIA = z
  .strictObject({
    filters: z
      .array(
        z
          .strictObject({
            pattern: z
              .union([z.string(), z.record(z.string(), z.unknown())])
              .describe('a filter pattern: JSON text such as {"body":{"kind":["order"]}}, or the object itself'),
          })
          .describe('an object with Pattern'),
      )
      .max(FILTERS_MAX)
      .optional()
      .describe(`a list of at most ${String(FILTERS_MAX)} filters, each an object with Pattern`),
  })
  .optional()
  .describe('an object with Filters, such as { Filters: [{ Pattern: \'{"body":{"kind":["order"]}}\' }] }');

/**
 * Compiles the filters of a mapping; `undefined` when there are none. Throws a ConfigError: with AWS's text for a pattern that is
 * refused, the reason and the place behind it.
 */
export function resolveFilter(
  criteria: z.output<typeof FILTER_CRITERIA>,
  kind: FilterSourceKind | undefined,
  { at = '', spell = (name: string) => name }: Checked,
): RecordFilter | undefined {
  const filters = (criteria?.filters ?? []).map(({ pattern }) => ({
    pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern),
  }));
  if (filters.length === 0) return undefined;
  const field = [...(at === '' ? [] : [at]), spell('filterCriteria')].join('.');
  if (kind === undefined) throw new ConfigError([{ field, message: 'this source does not show its records to filters; leave it out' }]);
  try {
    return compileFilterCriteria({ filters }, kind);
  } catch (error) {
    if (!(error instanceof FilterPatternError)) throw error;
    const { filter = 0, reason, path, offset } = error.detail;
    const place = `${path === '' ? '' : `at ${path}, `}character ${String(offset + 1)}`;
    const message = `${error.message} ${reason} (${place})`;
    throw new ConfigError([{ field: `${field}.${spell('filters')}[${String(filter)}].${spell('pattern')}`, message }], { cause: error });
  }
}
