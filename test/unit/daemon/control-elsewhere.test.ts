import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { catalog } from '../../../adapters/catalog.ts';
import { type Assembly, assemble } from '../../../src/daemon/assemble.ts';
import type { Catalog } from '../../../src/daemon/catalog.ts';
import { resolveConfig } from '../../../src/daemon/config.ts';
import { Narrator } from '../../../src/daemon/narrator.ts';
import { startContent } from '../../../src/daemon/start-content.ts';
import { ConfigError, silentLogger, silentMeter } from '../../../src/index.ts';
import { withoutAwsRegion } from '../../support/without-aws-region.ts';

const QUEUE = 'arn:aws:sqs:embedded:000000000000:orders';

withoutAwsRegion();

const running: Assembly[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) {
    one.control.stop();
    await one.engine.stop({ timeoutMs: 0 });
    await one.close();
  }
});

/** Makes a daemon of this content whose functions are in an account that only Lambda knows. */
async function start(content: object, other: Partial<Catalog> = {}): Promise<Assembly> {
  const find = (name: string): Promise<{ arn: string; timeoutSeconds: number }> => {
    const [, region = 'us-east-1', account = '123456789012', bare = name] = /^arn:aws:lambda:([^:]+):(\d+):function:(.+)$/.exec(name) ?? [];
    return Promise.resolve({ arn: `arn:aws:lambda:${region}:${account}:function:${bare}`, timeoutSeconds: 3 });
  };
  const assembly = await assemble({
    catalog: {
      ...catalog,
      version: '0',
      functions: { lambda: () => Promise.resolve({ find, close: () => Promise.resolve() }) },
      ...other,
    },
    config: resolveConfig({ folder: '.', content }, Date.now()),
    logger: silentLogger,
    meter: { ...silentMeter, pieces: () => Readable.from(['']), contentType: 'text/plain' },
    narrator: new Narrator(silentLogger, false),
  });
  running.push(assembly);
  return assembly;
}

describe('a mapping to a function of Lambda', () => {
  const content = { store: { type: 'memory' }, lambda: {}, aws: { region: 'us-east-1' }, queues: { orders: {} } };
  const arnOf = (account: string): string => `arn:aws:lambda:us-east-1:${account}:function:f`;

  async function countsOf(more: object, names: readonly string[]): Promise<readonly number[]> {
    const { control } = await start({ ...content, ...more });
    await control.create({ FunctionName: 'f', EventSourceArn: QUEUE, Enabled: false });
    return names.map((FunctionName) => (control.list({ FunctionName })['EventSourceMappings'] as readonly unknown[]).length);
  }

  test('is listed by the name that made it, though nobody has said which account is its own', async () => {
    const names = ['f', '123456789012:f', arnOf('123456789012'), '999999999999:f', arnOf('999999999999'), 'g'];
    expect(await countsOf({}, names)).toEqual([1, 1, 1, 0, 0, 0]);
  });

  test('is not listed by a name of the account that the file says', async () => {
    expect(await countsOf({ aws: { region: 'us-east-1', accountId: '999999999999' } }, ['f', '123456789012:f'])).toEqual([0, 1]);
  });
});

describe('a daemon without files', () => {
  const said = { config: undefined, awsEndpoint: 'http://127.0.0.1:9', store: 'memory', listen: undefined, logLevel: undefined };

  test('is not started when no region is to be found, since no mapping could be created', async () => {
    const made = start(startContent(said, {}).content as object, { functions: catalog.functions });
    await expect(made).rejects.toThrow(ConfigError);
    await expect(made).rejects.toThrow(/region.*AWS_REGION/);
  });

  test('takes the region of its environment', async () => {
    const made = start(startContent(said, { AWS_REGION: 'eu-west-1' }).content as object, { functions: catalog.functions });
    await expect(made).resolves.toBeDefined();
  });
});
