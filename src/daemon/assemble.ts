import { ConfigError, type Logger, type StateStore } from '../contract/index.ts';
import { CoreEngine } from '../engine/index.ts';
import type { ScrapedMeter } from '../manage/index.ts';
import { addFunction } from './add-functions.ts';
import type { Catalog } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import { Control } from './control.ts';
import { type Embedded, makeEmbedded } from './embedded.ts';
import type { Narrator } from './narrator.ts';
import { openMappings } from './open-mappings.ts';
import { checkDirectory, functionsElsewhere, openTargets } from './open-targets.ts';
import { Problems } from './problems.ts';
import { reload } from './reload.ts';

/** All parts of a daemon, joined and not started. */
export interface Assembly {
  readonly engine: CoreEngine;
  readonly embedded: Embedded;
  /** The mappings of the file and those of the API. */
  readonly control: Control;
  /** Takes over another configuration; see {@link reload}. Throws a ConfigError when there is something wrong with it: then nothing has changed. */
  reload(config: DaemonConfig): Promise<unknown>;
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
  const mappings = await openMappings(config.mappings, { catalog, aws: config.aws, embedded, logger, folder: config.folder, problems });
  await checkDirectory({ catalog, config, problems });
  // User code runs when its module is loaded: only once all that can be told without it is right.
  problems.throwIfAny();
  const targets = await openTargets({ catalog, config, logger, problems });
  problems.throwIfAny();
  const store = await openStore(catalog, config);
  const isElsewhere = config.places.lambda !== 'no' || config.mappings.some((mapping) => mapping.isElsewhere);
  const engine = new CoreEngine(
    {
      clock: catalog.clock,
      random: catalog.random,
      ...(catalog.eventLoop === undefined ? {} : { eventLoop: catalog.eventLoop }),
      tracer: await catalog.tracer?.(),
      logger,
      meter,
      store,
      ownerLabel: `PID ${String(process.pid)}`,
      ...(isElsewhere ? { functionsElsewhere: await functionsElsewhere(parts) } : {}),
    },
    {
      stopTimeoutMs: config.stopTimeoutSeconds * 1000,
      ...config.limits,
      ...(config.aws.region === undefined ? {} : { region: config.aws.region }),
      ...(config.aws.accountId === undefined ? {} : { accountId: config.aws.accountId }),
    },
  );
  for (const plan of config.functions)
    problems.try(() => {
      addFunction(engine, plan, targets);
    });
  problems.throwIfAny();
  const context = { catalog, config, embedded, logger };
  const control = new Control({ engine, store, context });
  await control.load().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ field: 'store', message: `cannot be used: ${message}` }], { cause: error });
  });
  const opened = new Map(mappings.map((mapping) => [mapping.plan.name, mapping]));
  await control.reconcile(config.file ?? '', config.mappings, opened);
  return {
    engine,
    embedded,
    control,
    reload: (after) => reload({ ...parts, engine, control, embedded, targets, context }, after),
    close: async () => {
      await closeAll([control], logger);
      const { queues, streams, topics } = embedded;
      await closeAll([...queues.values(), ...streams.values(), ...topics.values(), ...targets.values(), store], logger);
    },
  };
}

function openStore(catalog: Catalog, { store }: DaemonConfig): Promise<StateStore> {
  return store.type === 'memory' ? catalog.stores.memory() : catalog.stores.sqlite({ path: store.path });
}

async function closeAll(all: readonly { close(): Promise<void> }[], logger: Logger): Promise<void> {
  const closed = await Promise.allSettled([...new Set(all)].map((one) => one.close()));
  for (const result of closed)
    if (result.status === 'rejected') logger.warn({ err: result.reason as unknown }, 'a part could not be closed');
}
