import { delimiter, resolve } from 'node:path';
import * as z from 'zod';
import { ConfigError } from '../contract/index.ts';
import { ListenError } from '../manage/index.ts';
import { check } from '../mapping/index.ts';
import { type ListenAddress, parseAddress } from './address.ts';
import { type Catalog, LOG_LEVELS } from './catalog.ts';
import { parseArguments, type StartOptions } from './command-line.ts';
import { type DaemonConfig, resolveConfig } from './config.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { refuseUnguarded } from './plan-api.ts';
import { serve } from './serve.ts';
import { startContent } from './start-content.ts';

const LEVEL = z.enum(LOG_LEVELS).describe(`one of ${LOG_LEVELS.join(', ')}`);

/**
 * The command `millrace`: reads the arguments (without the program's name), does what they say and gives the exit code.
 * Never rejects for what a user did; writes the reason to standard error.
 */
export async function runDaemon(catalog: Catalog, args: readonly string[]): Promise<ExitCode> {
  const parsed = parseArguments(catalog.version, args);
  switch (parsed.kind) {
    case 'end':
      return parsed.exit;
    case 'task': {
      const { stdin, stdout, stderr, env: environment } = process;
      return parsed.run({ catalog, environment, stdin, stdout, stderr });
    }
    case 'start':
      return start(catalog, parsed.options);
  }
}

async function start(catalog: Catalog, options: StartOptions): Promise<ExitCode> {
  try {
    const read = (): DaemonConfig => configOf(options, catalog.clock.wall());
    const config = read();
    return await serve(catalog, config, options.config === undefined ? undefined : read).catch((error: unknown) => {
      throw config.inFile?.(error) ?? error;
    });
  } catch (error) {
    if (error instanceof ConfigError) {
      const lines = error.problems.map(({ field, message }) => `  ${field}: ${message}\n`);
      const what = options.config?.join(' and ') ?? 'what was said';
      process.stderr.write(`millrace: nothing was started, ${what} has to be mended first:\n${lines.join('')}`);
      return EXIT.refused;
    }
    if (error instanceof ListenError) {
      process.stderr.write(`millrace: nothing was started: ${error.message}\n`);
      return EXIT.failed;
    }
    throw error;
  }
}

function configOf(options: StartOptions, now: number): DaemonConfig {
  const { config, listen, logLevel } = options;
  const content = startContent(options, process.env);
  let resolved: DaemonConfig;
  try {
    resolved = resolveConfig(content, now);
  } catch (error) {
    throw content.inFile(error);
  }
  return {
    ...resolved,
    inFile: content.inFile,
    ...(config === undefined ? {} : { file: config.map((path) => resolve(path)).join(delimiter) }),
    ...(listen === undefined ? {} : { listen: listenOf(listen, resolved) }),
    ...(logLevel === undefined ? {} : { log: { ...resolved.log, level: check(LEVEL, logLevel, { at: '--log-level' }) } }),
  };
}

function listenOf(listen: string, { api }: DaemonConfig): ListenAddress {
  const address = parseAddress(listen, '--listen');
  refuseUnguarded(address, '--listen', api);
  return address;
}
