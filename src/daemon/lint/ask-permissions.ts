import type { PermissionProbe } from '../../contract/index.ts';
import type { Catalog } from '../catalog.ts';
import { checkPermissions } from '../check-permissions.ts';
import type { DaemonConfig } from '../config.ts';
import { placeOf } from '../place.ts';
import type { MappingPlan } from '../plan-mappings.ts';
import { functionFacts } from './facts.ts';
import { finder, type LintFinding } from './finding.ts';

type Use = Parameters<NonNullable<Catalog['permissions']>>[0];

/** Tries every action that the mappings need on AWS, and finds those that are denied. Changes nothing. */
export async function askPermissions(config: DaemonConfig, catalog: Catalog, findings: LintFinding[]): Promise<void> {
  for (const plan of config.mappings) {
    const find = finder(findings, plan.name, plan.at);
    const probes: PermissionProbe[] = [];
    for (const use of usesOf(plan, config)) probes.push(...((await catalog.permissions?.(use)) ?? []));
    const { results, statement } = await checkPermissions(probes);
    for (const { action, resource, answer } of results) {
      if (answer.kind === 'denied') {
        const policy = statement === undefined ? '' : `: ${JSON.stringify({ ...statement, Action: [action], Resource: [resource] })}`;
        find('error', 'permissions', `${action} on ${resource} is missing (${answer.message})`, `allow it in a policy${policy}`);
      } else if (answer.kind === 'unknown') {
        find(
          'note',
          'permissions',
          `${action} on ${resource} could not be tried (${answer.message})`,
          'see that the service can be reached from here',
        );
      }
    }
  }
}

function usesOf(plan: MappingPlan, config: DaemonConfig): Use[] {
  const { aws, lambda } = config;
  const uses: Use[] = [];
  const { source } = plan;
  if (source.kind === 'sqs') uses.push({ use: 'sqs-source', resource: source.queue, settings: placeOf(aws, 'sqs').settings });
  if (source.kind === 'kinesis') uses.push({ use: 'kinesis-source', resource: source.stream, settings: placeOf(aws, 'kinesis').settings });
  if (source.kind === 'dynamodb-streams') {
    uses.push({ use: 'dynamodb-streams-source', resource: source.stream, settings: placeOf(aws, 'dynamodbstreams').settings });
  }
  if (plan.discipline !== 'queue' && plan.destination !== undefined) {
    const { destination } = plan;
    if (destination.kind === 'sqs' || destination.kind === 'sns' || destination.kind === 's3') {
      const { kind, arn } = destination;
      uses.push({ use: `${kind}-destination`, resource: arn, settings: placeOf(aws, kind).settings });
    }
  }
  const functionName = plan.isElsewhere ? plan.functionName : functionFacts(plan, config).lambdaName;
  if (functionName !== undefined)
    uses.push({ use: 'lambda-target', resource: functionName, settings: placeOf(aws, 'lambda', lambda).settings });
  return uses;
}
