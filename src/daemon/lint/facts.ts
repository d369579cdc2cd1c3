import { parseFunctionName } from '../../engine/index.ts';
import type { DaemonConfig } from '../config.ts';
import type { MappingPlan } from '../plan-mappings.ts';

/** What is known of a function. What is absent is not known. */
export interface FunctionFacts {
  /** Where it stands in the configuration; `undefined`: it is elsewhere. */
  readonly at: string | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly reservedConcurrency: number | undefined;
  /** What Lambda calls it, when it is a function of the file that is there. */
  readonly lambdaName?: string;
}

/** What is known of a source. What is absent is not known. */
export interface SourceFacts {
  readonly visibilitySeconds?: number;
  readonly hasRedrive?: boolean;
  readonly maxReceiveCount?: number;
  readonly retentionSeconds?: number;
  /** Shards that take records, or partitions. */
  readonly shards?: number;
}

/** A function's time-out unless it is said, seconds. */
const TIMEOUT_SECONDS_DEFAULT = 3;

/** What the configuration says of a mapping's function. */
export function functionFacts({ functionName, isElsewhere }: MappingPlan, { functions }: DaemonConfig): FunctionFacts {
  const parsed = parseFunctionName(functionName);
  const plan = isElsewhere || typeof parsed === 'string' ? undefined : functions.find(({ name }) => name === parsed.name);
  if (plan === undefined || typeof parsed === 'string') return { at: undefined, timeoutSeconds: undefined, reservedConcurrency: undefined };
  const { at, settings, versions, aliases } = plan;
  const qualifier = parsed.qualifier ?? '';
  const version = aliases[qualifier]?.functionVersion ?? qualifier;
  const own = versions.find((one) => one.version === version)?.settings.timeout;
  const { target } = plan;
  return {
    at,
    ...(target.kind === 'lambda' ? { lambdaName: target.functionName } : {}),
    timeoutSeconds: own ?? settings.timeout ?? TIMEOUT_SECONDS_DEFAULT,
    reservedConcurrency: settings.reservedConcurrentExecutions,
  };
}

/** The default retention of Kinesis, and the only one of DynamoDB, seconds. */
const DAY_SECONDS = 86_400;

/** What is known of a source before it is asked. */
export function sourceFacts({ source }: MappingPlan): SourceFacts {
  return source.kind === 'dynamodb-streams' ? { retentionSeconds: DAY_SECONDS } : {};
}
