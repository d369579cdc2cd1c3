/** Checks that the options of all AWS adapters share, beside those of {@link AwsSettings}. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type ConfigProblem } from '../../src/index.ts';
import { AWS_SETTING_NAMES, type AwsSettings, checkAwsSettings, shown } from './aws-settings.ts';

/** What an adapter says of its options. */
export interface AwsOptionRules {
  /** What the options belong to, such as `a DynamoDB stream`. */
  readonly what: string;
  /** The one option without which nothing works, and what a value looks like. */
  readonly needed: { readonly name: string; readonly example: string };
  /** Options of its own beside `needed`, `client` and the settings. */
  readonly names?: readonly string[];
  /** The class that `client` must be of. */
  readonly client: { readonly name: string; readonly package: string };
}

/** Everything that is wrong with the options, but for what is inside the adapter's own ones. Throws a {@link ConfigError} when they are no object. */
export function checkAwsOptions(options: AwsSettings & { readonly client?: unknown }, rules: AwsOptionRules): ConfigProblem[] {
  const given: unknown = options;
  const { name, example } = rules.needed;
  if (typeof given !== 'object' || given === null) {
    throw new ConfigError([{ field: 'options', message: `must be an object such as { ${name}: '${example}' }, not ${shown(given)}` }]);
  }
  const known = [name, ...(rules.names ?? []), 'client', ...AWS_SETTING_NAMES];
  const unknown = Object.keys(options).filter((field) => !known.includes(field));
  return [
    ...unknown.map((field) => ({ field, message: `is no option of ${rules.what}; there are ${known.join(', ')}` })),
    ...checkAwsSettings(options),
    ...checkClient(options, rules),
  ];
}

/** The settings among the options. */
export function settingsOf(options: AwsSettings, region: string | undefined): AwsSettings {
  const { endpoint, credentials, connectTimeoutMs, requestTimeoutMs } = options;
  return {
    ...(region === undefined ? undefined : { region }),
    ...(endpoint === undefined ? undefined : { endpoint }),
    ...(credentials === undefined ? undefined : { credentials }),
    ...(connectTimeoutMs === undefined ? undefined : { connectTimeoutMs }),
    ...(requestTimeoutMs === undefined ? undefined : { requestTimeoutMs }),
  };
}

/** What to say when no region can be found. `otherwise`: a further way to name it, with a comma behind it. */
export function regionMissing(otherwise = ''): string {
  return `is nowhere to be found: ${otherwise}set the option region, the environment variable AWS_REGION, or a region in the AWS profile`;
}

/** Whether the SDK's chain has a place to find a region in. Only the SDK reads profiles, at the first call. */
export function mayFindRegion(): boolean {
  const { AWS_REGION, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = process.env;
  if (AWS_REGION !== undefined && AWS_REGION !== '') return true;
  const files = [
    AWS_CONFIG_FILE ?? join(homedir(), '.aws', 'config'),
    AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws', 'credentials'),
  ];
  return files.some((file) => existsSync(file));
}

function checkClient(options: AwsSettings & { readonly client?: unknown }, rules: AwsOptionRules): ConfigProblem[] {
  const { client } = options;
  if (client === undefined) return [];
  const problems: ConfigProblem[] = AWS_SETTING_NAMES.filter((name) => options[name] !== undefined).map((name) => ({
    field: name,
    message: 'has no effect beside a client of your own; set it on the client',
  }));
  if (typeof client !== 'object' || client === null || !('send' in client) || typeof client.send !== 'function') {
    problems.push({ field: 'client', message: `must be ${rules.client.name} of ${rules.client.package}` });
  }
  return problems;
}
