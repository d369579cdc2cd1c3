import type { MappingFields, SourceKind } from './definition.ts';
import { refuseValue } from './refusal.ts';

type Wanted = Partial<MappingFields>;

interface SchemaRegistryConfig {
  readonly SchemaRegistryURI?: string;
  readonly EventRecordFormat?: string;
  readonly SchemaValidationConfigs?: readonly { readonly Attribute?: string }[];
}

/** Which ways to show who one is a managed cluster takes; a self-managed one takes all but VIRTUAL_HOST. */
const MSK_ACCESS = ['SASL_SCRAM_512_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH'];
const IAM_ACCESS = ['IAM_AUTH', 'IAM_OAUTHBEARER_AUTH'];

/** Fields that Kafka takes in provisioned mode only. */
const PROVISIONED_ONLY = [
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'FunctionResponseTypes',
  'LoggingConfig',
] as const;

/** Refuses what Kafka's rules refuse (spec a.6, f.3), and what Millrace does not have. */
export function checkKafka(kind: SourceKind, wanted: Wanted): void {
  const { SourceAccessConfigurations: access, Topics: topics } = wanted;
  if (kind === 'self-managed-kafka' && access === undefined) refuseValue("Required 'sourceAccessConfigurations' parameter is missing.");
  if (topics === undefined) refuseValue("Required 'topics' parameter is missing.");
  if (kind === 'self-managed-kafka' && (wanted.SelfManagedEventSource?.Endpoints?.['KAFKA_BOOTSTRAP_SERVERS'] ?? []).length === 0) {
    refuseValue("Required 'selfManagedEventSource.endpoints' parameter is missing.");
  }
  for (const entry of access ?? []) checkAccess(kind, entry);
  const config = kind === 'msk' ? wanted.AmazonManagedKafkaEventSourceConfig : wanted.SelfManagedKafkaEventSourceConfig;
  const isProvisioned = Object.keys(wanted.ProvisionedPollerConfig ?? {}).length > 0;
  const { SchemaRegistryConfig: registry } = (config ?? {}) as { readonly SchemaRegistryConfig?: SchemaRegistryConfig };
  if (registry !== undefined && Object.keys(registry).length > 0) checkSchemaRegistry(registry, isProvisioned);
  if (wanted.SelfManagedKafkaEventSourceConfig?.ConsumptionMode === 'Queue') {
    refuseValue('Unsupported ConsumptionMode: Millrace does not read Kafka in queue mode yet; use Stream.');
  }
  if (!isProvisioned) refuseProvisionedFields(wanted);
}

function checkAccess(kind: SourceKind, { Type: type = '', URI: uri }: NonNullable<Wanted['SourceAccessConfigurations']>[number]): void {
  const isTaken = kind === 'msk' ? MSK_ACCESS.includes(type) : type !== 'VIRTUAL_HOST';
  if (!isTaken)
    refuseValue('Unsupported SourceAccessConfigurations parameter for given event source mapping type.', `${type} is not for this source`);
  if (uri === undefined && !IAM_ACCESS.includes(type))
    refuseValue("Required 'sourceAccessConfigurations.URI' parameter is missing.", `${type} needs a URI`);
}

function refuseProvisionedFields(wanted: Wanted): void {
  for (const field of PROVISIONED_ONLY) {
    const value = wanted[field];
    if (value === undefined || value === false || value === -1 || (Array.isArray(value) && value.length === 0)) continue;
    refuseValue(
      `${field} is only available for Provisioned Mode. To configure ${field}, please enable Provisioned Mode by specifying MinimumPollers in ProvisionedPollerConfig.`,
    );
  }
}

const GLUE_REGISTRY = /^arn:aws[a-z-]*:glue:[a-z0-9-]+:\d{12}:registry\/.+$/;

function checkSchemaRegistry(registry: SchemaRegistryConfig, isProvisioned: boolean): void {
  if (!isProvisioned) {
    refuseValue(
      'SchemaRegistryConfig is only available for Provisioned Mode. To configure Schema Registry, please enable Provisioned Mode by specifying MinimumPollers in ProvisionedPollerConfig.',
    );
  }
  const { SchemaRegistryURI: uri = '', EventRecordFormat: format, SchemaValidationConfigs: validations } = registry;
  if (!GLUE_REGISTRY.test(uri) && !(/^https?:\/\//.test(uri) && URL.canParse(uri))) {
    refuseValue(
      'Malformed SchemaRegistryURI provided. Please provide a valid URI or ARN. For example, https://schema-registry.example.com:8081 or arn:aws:glue:us-east-1:123456789012:registry/ExampleRegistry.',
    );
  }
  if (format === undefined) {
    refuseValue(
      'EventRecordFormat is a required field for SchemaRegistryConfig. Please provide one of supported format types: SOURCE, JSON.',
    );
  }
  if (validations === undefined || validations.length === 0)
    refuseValue('SchemaValidationConfigs is a required field for SchemaRegistryConfig.');
  const attributes = validations.map(({ Attribute: attribute }) => attribute);
  if (new Set(attributes).size < attributes.length) {
    refuseValue(
      'Duplicate KEY/VALUE Attribute in SchemaValidationConfigs. SchemaValidationConfigs must contain at most one KEY/VALUE Attribute.',
    );
  }
  refuseValue('Unsupported SchemaRegistryConfig: Millrace does not ask schema registries yet; leave it out.');
}
