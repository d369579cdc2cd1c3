import { describe, expect, test } from 'vitest';
import { catalog } from '../../../../adapters/catalog.ts';
import { resolveConfig } from '../../../../src/daemon/config.ts';
import { askPermissions } from '../../../../src/daemon/lint/ask-permissions.ts';
import type { LintFinding } from '../../../../src/daemon/lint/finding.ts';

const STREAM = 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks';
const FAILED = 'arn:aws:sqs:us-east-1:000000000000:failed';
const CONTENT = {
  aws: { region: 'us-east-1' },
  lambda: {},
  mappings: [
    {
      Name: 'm',
      EventSourceArn: STREAM,
      FunctionName: 'mill',
      StartingPosition: 'LATEST',
      DestinationConfig: { OnFailure: { Destination: FAILED } },
    },
  ],
};

describe('millrace check --permissions', () => {
  test('tries source, destination and function of a mapping, and finds what is denied with a policy that allows it', async () => {
    const asked: string[] = [];
    const findings: LintFinding[] = [];
    const denying = {
      ...catalog,
      version: '0',
      permissions: ({ use, resource }: { readonly use: string; readonly resource: string }) => {
        asked.push(`${use} ${resource}`);
        const kind = use === 'kinesis-source' ? ('denied' as const) : ('unknown' as const);
        const answer = use === 'lambda-target' ? { kind: 'allowed' as const } : { kind, message: 'because' };
        return Promise.resolve([{ action: `${use}:Do`, resource, probe: () => Promise.resolve(answer) }]);
      },
    };
    await askPermissions(resolveConfig({ folder: '.', content: CONTENT }, 0), denying, findings);
    expect(asked).toEqual([`kinesis-source ${STREAM}`, `sqs-destination ${FAILED}`, 'lambda-target mill']);
    expect(findings.map(({ severity, message }) => [severity, message])).toEqual([
      ['error', `kinesis-source:Do on ${STREAM} is missing (because)`],
      ['note', `sqs-destination:Do on ${FAILED} could not be tried (because)`],
    ]);
    expect(findings[0]?.fix).toContain(JSON.stringify({ Effect: 'Allow', Action: ['kinesis-source:Do'], Resource: [STREAM] }));
  });
});
