import type { Command } from 'commander';
import { filterLines, filterOne } from '../filter-command.ts';
import { type Tell, told } from './command.ts';

const EXIT_CODES = `
Exit codes: 0 the event matches; 1 it does not; 2 wrong arguments, pattern or event.`;

/** Adds `millrace filter` and `millrace filter test`. */
export function addFilter(program: Command, tell: Tell): void {
  const filter = program
    .command('filter')
    .description('say whether an event matches a filter pattern, and which clause rejects it')
    .option('--pattern <file|text>', 'the pattern: a file, or the JSON text itself; needed')
    .option('--event <file>', 'the event as JSON: a file, or - for standard input', '-')
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(millrace filter --help shows what can be said)')
    .action(({ pattern, event, json = false }: { pattern?: string; event: string; json?: boolean }, command: Command) => {
      if (pattern === undefined)
        command.error('error: --pattern is missing; give a file or the text, as in --pattern \'{"kind":["order"]}\'');
      tell(told('filter', (parts) => filterOne({ pattern, event, isJson: json }, parts)));
    });
  filter
    .command('test')
    .description(
      'answer lines of {"pattern": ..., "event": ...} on standard input by a line each: {"match": true|false} or {"error": "..."}',
    )
    .action((_given: unknown, command: Command) => {
      const foreign = ['pattern', 'event', 'json'].find((name) => filter.getOptionValueSource(name) === 'cli');
      if (foreign !== undefined)
        command.error(`error: filter test reads patterns and events from standard input, a line each; take --${foreign} out, or test`);
      tell((parts) => filterLines(parts));
    });
}
