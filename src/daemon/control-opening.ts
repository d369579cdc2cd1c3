import { ConfigError, type Logger } from '../contract/index.ts';
import type { CoreEngine } from '../engine/index.ts';
import { type Mapping, pascal } from '../mapping/index.ts';
import type { MappingDefinition } from '../resource/index.ts';
import type { Catalog } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import type { Embedded } from './embedded.ts';
import { type OpenMapping, openMappings } from './open-mappings.ts';
import { functionsElsewhere } from './open-targets.ts';
import { planMappings } from './plan-mappings.ts';
import { Problems } from './problems.ts';

/** What mappings that come while the daemon runs are opened with. */
export interface OpeningContext {
  readonly catalog: Catalog;
  readonly config: DaemonConfig;
  readonly embedded: Embedded;
  readonly logger: Logger;
}

/** Fields that are kept for those who ask, and that say nothing to the engine. */
const KEPT_ONLY: readonly string[] = ['KMSKeyArn', 'MetricsConfig', 'LoggingConfig', 'ProvisionedPollerConfig'];
/** How a cluster is reached is the network's business here. */
const NETWORK_ACCESS: readonly unknown[] = ['VPC_SUBNET', 'VPC_SECURITY_GROUP'];

/** A definition as an entry of a file would say it; but for Enabled, which may be switched at any time. */
export function entryOf({ name, functionArn, fields, entry }: MappingDefinition): Readonly<Record<string, unknown>> {
  if (entry !== undefined) return { ...entry, Name: name };
  const { DestinationConfig: destination, SourceAccessConfigurations: access, ...rest } = fields;
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([field]) => !KEPT_ONLY.includes(field))),
    ...(destination?.OnFailure?.Destination === undefined ? {} : { DestinationConfig: destination }),
    ...(access === undefined ? {} : { SourceAccessConfigurations: access.filter(({ Type: type }) => !NETWORK_ACCESS.includes(type)) }),
    Name: name,
    FunctionName: functionArn,
  };
}

/**
 * Makes what a definition names, by the rules of the file: its source, its destination, its target. Calls no service. Throws a
 * ConfigError; whatever a file can name, a definition can.
 */
export async function openDefinition(definition: MappingDefinition, context: OpeningContext): Promise<OpenMapping> {
  const { catalog, config, embedded, logger } = context;
  const { known, places, aws } = config;
  const problems = new Problems();
  const planned = planMappings([entryOf(definition)], { known, places, now: catalog.clock.wall(), problems });
  throwWithoutPlace(problems);
  const opened = await openMappings(planned, { catalog, aws, embedded, logger, folder: config.folder, problems });
  throwWithoutPlace(problems);
  const [mapping] = opened;
  if (mapping === undefined) throw new ConfigError([{ field: 'EventSourceArn', message: 'cannot be read by this version' }]);
  await checkTarget(mapping, context);
  return mapping;
}

/** There is one entry only, so nobody needs to know which it is. */
function throwWithoutPlace(problems: Problems): void {
  try {
    problems.throwIfAny();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map(({ field, message }) => ({ field: field.replace(/^mappings\[0\]\.?/, ''), message })));
  }
}

/** The engine makes the target of a function that is elsewhere; what would be wrong with it is told before. */
async function checkTarget(
  { plan: { functionName, isElsewhere } }: OpenMapping,
  { catalog, config, logger }: OpeningContext,
): Promise<void> {
  if (!isElsewhere) return;
  const make = await functionsElsewhere({ catalog, config, logger });
  await make(functionName).close();
}

/** What a mapping is beside what its plan says. */
export type MappingIdentity = Pick<MappingDefinition, 'uuid' | 'createdAt' | 'enabled'>;

/** Hands a mapping to the engine, under the name of its plan. Throws a ConfigError. */
export function addToEngine(engine: CoreEngine, mapping: OpenMapping, { uuid, createdAt, enabled }: MappingIdentity): Mapping {
  const { at, name, functionName, weight } = mapping.plan;
  const checked = { at, spell: pascal };
  const identity = { id: uuid, createdAt, name, functionName, ...(weight === undefined ? {} : { weight }) };
  if (mapping.discipline === 'queue') {
    return engine.map({ ...mapping.plan.fields, enabled, ...identity, source: mapping.source }, checked);
  }
  const destinationConfig = mapping.destination && { destinationConfig: { onFailure: { destination: mapping.destination } } };
  if (mapping.discipline === 'topic') {
    return engine.map({ ...mapping.plan.fields, enabled, ...destinationConfig, ...identity, source: mapping.source }, checked);
  }
  const { plan, source } = mapping;
  return engine.map({ ...plan.fields, enabled, ...destinationConfig, ...identity, source }, checked);
}

/** Closes what was made for one mapping; embedded sources are there for others, too. */
export async function closeOpen(mapping: OpenMapping): Promise<void> {
  if (!mapping.plan.source.kind.startsWith('embedded-')) await mapping.source.close();
  if (mapping.discipline !== 'queue') await mapping.destination?.close();
}
