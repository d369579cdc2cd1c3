import { Command, CommanderError } from 'commander';
import { addCommands, addStart, type StartOptions, type Task } from './commands/index.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

export type { StartOptions };

/** A command to be carried out, or the end: help and version were shown, or the arguments were wrong. */
export type Parsed =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'task'; readonly run: Task }
  | { readonly kind: 'end'; readonly exit: ExitCode };

const EXIT_CODES = `
Exit codes: 0 done; 1 failed, or the answer is no; 2 wrong arguments or configuration. Each command tells its own in its --help.`;

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
  addCommands(program, (run) => {
    parsed = { kind: 'task', run };
  });
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { kind: 'end', exit: error.exitCode === 0 ? EXIT.clean : EXIT.refused };
  }
  return parsed ?? { kind: 'end', exit: EXIT.refused };
}
