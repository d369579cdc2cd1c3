import type { FunctionTarget, Logger, QueueSource, StateStore } from '../contract/index.ts';
import { CoreEngine, type FunctionRef } from '../engine/index.ts';
import type { ScrapedMeter } from '../manage/index.ts';
import { pascal } from '../mapping/index.ts';
import type { Catalog, EmbeddedQueueSource } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import { loadHandler } from './handler-file.ts';
import type { Narrator } from './narrator.ts';
import { EMBEDDED_REGION, type MappingPlan } from './plan-mappings.ts';
import { Problems } from './problems.ts';

/** All parts of a daemon, joined and not started. */
export interface Assembly {
  readonly engine: CoreEngine;
  readonly queues: ReadonlyMap<string, EmbeddedQueueSource>;
  /** Names of mappings that the file switches off. */
  readonly disabled: ReadonlySet<string>;
  /** Closes sources, targets and store. What fails to close is told and does not keep the others open. */
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
  const queues = config.queues.length === 0 ? new Map<string, EmbeddedQueueSource>() : await embeddedQueues(parts);
  const sources = await openSources(parts, queues, problems);
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
  fill(engine, config, sources, targets, problems);
  problems.throwIfAny();
  return {
    engine,
    queues,
    disabled: new Set(config.mappings.filter(({ fields }) => fields.enabled === false).map(({ name }) => name)),
    close: () => closeAll([...sources.values(), ...queues.values(), ...targets.values(), store], logger),
  };
}

function embeddedQueues({ catalog, config, narrator }: AssemblyParts): Promise<ReadonlyMap<string, EmbeddedQueueSource>> {
  return catalog.sources.embeddedQueues(
    config.queues.map(({ at: _at, produce: _produce, redrive, ...plan }) => ({
      ...plan,
      region: EMBEDDED_REGION,
      redrive: redrive && {
        ...redrive,
        onMoved: ({ messageId, receives }) => {
          narrator.setAside(plan.name, redrive.queue, receives, messageId);
        },
      },
    })),
  );
}

async function openSources(
  { catalog, config }: AssemblyParts,
  queues: ReadonlyMap<string, EmbeddedQueueSource>,
  problems: Problems,
): Promise<Map<MappingPlan, QueueSource>> {
  const sources = new Map<MappingPlan, QueueSource>();
  const { endpoint, region } = config.aws;
  for (const mapping of config.mappings) {
    const { source } = mapping;
    if (source.kind === 'embedded') {
      const queue = queues.get(source.queue);
      if (queue !== undefined) sources.set(mapping, queue);
      continue;
    }
    const plan = { queue: source.queue, ...(endpoint === undefined ? {} : { endpoint }), ...(region === undefined ? {} : { region }) };
    try {
      sources.set(mapping, await catalog.sources.sqs(plan));
    } catch (error) {
      problems.take(error, (field) => (field === 'queue' ? source.field : `aws.${field}`));
    }
  }
  return sources;
}

async function openTargets({ catalog, config }: AssemblyParts, problems: Problems): Promise<Map<string, FunctionTarget>> {
  const targets = new Map<string, FunctionTarget>();
  for (const { name, at, target } of config.functions) {
    const field = target.kind === 'handler' ? `${at}.Handler` : `${at}.Url`;
    try {
      const made =
        target.kind === 'http'
          ? await catalog.targets.http({ url: target.url })
          : await catalog.targets.function(await loadHandler(target.handler, field));
      targets.set(name, made);
    } catch (error) {
      problems.take(error, () => field);
    }
  }
  return targets;
}

function openStore(catalog: Catalog, { store }: DaemonConfig): Promise<StateStore> {
  return store.type === 'memory' ? catalog.stores.memory() : catalog.stores.sqlite({ path: store.path });
}

function fill(
  engine: CoreEngine,
  config: DaemonConfig,
  sources: ReadonlyMap<MappingPlan, QueueSource>,
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
  for (const mapping of config.mappings) {
    const { name, at, functionName, fields } = mapping;
    const source = sources.get(mapping);
    const target = functions.get(functionName);
    if (source !== undefined && target !== undefined) {
      problems.try(() => engine.map({ ...fields, name, source, target }, { at, spell: pascal }));
    }
  }
}

async function closeAll(all: readonly { close(): Promise<void> }[], logger: Logger): Promise<void> {
  const closed = await Promise.allSettled([...new Set(all)].map((one) => one.close()));
  for (const result of closed)
    if (result.status === 'rejected') logger.warn({ err: result.reason as unknown }, 'a part could not be closed');
}
