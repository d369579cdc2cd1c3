import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/daemon/config.ts';
import { apiTakenOver, configChange } from '../../../src/daemon/config-change.ts';
import { apiFiles } from '../../../src/daemon/open-api.ts';

const configOf = (api: object): ReturnType<typeof resolveConfig> => resolveConfig({ folder: '/etc/millrace', content: { api } }, 0);

const KEY = { accessKeyId: 'AKIAONE', secretAccessKeyFile: './one.secret', role: 'manage' };
const OTHER = { accessKeyId: 'AKIATWO', secretAccessKeyEnv: 'TWO', role: 'read' };
const TOKEN = { tokenFile: './token', role: 'read' };
const TLS = { certificate: './a.crt', key: './a.key' };

describe('the section api of a running daemon', () => {
  test.each([
    ['other keys', { credentials: [KEY] }, { credentials: [OTHER, KEY] }],
    ['tokens in the place of keys', { credentials: [KEY] }, { tokens: [TOKEN] }],
    ['another certificate', { tls: TLS }, { tls: { certificate: './b.crt', key: './b.key' } }],
  ])('takes over %s', (_what, before, after) => {
    const [was, is] = [configOf(before), configOf(after)];
    expect(configChange(was, is).atNextStart).toEqual([]);
    expect(apiTakenOver(was.api, is.api)).toEqual(is.api);
  });

  test.each([
    ['credentials where there were none', {}, { credentials: [KEY] }, ['api.credentials and api.tokens']],
    ['no credentials where there were some', { tokens: [TOKEN] }, {}, ['api.credentials and api.tokens']],
    ['TLS where there was none', {}, { tls: TLS }, ['api.tls']],
    ['no TLS where there was some', { tls: TLS }, {}, ['api.tls']],
    ['limits', {}, { rateLimit: { requestsPerSecond: 3 }, maxConnections: 2 }, ['api.rateLimit', 'api.maxConnections']],
  ])('leaves %s to the next start', (_what, before, after, fields) => {
    const [was, is] = [configOf(before), configOf(after)];
    expect(configChange(was, is).atNextStart).toEqual(fields);
    expect(apiTakenOver(was.api, is.api)).toEqual(was.api);
  });

  test('says which files it was read from', () => {
    const { api } = configOf({ credentials: [KEY, OTHER], tokens: [TOKEN], tls: TLS });
    expect(apiFiles(api)).toEqual(['one.secret', 'token', 'a.crt', 'a.key'].map((name) => `/etc/millrace/${name}`));
  });
});
