import { Command, CommanderError } from 'commander';
import { LOG_LEVELS } from './catalog.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { FilterOptions } from './filter-command.ts';

/** What `millrace start` was told. */
export interface StartOptions {
  /** Files; `undefined`: everything is said by the other options and the environment. */
  readonly config: readonly string[] | undefined;
  readonly awsEndpoint: string | undefined;
  readonly store: string | undefined;
  readonly listen: string | undefined;
  readonly logLevel: string | undefined;
}

/** A command to be carried out, or the end: help and version were shown, or the arguments were wrong. */
export type Parsed =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'filter'; readonly options: FilterOptions }
  | { readonly kind: 'filter-lines' }
  | { readonly kind: 'end'; readonly exit: ExitCode };

const EXIT_CODES = `
Exit codes: 0 stopped by a signal and drained; 1 failed while running (port taken, error nobody caught);
2 wrong arguments or configuration, nothing was started; 130 ended at once by a second signal.`;

const FILTER_EXIT_CODES = `
Exit codes: 0 the event matches; 1 it does not; 2 wrong arguments, pattern or event.`;

/** Reads the arguments, without the program's own name. Writes help, version and complaints to the process's outputs. */
export function parseArguments(version: string, args: readonly string[]): Parsed {
  let parsed: Parsed | undefined;
  const program = new Command('millrace')
    .description("AWS Lambda's event source mappings, anywhere Node runs.")
    .version(version, '--version', 'show the version')
    .helpCommand(false)
    .showSuggestionAfterError()
    .showHelpAfterError('(millrace --help shows what can be said)')
    .addHelpText('after', EXIT_CODES)
    .exitOverride();
  addStart(program, (options) => {
    parsed = { kind: 'start', options };
  });
  addFilter(program, (told) => {
    parsed = told;
  });
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'end', exit: error.exitCode === 0 ? EXIT.clean : EXIT.refused };
  }
  return parsed ?? { kind: 'end', exit: EXIT.refused };
}

function addStart(program: Command, tell: (options: StartOptions) => void): void {
  program
    .command('start')
    .description('run the mappings of a configuration file, and those that come over the API, until a signal stops it')
    .option(
      '--config <file>',
      'the configuration, YAML or JSON; several times for several files; needed unless --aws-endpoint is given',
      collect,
    )
    .option('--aws-endpoint <url>', 'where every service of AWS is, Lambda too; region and credentials come from the environment')
    .option('--store <memory|file>', 'where state is kept: memory, or the path of a SQLite file (default: .millrace/millrace.db)')
    .option('--listen <host:port>', 'where to serve HTTP; beyond loopback only with credentials (default: the field listen, or 127.0.0.1:4680)')
    .option('--log-level <level>', `one of ${LOG_LEVELS.join(', ')} (default: the field log.level, or info)`)
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(millrace start --help shows what can be said)')
    .exitOverride()
    .action((given: Partial<Record<Exclude<keyof StartOptions, 'config'>, string>> & { config?: string[] }, command: Command) => {
      const { config, listen, logLevel, awsEndpoint, store } = given;
      // Not a required option: then a misspelt --confg would be told as a missing one.
      if (config === undefined && awsEndpoint === undefined) {
        command.error('error: --config is missing; name the configuration, as in --config millrace.yaml, or give --aws-endpoint');
      }
      tell({ config, listen, logLevel, awsEndpoint, store });
    });
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function addFilter(program: Command, tell: (told: Parsed) => void): void {
  const filter = program
    .command('filter')
    .description('say whether an event matches a filter pattern, and which clause rejects it')
    .option('--pattern <file|text>', 'the pattern: a file, or the JSON text itself; needed')
    .option('--event <file>', 'the event as JSON: a file, or - for standard input', '-')
    .option('--json', 'answer in JSON')
    .addHelpText('after', FILTER_EXIT_CODES)
    .showHelpAfterError('(millrace filter --help shows what can be said)')
    .exitOverride()
    .action(({ pattern, event, json = false }: { pattern?: string; event: string; json?: boolean }, command: Command) => {
      if (pattern === undefined)
        command.error('error: --pattern is missing; give a file or the text, as in --pattern \'{"kind":["order"]}\'');
      tell({ kind: 'filter', options: { pattern, event, isJson: json } });
    });
  filter
    .command('test')
    .description(
      'answer lines of {"pattern": ..., "event": ...} on standard input by a line each: {"match": true|false} or {"error": "..."}',
    )
    .exitOverride()
    .action(() => {
      tell({ kind: 'filter-lines' });
    });
}
