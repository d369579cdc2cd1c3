import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../../../src/contract/index.ts';
import { type DaemonConfig, resolveConfig } from '../../../src/daemon/config.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-config-'));
  mkdirSync(join(folder, 'lib'));
  writeFileSync(join(folder, 'lib/print.mjs'), 'export const handler = () => undefined;\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const GOOD = `
functions: { print: { Handler: ./lib/print.mjs } }
queues: { orders: { redrive: { queue: orders-dlq, maxReceiveCount: 3 } }, orders-dlq: {} }
mappings: [{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:orders', FunctionName: print }]
`;

const NOW = Date.UTC(2026, 5, 1);

function resolved(yaml: string): DaemonConfig {
  return resolveConfig({ folder, content: parse(yaml) as unknown }, NOW);
}

function problemsOf(yaml: string): string[] {
  try {
    resolved(yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
  return [];
}

/** A file with one mapping of a good queue, and these fields in it. */
function mapping(fields: string, queue = 'orders'): string {
  return `
functions: { print: { Handler: ./lib/print.mjs } }
queues: { orders: {}, steps.fifo: {} }
mappings: [{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:${queue}', FunctionName: print, ${fields} }]
`;
}

describe('a file that is right', () => {
  test('may say for editors where its schema is, which changes nothing', () => {
    const { $schema, ...rest } = { $schema: 'https://example.com/millrace.schema.json', ...(parse(GOOD) as object) };
    expect(resolveConfig({ folder, content: { $schema, ...rest } }, NOW)).toEqual(resolved(GOOD));
    expect(problemsOf(`$schema: 7\n${GOOD}`)).toEqual([expect.stringMatching(/^\$schema: /)]);
  });

  test('has its defaults filled in, and paths start from its folder', () => {
    expect(resolved(GOOD)).toMatchObject({
      listen: { host: '127.0.0.1', port: 4680 },
      log: { level: 'info', pretty: undefined },
      store: { type: 'sqlite', path: join(folder, '.millrace/millrace.db') },
      stopTimeoutSeconds: 30,
      functions: [{ name: 'print', target: { kind: 'handler', handler: { file: join(folder, 'lib/print.mjs'), exportName: 'handler' } } }],
      queues: [{ name: 'orders-dlq' }, { name: 'orders' }],
      mappings: [
        {
          name: 'orders/print',
          functionName: 'print',
          discipline: 'queue',
          source: { kind: 'embedded-queue', queue: 'orders' },
          fields: {},
        },
      ],
    });
  });

  test('gives the fields of AWS to the engine in its own spelling, at every depth', () => {
    const fields =
      'BatchSize: 20, MaximumBatchingWindowInSeconds: 1, ScalingConfig: { MaximumConcurrency: 7 }, RetryBackoff: { BaseSeconds: 1, MaxSeconds: 9 }';
    expect(resolved(mapping(fields)).mappings[0]?.fields).toEqual({
      batchSize: 20,
      maximumBatchingWindowInSeconds: 1,
      scalingConfig: { maximumConcurrency: 7 },
      retryBackoff: { baseSeconds: 1, maxSeconds: 9 },
    });
  });

  test.each([
    ['EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders', 'arn:aws:sqs:eu-west-1:123456789012:orders'],
    ['QueueUrl: https://sqs.eu-west-1.amazonaws.com/123456789012/orders', 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders'],
  ])('reads SQS for %s', (source, queue) => {
    const { mappings } = resolved(`functions: { f: { Url: 'http://127.0.0.1:1/' } }\nmappings: [{ ${source}, FunctionName: f }]`);
    expect(mappings).toMatchObject([{ name: 'orders/f', source: { kind: 'sqs', queue } }]);
  });

  test.each(['lib/print.handler', './lib/print.mjs', './lib/print.mjs#handler'])('finds the handler %s', (handler) => {
    expect(resolved(`functions: { f: { Handler: '${handler}' } }`).functions[0]?.target).toEqual({
      kind: 'handler',
      handler: { file: join(folder, 'lib/print.mjs'), exportName: 'handler' },
    });
  });
});

describe('a file that is wrong names the field in its own spelling, what it is, the range and the fix', () => {
  test.each<[string, string, RegExp]>([
    ['no object', '- a list', /^options: must be an object with functions, queues, streams, topics and mappings, but is a list of 1$/],
    ['an unknown field', 'function: {}', /^function: is not a field that is known here; did you mean functions\?$/],
    [
      'an address of the network',
      'listen: 0.0.0.0:4680',
      /^listen: is "0\.0\.0\.0:4680", where others than this machine may call, .*add api\.credentials/,
    ],
    ['an address without port', 'listen: localhost', /^listen: must be an IP address and port such as 127\.0\.0\.1:4680/],
    ['a port out of range', 'listen: 127.0.0.1:65536', /^listen: must be an IP address and port/],
    [
      'a level that is none',
      'log: { level: loud }',
      /^log\.level: must be one of debug, info, warn, error, silent.*but is the text "loud"$/,
    ],
    ['a store that is none', 'store: { type: redis }', /^store\.type: must be memory or sqlite, but is the text "redis"$/],
    ['a path without effect', 'store: { type: memory, path: x }', /^store\.path: has no effect on a store in memory/],
    [
      'a stop without end',
      'stopTimeoutSeconds: 3601',
      /^stopTimeoutSeconds: must be a whole number from 0 to 3600 .*but is the number 3601$/,
    ],
    ['an account', 'aws: { accountId: 12 }', /^aws\.accountId: must be an account id of 12 digits/],
    ['a function without target', 'functions: { f: {} }', /^functions\.f: must have a Handler, .*a Url, .*or a Lambda/],
    ['two targets', "functions: { f: { Handler: ./lib/print.mjs, Url: 'http://x/' } }", /^functions\.f: has a Handler and a Url/],
    [
      'a missing file',
      'functions: { f: { Handler: ./lib/none.mjs } }',
      /^functions\.f\.Handler: there is no file .*lib\/none\.mjs; paths start/,
    ],
    [
      'a missing module',
      'functions: { f: { Handler: lib/none.run } }',
      /^functions\.f\.Handler: there is no file .*lib\/none with the ending \.mjs/,
    ],
    ['no export', "functions: { f: { Handler: './lib/print.mjs#' } }", /^functions\.f\.Handler: names no export behind its #/],
    ['a timeout', "functions: { f: { Url: 'http://x/', Timeout: 901 } }", /^functions\.f\.Timeout: must be a number of seconds up to 900/],
    ['a function name', "functions: { 'a b': { Url: 'http://x/' } }", /^functions\.a b: must be named by 1 to 64 letters/],
    ['a queue name', "queues: { 'a b': {} }", /^queues\.a b: must be named by 1 to 80 letters/],
    [
      'a queue of nothing',
      'queues: { a: }',
      /^queues\.a: must be an object with the settings of the queue \(\{\} for the defaults\), but is null$/,
    ],
    ['a field of a queue', 'queues: { a: { delay: 3 } }', /^queues\.a\.delay: is not a field that is known here/],
    [
      'an unknown DLQ',
      'queues: { a: { redrive: { queue: a-dql, maxReceiveCount: 1 } }, a-dlq: {} }',
      /^queues\.a\.redrive\.queue: .*a-dlq\?$/,
    ],
    [
      'a DLQ of itself',
      'queues: { a: { redrive: { queue: a, maxReceiveCount: 1 } } }',
      /^queues\.a\.redrive\.queue: leads in a circle \(a, a\)/,
    ],
    ['a DLQ of another kind', 'queues: { a: { redrive: { queue: b.fifo, maxReceiveCount: 1 } }, b.fifo: {} }', /must be of the same type/],
    ['content', 'queues: { a: { contentBasedDeduplication: true } }', /^queues\.a\.contentBasedDeduplication: belongs to FIFO queues/],
    [
      'no group',
      'queues: { a.fifo: { produce: { everySeconds: 1, bodies: [x] } } }',
      /^queues\.a\.fifo\.produce\.messageGroupIds: is needed/,
    ],
    [
      'no body',
      'queues: { a: { produce: { everySeconds: 1, bodies: [] } } }',
      /^queues\.a\.produce\.bodies: must be a list of at least one body/,
    ],
    ['no source', 'functions: { f: { Url: http://x/ } }\nmappings: [{ FunctionName: f }]', /^mappings\[0\]: must have an EventSourceArn/],
    ['BatchSize', mapping('BatchSize: ten'), /^mappings\[0\]\.BatchSize: must be a whole number from 1 to 10000 .*but is the text "ten"$/],
    ['BatchSize alone', mapping('BatchSize: 11'), /^mappings\[0\]\.BatchSize: Maximum batch window in seconds must be greater than 0/],
    [
      'BatchSize of FIFO',
      mapping('BatchSize: 11', 'steps.fifo'),
      /^mappings\[0\]\.BatchSize: is 11, but a batch of a FIFO queue takes at most 10/,
    ],
    [
      'concurrency',
      mapping('ScalingConfig: { MaximumConcurrency: 1 }'),
      /^mappings\[0\]\.ScalingConfig\.MaximumConcurrency: .*from 2 to 1000/,
    ],
    ['a slip', mapping('BatchSzie: 5'), /^mappings\[0\]\.BatchSzie: is not a field that is known here; did you mean BatchSize\?$/],
    ['a slip in its own field', mapping('QueueUrll: x'), /^mappings\[0\]\.QueueUrll: .*did you mean QueueUrl\?$/],
    ['camelCase', mapping('batchSize: 5'), /^mappings\[0\]\.batchSize: .*did you mean BatchSize\?$/],
    [
      'camelCase below',
      mapping('ScalingConfig: { maximumConcurrency: 5 }'),
      /^mappings\[0\]\.ScalingConfig\.maximumConcurrency: .*did you mean Maxim/,
    ],
    ['a field of streams', mapping('StartingPosition: LATEST'), /^mappings\[0\]\.StartingPosition: Unsupported StartingPosition parameter/],
    [
      'a queue that is not there',
      mapping('Enabled: true', 'order'),
      /^mappings\[0\]\.EventSourceArn: there is no embedded queue order .*orders\?$/,
    ],
    [
      'a name twice',
      `${GOOD.trimEnd().slice(0, -1)}, { EventSourceArn: 'arn:aws:sqs:embedded:000000000000:orders', FunctionName: print }]`,
      /^mappings\[1\]: is named orders\/print, as mappings\[0\] is/,
    ],
    [
      'a source of another kind',
      "mappings: [{ EventSourceArn: 'arn:aws:mq:eu-west-1:123456789012:broker:x', FunctionName: f }]",
      /^mappings\[0\]\.EventSourceArn: names a source of mq; this version reads queues \(arn:aws:sqs:.*, streams \(arn:aws:kinesis:.* and topics/,
    ],
  ])('%s', (_title, yaml, expected) => {
    const found = problemsOf(yaml);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(expected);
  });

  test('credentials are refused with the way to give them, and never repeated', () => {
    const found = problemsOf('aws: { accessKeyId: AKIASECRET, secretAccessKey: hush-hush, region: eu-west-1 }');
    expect(found).toHaveLength(2);
    for (const problem of found) expect(problem).toMatch(/^aws\.(accessKeyId|secretAccessKey): .*AWS_ACCESS_KEY_ID/);
    expect(found.join()).not.toMatch(/AKIASECRET|hush-hush/);
  });

  test('everything is told at once, of every part', () => {
    const found = problemsOf(`
listen: 0.0.0.0:1
stopTimeoutSeconds: -1
functions: { f: { Handler: ./none.mjs }, g: { Timeout: 0 } }
queues: { a: { visibilityTimeoutSeconds: x }, b: { redrive: { queue: z, maxReceiveCount: 1 } } }
mappings:
  - { EventSourceArn: 'arn:aws:sqs:embedded:000000000000:a', FunctionName: h, BatchSize: 0 }
  - { EventSourceArn: 'arn:aws:sqs:embedded:000000000000:c', FunctionName: f }
  - { Name: '!', EventSourceArn: 'arn:aws:sqs:embedded:000000000000:a', FunctionName: f, Heartbeat: maybe }
`);
    expect(found.map((problem) => problem.slice(0, problem.indexOf(': '))).sort()).toEqual([
      'functions.f.Handler',
      'functions.g.Timeout',
      'listen',
      'mappings[0].BatchSize',
      'mappings[0].FunctionName',
      'mappings[1].EventSourceArn',
      'mappings[2].Heartbeat',
      'mappings[2].Name',
      'queues.a.visibilityTimeoutSeconds',
      'queues.b.redrive.queue',
      'stopTimeoutSeconds',
    ]);
  });
});
