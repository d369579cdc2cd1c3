import { resolve } from 'node:path';
import { refuse } from '../mapping/index.ts';
import type { StartOptions } from './commands/start.ts';
import { isPlainObject } from './pascal-schema.ts';
import { type ReadFiles, readConfigFiles } from './read-files.ts';
import type { Environment } from './substitute.ts';

/**
 * What `millrace start` was told, as a file would say it: the files, where there are some, with what the options say instead. Throws
 * a ConfigError.
 */
export function startContent({ config, awsEndpoint, store }: StartOptions, environment: Environment): ReadFiles {
  const { folder, content, inFile } = config === undefined ? withoutFiles(environment) : readConfigFiles(config, environment);
  // What is no object is refused as it is.
  if (!isPlainObject(content)) return { folder, content, inFile };
  return {
    folder,
    inFile,
    content: {
      ...content,
      ...(awsEndpoint === undefined ? {} : { aws: atOneEndpoint(content['aws'], awsEndpoint) }),
      ...(store === undefined ? {} : { store: storeOf(store) }),
    },
  };
}

/** Everything is where --aws-endpoint says, functions too. */
function withoutFiles({ AWS_REGION: region, AWS_DEFAULT_REGION: byDefault }: Environment): ReadFiles {
  const where = region ?? byDefault;
  const content = { lambda: {}, aws: where === undefined ? {} : { region: where } };
  return { folder: process.cwd(), content, inFile: (error) => error };
}

function atOneEndpoint(aws: unknown, endpoint: string): Readonly<Record<string, unknown>> {
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    refuse('--aws-endpoint', `must be a URL such as http://127.0.0.1:4566, but is ${JSON.stringify(withoutUser(endpoint).slice(0, 60))}`);
  }
  const { endpoints: _elsewhere, ...rest } = isPlainObject(aws) ? aws : {};
  return { ...rest, endpoint };
}

/** A URL, or what should be one, without what may be a password in it. */
export function withoutUser(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//[not shown]@');
}

function storeOf(store: string): Readonly<Record<string, unknown>> {
  return store === 'memory' ? { type: 'memory' } : { type: 'sqlite', path: resolve(store) };
}
