import type { FunctionTarget, Logger, StateStore } from '../contract/index.ts';
import { CoreEngine, type FunctionRef } from '../engine/index.ts';
import type { ScrapedMeter } from '../manage/index.ts';
import { type Checked, type Mapping, pascal } from '../mapping/index.ts';
import type { Catalog } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import { type Embedded, makeEmbedded } from './embedded.ts';
import { loadHandler } from './handler-file.ts';
import type { Narrator } from './narrator.ts';
import { type OpenMapping, openMappings } from './open-mappings.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { processField } from './plan-process.ts';
import { Problems } from './problems.ts';

/** All parts of a daemon, joined and not started. */
export interface Assembly {
  readonly engine: CoreEngine;
  readonly embedded: Embedded;
  /** Names of mappings that the file switches off. */
  readonly disabled: ReadonlySet<string>;
  /** Closes sources, destinations, targets and store. What fails to close is told and does not keep the others open. */
  close(): Promise<void>;
}

/** What an assembly is made with. */
export interface AssemblyParts {
  readonly catalog: Catalog;
  readonly config: DaemonConfig;
  readonly logger: Logger;
  readonly meter: ScrapedMeter;
  readonly narrator: Narrator;
}

/** Makes the parts that the file names and no others. Throws a ConfigError with everything that can only be seen by making them. */
export async function assemble(parts: AssemblyParts): Promise<Assembly> {
  const { catalog, config, logger, meter } = parts;
  const problems = new Problems();
  const embedded = await makeEmbedded(catalog, config, parts.narrator);
  const mappings = await openMappings(config.mappings, { catalog, aws: config.aws, embedded, problems });
  // User code runs when its module is loaded: only once all that can be told without it is right.
  problems.throwIfAny();
  const targets = await openTargets(parts, problems);
  problems.throwIfAny();
  const store = await openStore(catalog, config);
  const engine = new CoreEngine(
    { clock: catalog.clock, random: catalog.random, logger, meter, store, ownerLabel: `PID ${String(process.pid)}` },
    {
      stopTimeoutMs: config.stopTimeoutSeconds * 1000,
      ...(config.aws.region === undefined ? {} : { region: config.aws.region }),
      ...(config.aws.accountId === undefined ? {} : { accountId: config.aws.accountId }),
    },
  );
  fill(engine, config, mappings, targets, problems);
  problems.throwIfAny();
  return {
    engine,
    embedded,
    disabled: new Set(config.mappings.filter(({ fields }) => fields.enabled === false).map(({ name }) => name)),
    close: () =>
      closeAll(
        [...mappings.flatMap(partsOf), ...embedded.queues.values(), ...embedded.streams.values(), ...targets.values(), store],
        logger,
      ),
  };
}

async function openTargets(parts: AssemblyParts, problems: Problems): Promise<Map<string, FunctionTarget>> {
  const targets = new Map<string, FunctionTarget>();
  for (const { name, at, target } of parts.config.functions) {
    try {
      targets.set(name, await openTarget(parts, target, at));
    } catch (error) {
      problems.take(error, (option) => `${at}.${fieldOf(target.kind, option)}`);
    }
  }
  return targets;
}

function openTarget({ catalog, logger }: AssemblyParts, target: FunctionPlan['target'], at: string): Promise<FunctionTarget> {
  switch (target.kind) {
    case 'http':
      return catalog.targets.http({ url: target.url });
    case 'process':
      return catalog.targets.process({ ...target.options, logger });
    case 'handler':
      return loadHandler(target.handler, `${at}.Handler`).then((loaded) => catalog.targets.function(loaded));
  }
}

/** The field of the file that an option of a target comes from. */
function fieldOf(kind: FunctionPlan['target']['kind'], option: string): string {
  if (kind === 'process') return processField(option);
  return kind === 'http' ? 'Url' : 'Handler';
}

function openStore(catalog: Catalog, { store }: DaemonConfig): Promise<StateStore> {
  return store.type === 'memory' ? catalog.stores.memory() : catalog.stores.sqlite({ path: store.path });
}

function fill(
  engine: CoreEngine,
  config: DaemonConfig,
  mappings: readonly OpenMapping[],
  targets: ReadonlyMap<string, FunctionTarget>,
  problems: Problems,
): void {
  const functions = new Map<string, FunctionRef<unknown>>();
  for (const { name, at, settings } of config.functions) {
    const target = targets.get(name);
    if (target === undefined) continue;
    const made = problems.try(() => engine.function({ name, target, ...settings }, { at, spell: pascal }));
    if (made !== undefined) functions.set(name, made);
  }
  for (const mapping of mappings) {
    const { at, functionName } = mapping.plan;
    const target = functions.get(functionName);
    if (target !== undefined) problems.try(() => add(engine, mapping, target, { at, spell: pascal }));
  }
}

function add(engine: CoreEngine, mapping: OpenMapping, target: FunctionRef<unknown>, checked: Checked): Mapping {
  const { name } = mapping.plan;
  if (mapping.discipline === 'queue') return engine.map({ ...mapping.plan.fields, name, source: mapping.source, target }, checked);
  const { plan, source, destination } = mapping;
  const destinationConfig = destination && { destinationConfig: { onFailure: { destination } } };
  return engine.map({ ...plan.fields, ...destinationConfig, name, source, target }, checked);
}

function partsOf(mapping: OpenMapping): { close(): Promise<void> }[] {
  const destination = mapping.discipline === 'stream' ? mapping.destination : undefined;
  return destination === undefined ? [mapping.source] : [mapping.source, destination];
}

async function closeAll(all: readonly { close(): Promise<void> }[], logger: Logger): Promise<void> {
  const closed = await Promise.allSettled([...new Set(all)].map((one) => one.close()));
  for (const result of closed)
    if (result.status === 'rejected') logger.warn({ err: result.reason as unknown }, 'a part could not be closed');
}
