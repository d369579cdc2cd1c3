import type { Command } from 'commander';
import { LOG_LEVELS } from '../catalog.ts';

/** What `millrace start` was told. */
export interface StartOptions {
  /** Files; `undefined`: everything is said by the other options and the environment. */
  readonly config: readonly string[] | undefined;
  readonly awsEndpoint: string | undefined;
  readonly store: string | undefined;
  readonly listen: string | undefined;
  readonly logLevel: string | undefined;
}

const EXIT_CODES = `
Exit codes: 0 stopped by a signal and drained; 1 failed while running (port taken, error nobody caught);
2 wrong arguments or configuration, nothing was started; 130 ended at once by a second signal.`;

/** Adds `millrace start`. */
export function addStart(program: Command, tell: (options: StartOptions) => void): void {
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
    .option(
      '--listen <host:port>',
      'where to serve HTTP; beyond loopback only with credentials (default: the field listen, or 127.0.0.1:4680)',
    )
    .option('--log-level <level>', `one of ${LOG_LEVELS.join(', ')} (default: the field log.level, or info)`)
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(millrace start --help shows what can be said)')
    .action((given: Partial<Record<Exclude<keyof StartOptions, 'config'>, string>> & { config?: string[] }, command: Command) => {
      const { config, listen, logLevel, awsEndpoint, store } = given;
      // Not a required option: then a misspelt --confg would be told as a missing one.
      if (config === undefined && awsEndpoint === undefined) {
        command.error('error: --config is missing; name the configuration, as in --config millrace.yaml, or give --aws-endpoint');
      }
      tell({ config, listen, logLevel, awsEndpoint, store });
    });
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}
