import type { FoundFunction, FunctionSummary } from '../../engine/index.ts';

const MEMORY_MB = 128;

type Answer = Readonly<Record<string, unknown>>;

/** FunctionConfiguration of what was named: what Millrace knows, and what readers of it cannot do without. */
export function configurationOf({ name, arn, version, timeoutMs, function: summary }: FoundFunction, since: number): Answer {
  return {
    FunctionName: name,
    FunctionArn: arn,
    Version: version,
    Description: summary.description ?? '',
    // Whole seconds, as AWS has them.
    Timeout: Math.ceil(timeoutMs / 1000),
    MemorySize: MEMORY_MB,
    CodeSize: 0,
    PackageType: 'Zip',
    LastModified: new Date(since).toISOString().replace('Z', '+0000'),
    State: 'Active',
    LastUpdateStatus: 'Successful',
  };
}

/** GetFunction. */
export function functionOf(found: FoundFunction, since: number): Answer {
  const { reservedConcurrency } = found.function;
  return {
    Configuration: configurationOf(found, since),
    Code: { RepositoryType: 'millrace' },
    ...(reservedConcurrency === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: reservedConcurrency } }),
  };
}

/** The functions of a list: each once, or each with all its versions. */
export function listed(functions: readonly FunctionSummary[], withVersions: boolean): readonly FoundFunction[] {
  return functions.flatMap((summary) =>
    summary.versions
      .filter(({ version }) => withVersions || version === '$LATEST')
      .map(({ version, timeoutMs }) => {
        const qualifier = withVersions ? version : undefined;
        const arn = qualifier === undefined ? summary.arn : `${summary.arn}:${qualifier}`;
        return { name: summary.name, qualifier, version, timeoutMs, arn, function: summary };
      }),
  );
}
