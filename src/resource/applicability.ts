import type { SourceKind } from './definition.ts';
import { refuseValue } from './refusal.ts';
import { isKafka, isQueue, isStream } from './source-kind.ts';

/** Values of a request by field, checked by the model. */
export type Given = Readonly<Record<string, unknown>>;

const everywhere = (): boolean => true;
const streams = isStream;
const streamsAndKafka = (kind: SourceKind): boolean => isStream(kind) || isKafka(kind);

/** Which sources take a field (spec a.3); fields that are not named here belong to the request itself. */
const APPLIES: Readonly<Record<string, (kind: SourceKind) => boolean>> = {
  MaximumBatchingWindowInSeconds: everywhere,
  ParallelizationFactor: streams,
  StartingPosition: streamsAndKafka,
  StartingPositionTimestamp: streamsAndKafka,
  DestinationConfig: streamsAndKafka,
  MaximumRecordAgeInSeconds: streamsAndKafka,
  BisectBatchOnFunctionError: streamsAndKafka,
  MaximumRetryAttempts: streamsAndKafka,
  TumblingWindowInSeconds: streams,
  ScalingConfig: isQueue,
  ProvisionedPollerConfig: (kind) => isQueue(kind) || isKafka(kind),
  LoggingConfig: isKafka,
  Topics: isKafka,
  Queues: () => false,
  SourceAccessConfigurations: isKafka,
  SelfManagedEventSource: isKafka,
  AmazonManagedKafkaEventSourceConfig: (kind) => kind === 'msk',
  SelfManagedKafkaEventSourceConfig: (kind) => kind === 'self-managed-kafka',
  DocumentDBEventSourceConfig: () => false,
};

/** What switches a field off, so that it says nothing of a source that does not have it. */
function isEmpty(field: string, value: unknown): boolean {
  if (field === 'DestinationConfig') {
    const { OnSuccess, OnFailure } = value as { readonly OnSuccess?: object; readonly OnFailure?: { readonly Destination?: string } };
    return OnSuccess === undefined && (OnFailure?.Destination ?? '') === '';
  }
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Refuses the fields of other sources, in AWS's words. */
export function refuseForeignFields(kind: SourceKind, given: Given): void {
  for (const [field, value] of Object.entries(given)) {
    const applies = APPLIES[field];
    if (applies !== undefined && !applies(kind) && !isEmpty(field, value)) refuseValue(unsupported(field));
  }
  const { DestinationConfig: destination } = given as { readonly DestinationConfig?: { readonly OnSuccess?: object } };
  if (destination?.OnSuccess !== undefined) refuseValue(unsupported('DestinationConfig'));
}

/** AWS's text for a field that a source does not have. */
function unsupported(field: string): string {
  return `Unsupported ${field} parameter for given event source mapping type.`;
}

/** The given fields without those that say nothing where they do not belong. */
export function fieldsOf(kind: SourceKind, given: Given): Given {
  return Object.fromEntries(Object.entries(given).filter(([field]) => APPLIES[field]?.(kind) ?? true));
}
