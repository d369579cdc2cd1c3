import { parseFunctionName } from '../engine/index.ts';
import {
  functionArnOf,
  type MappingDefinition,
  type MappingFields,
  type MappingOwner,
  type SourceKind,
  withDefaults,
} from '../resource/index.ts';
import { arnOf } from './arn.ts';
import type { DaemonConfig } from './config.ts';
import { isPlainObject } from './pascal-schema.ts';
import type { MappingPlan } from './plan-mappings.ts';

/** What a definition that comes from a file is made with. */
export interface FileDefinitionParts {
  readonly plan: MappingPlan;
  readonly owner: MappingOwner;
  readonly config: DaemonConfig;
  /** What is stored under the name. */
  readonly before: MappingDefinition | undefined;
  /** Wall clock, epoch ms. */
  readonly now: number;
  /** For one that is new. */
  readonly uuid: string;
}

/**
 * The definition of a mapping of a file. What is stored of it stays as it is, with whether it was switched off over the API, until
 * the file says something else; its UUID and its tags stay in any case.
 */
export function definitionOfPlan({ plan, owner, config, before, now, uuid: fresh }: FileDefinitionParts): MappingDefinition {
  const { entry, name } = plan;
  const isSame = before !== undefined && !before.isDeleting && JSON.stringify(before.entry) === JSON.stringify(entry);
  if (isSame && JSON.stringify(before.owner) === JSON.stringify(owner)) return before;
  const uuid = before?.uuid ?? fresh;
  const source = kindOf(plan);
  return {
    uuid,
    name,
    owner,
    source,
    functionArn: functionArn(plan.functionName, config),
    enabled: isSame ? before.enabled : plan.fields.enabled !== false,
    createdAt: before?.createdAt ?? now,
    lastModified: now,
    fields: fieldsOf(plan, source, uuid, config),
    tags: before?.tags ?? {},
    isDeleting: false,
    entry,
  };
}

function kindOf({ source, entry }: MappingPlan): SourceKind {
  switch (source.kind) {
    case 'embedded-queue':
    case 'sqs':
      return source.queue.endsWith('.fifo') ? 'sqs-fifo' : 'sqs';
    case 'dynamodb-streams':
      return 'dynamodb';
    case 'kinesis':
    case 'embedded-stream':
      return 'kinesis';
    default:
      return entry['SelfManagedEventSource'] === undefined ? 'msk' : 'self-managed-kafka';
  }
}

function functionArn(functionName: string, { places }: DaemonConfig): string {
  const name = parseFunctionName(functionName);
  const place = { region: places.region, account: places.accountId };
  if (typeof name !== 'string') return functionArnOf(name, place);
  return functionArnOf({ name: functionName, qualifier: undefined, partition: undefined, region: undefined, account: undefined }, place);
}

/** AWS's fields; an answer shows these and no others. */
const AWS_FIELDS = [
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'FilterCriteria',
  'ScalingConfig',
  'ParallelizationFactor',
  'StartingPosition',
  'StartingPositionTimestamp',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'TumblingWindowInSeconds',
  'FunctionResponseTypes',
  'Topics',
  'SourceAccessConfigurations',
  'SelfManagedEventSource',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'ProvisionedPollerConfig',
] as const;

function fieldsOf({ entry }: MappingPlan, source: SourceKind, uuid: string, config: DaemonConfig): MappingFields {
  const given = Object.fromEntries(
    AWS_FIELDS.flatMap((field) => (entry[field] === undefined ? [] : [[field, awsValue(field, entry[field])]])),
  );
  const arn = sourceArn(entry, config);
  return withDefaults(source, { ...given, ...(arn === undefined ? {} : { EventSourceArn: arn }) }, uuid);
}

/** Files say some things in ways that AWS does not. */
function awsValue(field: (typeof AWS_FIELDS)[number], value: unknown): unknown {
  if (field === 'StartingPositionTimestamp' && typeof value === 'string') return Date.parse(value) / 1000;
  if (field !== 'FilterCriteria' || !isPlainObject(value) || !Array.isArray(value['Filters'])) return value;
  const filters = (value['Filters'] as readonly { readonly Pattern?: unknown }[]).map(({ Pattern: pattern }) => ({
    Pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern),
  }));
  return { Filters: filters };
}

/** A queue that is named by its URL has the ARN that the URL says. */
function sourceArn(entry: MappingPlan['entry'], { aws, places }: DaemonConfig): string | undefined {
  const { EventSourceArn: arn, QueueUrl: url } = entry;
  if (typeof arn === 'string') return arnOf(arn).text;
  if (typeof url !== 'string') return undefined;
  const [account = places.accountId, name = ''] = url.split('/').slice(-2);
  const region = /[/.]([a-z]{2}(?:-[a-z]+)+-\d)[/.]/.exec(url)?.[1] ?? aws.region ?? places.region;
  return `arn:aws:sqs:${region}:${/^\d{12}$/.test(account) ? account : places.accountId}:${name}`;
}
