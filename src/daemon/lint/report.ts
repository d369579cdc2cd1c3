import type { LintFinding, Severity } from './finding.ts';

/** How many mappings were looked at, and what was found. */
export interface LintReport {
  readonly mappings: number;
  readonly findings: readonly LintFinding[];
}

const ORDER: readonly Severity[] = ['error', 'warning', 'note'];

/** Findings for people, those of one mapping under each other. */
export function reportText({ mappings, findings }: LintReport): string {
  const groups = new Map<string, LintFinding[]>();
  for (const finding of findings) {
    const name = finding.mapping ?? 'the configuration';
    groups.set(name, [...(groups.get(name) ?? []), finding]);
  }
  const texts = [...groups].map(([name, list]) => {
    const sorted = ORDER.flatMap((severity) => list.filter((finding) => finding.severity === severity));
    return `${name}\n${sorted.map(findingText).join('')}\n`;
  });
  const counts = ORDER.map((severity) => counted(findings.filter((finding) => finding.severity === severity).length, severity));
  return `${texts.join('')}${counted(mappings, 'mapping')} checked: ${counts.join(', ')}\n`;
}

function findingText({ severity, field, message, fix }: LintFinding): string {
  return `  ${severity.padEnd(7)}  ${field}: ${message}\n           ${fix}\n`;
}

function counted(count: number, what: string): string {
  return `${count === 0 ? 'no' : String(count)} ${what}${count === 1 ? '' : 's'}`;
}
