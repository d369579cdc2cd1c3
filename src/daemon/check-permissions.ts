import type { PermissionProbe, PermissionReport, PermissionResult } from '../contract/index.ts';

/** Tries every action, one resource after the other, and says which are missing. Never rejects, and changes nothing. */
export async function checkPermissions(probes: readonly PermissionProbe[]): Promise<PermissionReport> {
  const results: PermissionResult[] = [];
  for (const { action, resource, probe } of distinct(probes)) {
    // One after the other: later ones may look at what earlier ones found, and services limit such calls.
    const answer = await probe().catch((error: unknown) => ({
      kind: 'unknown' as const,
      message: error instanceof Error ? error.message : String(error),
    }));
    results.push({ action, resource, answer });
  }
  const missing = results.filter(({ answer }) => answer.kind === 'denied');
  return { results, missing, statement: missing.length === 0 ? undefined : statementOf(missing) };
}

/** What people read, a line for each action that was not found to be allowed; empty when all are. */
export function permissionLines({ results, statement }: PermissionReport): readonly string[] {
  const lines = results.flatMap(({ action, resource, answer }) => {
    if (answer.kind === 'allowed') return [];
    const found = answer.kind === 'denied' ? 'is missing' : 'could not be tried';
    return [`${action} on ${resource} ${found}: ${answer.message}`];
  });
  return statement === undefined ? lines : [...lines, `a policy that allows it: ${JSON.stringify(statement)}`];
}

function distinct(probes: readonly PermissionProbe[]): readonly PermissionProbe[] {
  return [...new Map(probes.map((probe) => [JSON.stringify([probe.action, probe.resource]), probe])).values()];
}

function statementOf(missing: readonly PermissionResult[]): NonNullable<PermissionReport['statement']> {
  const sorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort();
  return {
    Effect: 'Allow',
    Action: sorted(missing.map(({ action }) => action)),
    Resource: sorted(missing.map(({ resource }) => resource)),
  };
}
