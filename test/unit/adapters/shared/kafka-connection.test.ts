import { inspect } from 'node:util';
import { logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { type KafkaConnectionOptions, resolveConnection, toKafkajs } from '../../../../adapters/shared/kafka-connection.ts';
import type { LogFields, Logger } from '../../../../src/index.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { problemsOf } from '../../../support/problems-of.ts';

const authority = createAuthority('Test Authority');
const own = authority.issue('client');
const other = authority.issue('other');
const brokers = ['127.0.0.1:9092'];

/** Options as somebody may write them who has no types. */
function faults(options: unknown): readonly string[] {
  return problemsOf(() => resolveConnection(options as KafkaConnectionOptions)).map(({ field, message }) => `${field}: ${message}`);
}

function collecting(): {
  readonly logger: Logger;
  readonly lines: { readonly level: string; readonly fields: LogFields; readonly message: string }[];
} {
  const lines: { level: string; fields: LogFields; message: string }[] = [];
  const at =
    (level: string) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, fields, message });
    };
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger };
  return { logger, lines };
}

test('good options are taken as they are, with a client id', () => {
  expect(resolveConnection({ brokers: ['a.example:9092', '127.0.0.1:1'] })).toEqual({
    brokers: ['a.example:9092', '127.0.0.1:1'],
    clientId: 'millrace',
    ssl: false,
    sasl: undefined,
  });
  const tls = { ca: authority.certificate, cert: own.certificate, key: own.encryptedKey('open'), passphrase: 'open' };
  expect(resolveConnection({ brokers, ssl: tls }).ssl).toEqual(tls);
});

test.each([
  ['no brokers', { brokers: [] }, /^brokers: must be a list such as/],
  ['a text in place of the list', { brokers: '127.0.0.1:9092' }, /^brokers: must be a list .* not "127/],
  ['no port', { brokers: ['kafka'] }, /^brokers\[0\]: must be host:port with a port from 1 to 65535.* not "kafka"/],
  ['port 0', { brokers: [...brokers, 'kafka:0'] }, /^brokers\[1\]: must be host:port/],
  ['a port too high', { brokers: ['kafka:65536'] }, /^brokers\[0\]: must be host:port/],
  ['IPv6', { brokers: ['[::1]:9092'] }, /^brokers\[0\]: .*IPv6/],
  ['an empty client id', { brokers, clientId: ' ' }, /^clientId: must be a text/],
  ['ssl as a text', { brokers, ssl: 'yes' }, /^ssl: must be true, false or/],
  ['a mistyped name', { brokers, ssl: { cafile: 'x' } }, /^ssl\.cafile: is not known; there are ca, cert, key, passphrase/],
  ['no PEM', { brokers, ssl: { ca: '/etc/ca.pem' } }, /^ssl\.ca: must be one or more certificates in PEM/],
  ['a certificate without its key', { brokers, ssl: { cert: own.certificate } }, /^ssl\.key: must be given/],
  ['a key without its certificate', { brokers, ssl: { key: own.key } }, /^ssl\.cert: must be given/],
  ['the key of another', { brokers, ssl: { cert: own.certificate, key: other.key } }, /^ssl\.key: must be the private key of ssl\.cert/],
  [
    'an encrypted key alone',
    { brokers, ssl: { cert: own.certificate, key: own.encryptedKey('a-phrase') } },
    /^ssl\.passphrase: must be given/,
  ],
  [
    'a wrong passphrase',
    { brokers, ssl: { cert: own.certificate, key: own.encryptedKey('a-phrase'), passphrase: 'b-phrase' } },
    /^ssl\.passphrase: does not open/,
  ],
  ['no mechanism', { brokers, sasl: { username: 'u', password: 'p' } }, /^sasl\.mechanism: must be one of 'plain', 'scram-sha-256'/],
  ['a mechanism in capitals', { brokers, sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } }, /^sasl\.mechanism: .*small letters/],
  ['no password', { brokers, sasl: { mechanism: 'plain', username: 'u' } }, /^sasl\.password: must be a text/],
  ['no token function', { brokers, sasl: { mechanism: 'oauthbearer', token: 'abc' } }, /^sasl\.token: must be a function/],
])('%s is refused with the field and the fix', (_, options, message) => {
  const found = faults(options);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(message);
});

test('no refusal repeats a secret', () => {
  const told = [
    ...faults({ brokers: ['user:hidden-word@kafka:9092'], ssl: { ca: 'hidden-word', cert: 'hidden-word', key: 'hidden-word' } }),
    ...faults({ brokers, ssl: { cert: own.certificate, key: 'hidden-word', passphrase: 'hidden-word' } }),
    ...faults({ brokers, sasl: { mechanism: 'hidden-word', password: 'hidden-word' } }),
  ];
  expect(told.length).toBeGreaterThan(4);
  expect(told.join('\n')).not.toContain('hidden-word');
});

test('kafkajs is told TLS, who we are, and to try every broker once', () => {
  const { logger } = collecting();
  const config = toKafkajs(
    resolveConnection({ brokers: ['a:1', 'b:2'], ssl: true, sasl: { mechanism: 'scram-sha-512', username: 'miller', password: 'word' } }),
    logger,
  );
  expect(config).toMatchObject({
    ssl: {},
    sasl: { mechanism: 'scram-sha-512', username: 'miller', password: 'word' },
    retry: { retries: 1 },
  });
});

test('a token is asked of the function for each connection', async () => {
  const { logger } = collecting();
  let asked = 0;
  const token = (): Promise<{ value: string }> => Promise.resolve({ value: `token-${String((asked += 1))}` });
  const { sasl } = toKafkajs(resolveConnection({ brokers, sasl: { mechanism: 'oauthbearer', token } }), logger);
  const provider = typeof sasl === 'object' && 'oauthBearerProvider' in sasl ? sasl.oauthBearerProvider : undefined;
  expect([await provider?.(), await provider?.()]).toEqual([{ value: 'token-1' }, { value: 'token-2' }]);
});

test("kafkajs's log is ours: errors as warnings, news as details, no field but those that help, and no secret", () => {
  const { logger, lines } = collecting();
  const config = toKafkajs(
    resolveConnection({ brokers, sasl: { mechanism: 'plain', username: 'miller', password: 'hidden-word' } }),
    logger,
  );
  const write = config.logCreator?.(logLevel.INFO);
  const log = { timestamp: '', logger: 'kafkajs' };
  write?.({
    namespace: 'Connection',
    level: logLevel.ERROR,
    label: 'ERROR',
    log: { ...log, message: 'it said hidden-word', broker: 'a:1', payload: 'hidden-word' },
  });
  write?.({
    namespace: 'Cluster',
    level: logLevel.INFO,
    label: 'INFO',
    log: { ...log, message: 'joined', error: new Error('for hidden-word'), retryCount: 3 },
  });
  expect(lines).toEqual([
    { level: 'warn', fields: { kafkajs: 'Connection', broker: 'a:1' }, message: 'it said [secret]' },
    { level: 'debug', fields: { kafkajs: 'Cluster', error: 'for [secret]', retryCount: 3 }, message: 'joined' },
  ]);
  expect(inspect(lines, { depth: 9 })).not.toContain('hidden-word');
});
