import { fieldsOf, type Given, refuseForeignFields } from './applicability.ts';
import { withDefaults } from './defaults.ts';
import type { MappingDefinition, MappingFields, SourceKind } from './definition.ts';
import { CREATE, UPDATE } from './fields.ts';
import { readShape } from './model.ts';
import { ResourceRefusal } from './refusal.ts';
import { checkTogether, type Wanted } from './rules.ts';
import { sourceKindOf } from './source-kind.ts';
import { checkTags } from './tags.ts';

/** A CreateEventSourceMapping that is right in itself. */
export interface CreateRequest {
  readonly functionName: string;
  readonly source: SourceKind;
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: MappingFields;
}

/** An UpdateEventSourceMapping whose values are right each for itself; what it means depends on the mapping. */
export interface UpdateRequest {
  readonly functionName: string | undefined;
  readonly enabled: boolean | undefined;
  readonly given: Readonly<Record<string, unknown>>;
}

/** What an update makes of a mapping. */
export interface UpdatedFields {
  readonly fields: MappingFields;
  /** Whether anything is other than before. */
  readonly isChanged: boolean;
}

/** Reads the body of CreateEventSourceMapping. `uuid` becomes the consumer group of Kafka. Throws a {@link ResourceRefusal}. */
export function readCreate(body: unknown, { now, uuid }: { readonly now: number; readonly uuid: string }): CreateRequest {
  const { FunctionName, Enabled, Tags = {}, ...given } = readShape(CREATE, body);
  const source = sourceKindOf(given);
  refuseForeignFields(source, given);
  const wanted = cleared(fieldsOf(source, given)) as Wanted;
  checkTogether(source, wanted, now);
  const tags = Tags as Readonly<Record<string, string>>;
  checkTags(tags);
  return {
    functionName: FunctionName as string,
    source,
    enabled: (Enabled as boolean | undefined) ?? true,
    tags,
    fields: withDefaults(source, wanted, uuid),
  };
}

/** Reads the body of UpdateEventSourceMapping. Throws a {@link ResourceRefusal}. */
export function readUpdate(body: unknown): UpdateRequest {
  const { FunctionName, Enabled, ...given } = readShape(UPDATE, body);
  return { functionName: FunctionName as string | undefined, enabled: Enabled as boolean | undefined, given };
}

/**
 * The fields of a mapping after an update: what is left out stays, what is given empty is cleared (spec a.7). Throws a
 * {@link ResourceRefusal}.
 */
export function applyUpdate(definition: MappingDefinition, { given }: UpdateRequest): UpdatedFields {
  const { source, fields: before, uuid } = definition;
  refuseForeignFields(source, given);
  refuseOtherGroup(before, given);
  const wanted = cleared({ ...before, ...withPollersOf(before, withGroupOf(before, fieldsOf(source, given))) }) as Wanted;
  // Its start was checked when it was created, and cannot change.
  checkTogether(source, wanted, Number.POSITIVE_INFINITY);
  const fields = withDefaults(source, wanted, uuid);
  return { fields, isChanged: JSON.stringify(sorted(fields)) !== JSON.stringify(sorted(before)) };
}

const KAFKA_CONFIGS = ['AmazonManagedKafkaEventSourceConfig', 'SelfManagedKafkaEventSourceConfig'] as const;

/** The consumer group of a mapping is what its position is stored under. */
function refuseOtherGroup(before: MappingFields, given: Readonly<Record<string, unknown>>): void {
  for (const field of KAFKA_CONFIGS) {
    const group = (given[field] as { readonly ConsumerGroupId?: string } | undefined)?.ConsumerGroupId;
    if (group !== undefined && group !== before[field]?.ConsumerGroupId) {
      throw new ResourceRefusal('InvalidParameterValueException', 'ConsumerGroupId of an event source mapping cannot be changed.');
    }
  }
}

/** Pollers keep what is left out of them; an empty configuration ends provisioned mode. */
function withPollersOf({ ProvisionedPollerConfig: before }: MappingFields, given: Given): Given {
  const pollers = given['ProvisionedPollerConfig'] as MappingFields['ProvisionedPollerConfig'];
  if (pollers === undefined || Object.keys(pollers).length === 0) return given;
  return { ...given, ProvisionedPollerConfig: { ...before, ...pollers } };
}

/** A configuration of Kafka replaces the one before, but for the group. */
function withGroupOf(before: MappingFields, given: Given): Given {
  const configs = KAFKA_CONFIGS.flatMap((field): [string, unknown][] => {
    const config = given[field];
    return config === undefined ? [] : [[field, { ...config, ConsumerGroupId: before[field]?.ConsumerGroupId }]];
  });
  return { ...given, ...Object.fromEntries(configs) };
}

/** Without what was given to clear a field. */
function cleared(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(given).flatMap(([field, value]) => clearedField(field, value)));
}

function clearedField(field: string, value: unknown): [string, unknown][] {
  switch (field) {
    case 'FilterCriteria': {
      const filters = (value as { readonly Filters?: readonly { readonly Pattern?: string }[] }).Filters ?? [];
      // A filter without a pattern says nothing.
      const Filters = filters.filter(({ Pattern: pattern }) => pattern !== undefined);
      return Filters.length === 0 ? [] : [[field, { Filters }]];
    }
    case 'KMSKeyArn':
      return value === '' ? [] : [[field, value]];
    case 'ProvisionedPollerConfig': {
      const { PollerGroupName: group, ...pollers } = value as { readonly PollerGroupName?: string };
      const kept = group === undefined || group === '' ? pollers : { ...pollers, PollerGroupName: group };
      return Object.keys(kept).length === 0 ? [] : [[field, kept]];
    }
    case 'DestinationConfig': {
      const destination = (value as MappingFields['DestinationConfig'])?.OnFailure?.Destination ?? '';
      return destination === '' ? [] : [[field, { OnFailure: { Destination: destination } }]];
    }
    case 'AmazonManagedKafkaEventSourceConfig':
    case 'SelfManagedKafkaEventSourceConfig': {
      const { SchemaRegistryConfig: registry, ...kept } = value as { readonly SchemaRegistryConfig?: object };
      return [[field, registry === undefined || Object.keys(registry).length === 0 ? kept : value]];
    }
    case 'ScalingConfig':
    case 'MetricsConfig':
    case 'LoggingConfig':
      return Object.keys(value as object).length === 0 ? [] : [[field, value]];
    default:
      return [[field, value]];
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([first], [second]) => (first < second ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  );
}
