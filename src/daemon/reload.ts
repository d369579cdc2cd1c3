import type { FunctionTarget, Logger } from '../contract/index.ts';
import type { CoreEngine } from '../engine/index.ts';
import { addFunction } from './add-functions.ts';
import type { Catalog } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import { type ConfigChange, configChange, isUnchanged, takenOver } from './config-change.ts';
import type { Control } from './control.ts';
import { closeOpen } from './control-opening.ts';
import { type Embedded, makeEmbedded } from './embedded.ts';
import type { Narrator } from './narrator.ts';
import { type OpenMapping, openMappings } from './open-mappings.ts';
import { openTargets, type Targets } from './open-targets.ts';
import { planFunctionName } from './plan-function-name.ts';
import { Problems } from './problems.ts';

/** What a reload works on: the parts of a running daemon. */
export interface ReloadParts {
  readonly catalog: Catalog;
  readonly logger: Logger;
  readonly narrator: Narrator;
  readonly engine: CoreEngine;
  readonly control: Control;
  readonly embedded: Embedded;
  readonly targets: Targets;
  /** What the daemon has now; written when a reload has been carried out. */
  readonly context: { config: DaemonConfig };
}

/** What was made for a new configuration and is not in use yet. */
interface Made {
  readonly embedded: Embedded;
  readonly targets: Targets;
  readonly mappings: readonly OpenMapping[];
}

/**
 * Takes over another configuration while the daemon runs. Everything that can be wrong with it is found before anything is changed:
 * it throws a ConfigError then, and nothing has happened. Functions that changed are replaced once their mappings have been drained;
 * these go on from their stored positions. What only a start can change is told and stays as it is.
 */
export async function reload(parts: ReloadParts, after: DaemonConfig): Promise<ConfigChange> {
  const { control, context, narrator } = parts;
  const before = context.config;
  const change = configChange(before, after);
  if (isUnchanged(change)) return change;
  const config = takenOver(before, after);
  const made = await make(parts, change, config);
  adopt(parts.embedded.queues, made.embedded.queues);
  adopt(parts.embedded.streams, made.embedded.streams);
  adopt(parts.embedded.topics, made.embedded.topics);
  const { added, changed, removed } = change.functions;
  const outgoing = new Map<string, FunctionTarget>();
  context.config = config;
  // What is new must be there before mappings name it, and what is gone must stay until none does.
  for (const name of added) put(parts, config, made.targets, name);
  await control.holding(changed, async () => {
    for (const name of changed) {
      take(parts, name, outgoing);
      put(parts, config, made.targets, name);
    }
    await closeTargets(outgoing, parts.logger);
  });
  await control.reconcile(config.file ?? '', config.mappings, new Map(made.mappings.map((mapping) => [mapping.plan.name, mapping])));
  await control.holding(removed, async () => {
    for (const name of removed) take(parts, name, outgoing);
    await closeTargets(outgoing, parts.logger);
  });
  control.retry();
  narrator.reloaded(change);
  return change;
}

async function make(
  { catalog, logger, narrator, embedded, control }: ReloadParts,
  change: ConfigChange,
  config: DaemonConfig,
): Promise<Made> {
  const problems = new Problems();
  const only = <Plan extends { readonly name: string }>(plans: readonly Plan[], names: readonly string[]): readonly Plan[] =>
    plans.filter(({ name }) => names.includes(name));
  const fresh = {
    ...config,
    queues: only(config.queues, change.queues.added),
    streams: only(config.streams, change.streams.added),
    topics: only(config.topics, change.topics.added),
    functions: only(config.functions, [...change.functions.added, ...change.functions.changed]),
    mappings: only(config.mappings, [...change.mappings.added, ...change.mappings.changed]),
  };
  refuseLaterFunctions(fresh, problems);
  problems.try(() => {
    control.refuseTaken(fresh.mappings);
  });
  problems.throwIfAny();
  const newParts = await makeEmbedded(catalog, fresh, narrator);
  const all = {
    queues: new Map([...embedded.queues, ...newParts.queues]),
    streams: new Map([...embedded.streams, ...newParts.streams]),
    topics: new Map([...embedded.topics, ...newParts.topics]),
  };
  const mappings = await openMappings(fresh.mappings, { catalog, aws: config.aws, embedded: all, logger, folder: config.folder, problems });
  const targets = await openTargets({ catalog, config: fresh, logger, problems });
  try {
    problems.throwIfAny();
  } catch (error) {
    await Promise.all([...mappings.map(closeOpen), closeTargets(new Map(targets), logger)]);
    throw error;
  }
  return { embedded: newParts, targets, mappings };
}

/** Functions that are where they are said to be only once `aws` and `lambda` have been taken over. */
function refuseLaterFunctions({ mappings, known, places }: DaemonConfig, problems: Problems): void {
  for (const { at, functionName, isElsewhere } of mappings) {
    const field = `${at}.FunctionName`;
    const found = new Problems().try(() => {
      const mine = new Problems();
      const named = planFunctionName(functionName, { field, known, places, problems: mine });
      mine.throwIfAny();
      return named;
    });
    if (found?.isElsewhere === isElsewhere) continue;
    problems.add(field, 'names a function that is there after the next start only, which takes over the sections aws and lambda; restart');
  }
}

function adopt<Value>(into: ReadonlyMap<string, Value>, fresh: ReadonlyMap<string, Value>): void {
  for (const [name, value] of fresh) (into as Map<string, Value>).set(name, value);
}

/** Registers a function of the configuration, and what it invokes. */
function put({ engine, targets }: ReloadParts, config: DaemonConfig, made: Targets, name: string): void {
  for (const [key, target] of made) if (isOf(key, name)) targets.set(key, target);
  const plan = config.functions.find((one) => one.name === name);
  if (plan !== undefined) addFunction(engine, plan, targets);
}

/** Forgets a function that no mapping uses at this moment; what it invoked is to be closed. */
function take({ engine, targets }: ReloadParts, name: string, outgoing: Map<string, FunctionTarget>): void {
  engine.removeFunction(name);
  for (const [key, target] of targets) {
    if (!isOf(key, name)) continue;
    outgoing.set(key, target);
    targets.delete(key);
  }
}

/** Targets are kept by `NAME` and `NAME:VERSION`. */
function isOf(key: string, name: string): boolean {
  return key === name || key.startsWith(`${name}:`);
}

async function closeTargets(targets: Map<string, FunctionTarget>, logger: Logger): Promise<void> {
  for (const [name, target] of targets) {
    targets.delete(name);
    await target.close().catch((error: unknown) => {
      logger.warn({ function: name, err: error }, 'a part could not be closed');
    });
  }
}
