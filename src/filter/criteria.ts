import { ConfigError, type FilterSourceKind, type RecordFilter } from '../contract/index.ts';
import type { Branch } from './clause.ts';
import { matchBranches } from './compile.ts';
import { parseEventText } from './event-text.ts';
import { readPattern } from './read-pattern.ts';
import { FilterPatternError, refuseAt } from './refusal.ts';

/** AWS's FilterCriteria: a record is wanted when any of the filters matches. */
export interface FilterCriteria {
  readonly filters: readonly { readonly pattern: string }[];
}

/** How many filters AWS takes, and how many it grants on request. */
export const FILTERS_MAX = 5;
export const FILTERS_MAX_ON_REQUEST = 10;

interface SourceRule {
  /** Where a record's data stands, for filters. */
  readonly dataKey: string;
  /** Whether a filter may treat the data as a plain text; such a pattern is refused otherwise. */
  readonly plainPatterns: boolean;
  /** What a filter does that expects JSON of data that is none, or a text of data that is JSON: reject, or look at metadata only. */
  readonly mismatch: 'reject' | 'metadata-only';
  /** Whether data that is no UTF-8 rejects a record also when no filter names the data. */
  readonly alwaysReadable: boolean;
}

const SOURCE_RULES: Readonly<Record<FilterSourceKind, SourceRule>> = {
  sqs: { dataKey: 'body', plainPatterns: true, mismatch: 'reject', alwaysReadable: false },
  kinesis: { dataKey: 'data', plainPatterns: false, mismatch: 'reject', alwaysReadable: true },
  dynamodb: { dataKey: 'dynamodb', plainPatterns: false, mismatch: 'reject', alwaysReadable: false },
  kafka: { dataKey: 'value', plainPatterns: true, mismatch: 'metadata-only', alwaysReadable: false },
};

/**
 * Compiles the filters of a mapping. `undefined` when there are none: every record is wanted. Throws a FilterPatternError
 * whose `detail.filter` says which pattern was refused, and a ConfigError when there are more than `filtersMax`.
 */
export function compileFilterCriteria(
  { filters }: FilterCriteria,
  kind: FilterSourceKind,
  filtersMax: typeof FILTERS_MAX | typeof FILTERS_MAX_ON_REQUEST = FILTERS_MAX,
): RecordFilter | undefined {
  if (filters.length === 0) return undefined;
  if (filters.length > filtersMax) {
    throw new ConfigError([
      { field: 'FilterCriteria.Filters', message: `has ${String(filters.length)} filters; at most ${String(filtersMax)} are allowed.` },
    ]);
  }
  const rule = SOURCE_RULES[kind];
  return recordFilter(
    rule,
    filters.flatMap(({ pattern }, index) => readFilter(pattern, index, rule)),
  );
}

function readFilter(pattern: string, filter: number, { dataKey, plainPatterns }: SourceRule): readonly Branch[] {
  try {
    const branches = readPattern(pattern);
    const plain = branches.flat().find(({ path }) => path === dataKey);
    if (plain !== undefined && !plainPatterns) refuseAt(dataKey, plain.offset, `"${dataKey}" must be an object: the data has to be JSON`);
    return branches;
  } catch (error) {
    if (error instanceof FilterPatternError) throw new FilterPatternError({ ...error.detail, filter });
    throw error;
  }
}

/** What a branch says of the data: nothing, that it is a text (or another single value), or what the JSON holds. */
type Expectation = 'nothing' | 'plain' | 'json';

function expectation(branch: Branch, dataKey: string): Expectation {
  if (branch.some(({ path }) => path.startsWith(`${dataKey}.`))) return 'json';
  return branch.some(({ path }) => path === dataKey) ? 'plain' : 'nothing';
}

type Matcher = (root: unknown) => boolean;

function recordFilter(rule: SourceRule, branches: readonly Branch[]): RecordFilter {
  const { dataKey } = rule;
  const fields = branches.flat();
  const rootKeys = new Set(fields.map(({ path }) => path.split('.', 1)[0] ?? ''));
  const namesData = rootKeys.delete(dataKey);
  rootKeys.delete('__proto__');
  const metadataKeys = [...rootKeys];
  const exact = fields.some(({ clauses }) => clauses.some(({ op }) => op === 'number' || op === 'numeric' || op === 'anything-but-number'));

  /** The branches for data that does not fit some expectations. The keys of a record have no dots. */
  const without = (...unfit: readonly Expectation[]): Matcher => {
    const fitting = branches.filter((branch) => !unfit.includes(expectation(branch, dataKey)));
    if (rule.mismatch === 'reject') return matchBranches(fitting, false);
    const others = branches.filter((branch) => unfit.includes(expectation(branch, dataKey)));
    const metadataOnly = others.map((branch) => branch.filter(({ path }) => path !== dataKey && !path.startsWith(`${dataKey}.`)));
    return matchBranches([...fitting, ...metadataOnly], false);
  };
  const matchers: Readonly<Record<DataForm, Matcher>> = {
    structure: without('plain'),
    scalar: without(),
    text: without('json'),
    none: rule.alwaysReadable ? () => false : without('plain', 'json'),
  };

  return {
    accepts(view) {
      const root: Record<string, unknown> = {};
      for (const key of metadataKeys) {
        const value = view.metadata(key);
        // A view that reads its record's properties finds inherited ones, too.
        root[key] = typeof value === 'function' ? undefined : value;
      }
      if (!namesData && !rule.alwaysReadable) return matchers.scalar(root);
      const { form, value } = readData(view.data(), exact, namesData);
      if (namesData) root[dataKey] = value;
      return matchers[form](root);
    },
  };
}

/** What the data of a record turned out to be: a JSON object or array, another JSON value, a text that is no JSON, or unreadable. */
type DataForm = 'structure' | 'scalar' | 'text' | 'none';

interface Data {
  readonly form: DataForm;
  readonly value: unknown;
}

const NO_DATA: Data = { form: 'none', value: undefined };
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readData(data: unknown, exact: boolean, parse: boolean): Data {
  if (typeof data === 'string') return parse ? readText(data, exact) : { form: 'text', value: data };
  if (!(data instanceof Uint8Array)) return data === undefined || data === null ? NO_DATA : { form: 'structure', value: data };
  let text: string;
  try {
    text = utf8.decode(data);
  } catch {
    return NO_DATA;
  }
  return readData(text, exact, parse);
}

function readText(text: string, exact: boolean): Data {
  const parsed = parseEventText(text, exact);
  if (!parsed.json) return { form: 'text', value: text };
  const { value } = parsed;
  return { form: typeof value === 'object' && value !== null ? 'structure' : 'scalar', value };
}
