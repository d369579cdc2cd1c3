/**
 * Which records does a mapping want? FilterCriteria, compiled. Pure.
 *
 * - criteria.ts          the filters of a mapping and what each kind of source does with data that does not fit them
 * - compile.ts           a pattern's text to a matcher, and why an event was rejected
 * - read-pattern.ts      a pattern's text to fields; `$or`, limits, refusals with their place
 * - read-clause.ts       one operator, with its operand checked
 * - clause.ts            what a pattern says, as values
 * - json-text.ts         JSON with what `JSON.parse` forgets
 * - event-text.ts        the text of an event to a value, exact in its numbers
 * - number-text.ts       which numbers are one
 * - path-tree.ts         the fields of a pattern by their paths
 * - plain-match.ts       the fast way to match
 * - consistent-match.ts  the exact way: arrays of objects, keys with dots
 * - value-test.ts        one value against a field's clauses
 * - wildcard.ts, ignore-case.ts, ip-address.ts  the operators that are not one comparison
 * - command.ts           what `millrace filter` answers
 * - refusal.ts           the error
 */
export { answerFilter, answerFilterLine } from './command.ts';
export { compileFilterPattern, type FilterExplanation, type FilterPattern, type FilterRejection } from './compile.ts';
export {
  compileFilterCriteria,
  FILTERS_MAX,
  FILTERS_MAX_ON_REQUEST,
  type FilterCriteria,
} from './criteria.ts';
export { FilterPatternError, type FilterPatternProblem } from './refusal.ts';
