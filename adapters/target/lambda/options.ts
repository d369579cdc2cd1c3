/** What a user may say about a function of AWS Lambda, and how it is checked before anything is called. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { ConfigError, type ConfigProblem, type Logger, parseFunctionName } from '../../../src/index.ts';
import { type AwsOptionRules, checkAwsOptions, mayFindRegion, regionMissing, settingsOf } from '../../shared/aws-options.ts';
import { type AwsSettings, shown } from '../../shared/aws-settings.ts';

/**
 * Which function is invoked, and how it is reached. `requestTimeoutMs` is absent by default: the function's time-out is the
 * limit of an answer. `connectTimeoutMs` is 2000 by default.
 */
export interface LambdaTargetOptions extends AwsSettings {
  /**
   * Name, `NAME:QUALIFIER`, partial or full ARN. A full ARN says the region too and is stronger than `region`. Default: the
   * name, and version, under which the function is registered with the engine.
   */
  readonly functionName?: string;
  /** A version or an alias, where `functionName` does not hold one. */
  readonly qualifier?: string;
  /** Where the last 4 KB of the function's own log are told at level debug, after each invocation. Default: nothing is asked for. */
  readonly logger?: Logger;
  /** A client of your own instead of the settings. It stays yours: it is not destroyed at the end, and its sockets and retries are its own. */
  readonly client?: LambdaClient;
}

/** Checked options. */
export interface ResolvedLambdaTarget {
  /** `undefined`: the context of each invocation names it. */
  readonly functionName: string | undefined;
  readonly qualifier: string | undefined;
  readonly logger: Logger | undefined;
  readonly settings: AwsSettings;
  readonly client: LambdaClient | undefined;
}

const RULES: AwsOptionRules = {
  what: 'a Lambda target',
  needed: { name: 'functionName', example: 'orders' },
  names: ['qualifier', 'logger'],
  client: { name: 'a LambdaClient', package: '@aws-sdk/client-lambda' },
};
const QUALIFIER = /^(\$LATEST(\.PUBLISHED)?|[\w-]{1,128})$/;
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveLambdaTarget(options: LambdaTargetOptions): ResolvedLambdaTarget {
  const problems = checkAwsOptions(options, RULES);
  const { functionName, qualifier, logger, client } = options;
  const region = checkName(functionName, qualifier, problems) ?? options.region;
  if (qualifier !== undefined && !QUALIFIER.test(qualifier)) {
    problems.push({ field: 'qualifier', message: `must be a version, an alias or $LATEST, not ${shown(qualifier)}` });
  }
  if (logger !== undefined && !isLogger(logger)) problems.push({ field: 'logger', message: `must be a logger such as pino's` });
  if (problems.length > 0) throw new ConfigError(problems);
  if (region === undefined && client === undefined && !mayFindRegion()) {
    throw new ConfigError([{ field: 'region', message: regionMissing('name the function by its ARN, ') }]);
  }
  return { functionName, qualifier, logger, client, settings: settingsOf(options, region) };
}

/** The region that the name says; what is wrong with it is added to `problems`. */
function checkName(functionName: unknown, qualifier: unknown, problems: ConfigProblem[]): string | undefined {
  if (functionName === undefined) return undefined;
  const parts = typeof functionName === 'string' ? parseFunctionName(functionName) : `must be a name or ARN, not ${shown(functionName)}`;
  if (typeof parts === 'string') {
    problems.unshift({ field: 'functionName', message: parts });
    return undefined;
  }
  if (parts.qualifier !== undefined && qualifier !== undefined) {
    problems.push({
      field: 'qualifier',
      message: `has no effect beside functionName, which names ${parts.qualifier} already; take one out`,
    });
  }
  return parts.region;
}

function isLogger(given: object): boolean {
  return LOG_LEVELS.every((level) => level in given);
}
