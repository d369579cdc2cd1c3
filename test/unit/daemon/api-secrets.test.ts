import { expect, it } from 'vitest';
import { refuseLocalSecrets } from '../../../src/daemon/api-secrets.ts';
import type { ApiPlan } from '../../../src/daemon/plan-api.ts';

const OPEN: ApiPlan = { credentials: [], tokens: [], tls: undefined, rateLimit: undefined, maxConnections: undefined };
const secret = { kind: 'variable', at: 'api', name: 'KEY' } as const;
const ASKING: ApiPlan = { ...OPEN, credentials: [{ accessKeyId: 'AKIDEXAMPLE', secret, role: 'manage' }] };
const WITH_TOKENS: ApiPlan = { ...OPEN, tokens: [{ secret, role: 'manage' }] };

const fieldsWith = (uri: string): Parameters<typeof refuseLocalSecrets>[0] => ({
  fields: {
    BatchSize: 100,
    SourceAccessConfigurations: [
      { Type: 'VPC_SUBNET', URI: 'subnet:a' },
      { Type: 'BASIC_AUTH', URI: uri },
    ],
  },
});

it.for(['env:AWS_SECRET_ACCESS_KEY', 'file:/etc/shadow', 'file:///etc/shadow'])(
  'an API that asks who calls sends no secret of its machine to brokers of the caller: %s',
  (uri) => {
    for (const api of [ASKING, WITH_TOKENS]) {
      expect(() => {
        refuseLocalSecrets(fieldsWith(uri), api);
      }).toThrow('must be the ARN of a secret');
    }
    expect(() => {
      refuseLocalSecrets(fieldsWith(uri), OPEN);
    }).not.toThrow();
  },
);

it('takes secrets of Secrets Manager, and mappings without any', () => {
  expect(() => {
    refuseLocalSecrets(fieldsWith('arn:aws:secretsmanager:us-east-1:000000000000:secret:kafka'), ASKING);
    refuseLocalSecrets({ fields: { BatchSize: 10 } }, ASKING);
  }).not.toThrow();
});
