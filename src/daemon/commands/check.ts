import type { Command } from 'commander';
import { checkConfig } from '../lint/index.ts';
import { type Tell, told } from './command.ts';
import { collect } from './start.ts';

const EXIT_CODES = `
Exit codes: 0 nothing is wrong, or warnings and notes only; 1 errors; 2 wrong arguments, or a configuration that cannot be used.`;

interface CheckGiven {
  readonly config?: readonly string[];
  readonly awsEndpoint?: string;
  readonly offline?: boolean;
  readonly permissions?: boolean;
  readonly json?: boolean;
}

/** Adds `millrace check`. */
export function addCheck(program: Command, tell: Tell): void {
  program
    .command('check')
    .description('say what is wrong with a configuration, and what of it will not do what it seems to, also at its real sources')
    .option('--config <file>', 'the configuration, YAML or JSON; several times for several files; needed', collect)
    .option('--aws-endpoint <url>', 'where every service of AWS is, as for start')
    .option('--offline', 'ask no source and no function')
    .option('--permissions', 'try every action that the mappings need on AWS, changing nothing, and say which is missing')
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(millrace check --help shows what can be said)')
    .action(({ config, awsEndpoint, offline = false, permissions = false, json = false }: CheckGiven, command: Command) => {
      if (config === undefined) command.error('error: --config is missing; name the configuration, as in --config millrace.yaml');
      else
        tell(
          told('check', (parts) =>
            checkConfig({ config, awsEndpoint, isOffline: offline, withPermissions: permissions, isJson: json }, parts),
          ),
        );
    });
}
