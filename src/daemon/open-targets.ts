import type { FunctionTarget, Logger } from '../contract/index.ts';
import type { Catalog } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import { loadHandler } from './handler-file.ts';
import { type Place, placeOf } from './place.ts';
import type { TargetPlan } from './plan-functions.ts';
import { processField } from './plan-process.ts';
import type { Problems } from './problems.ts';

/** The targets of functions of a file, by name of the function; those of versions by `NAME:VERSION`. */
export type Targets = Map<string, FunctionTarget>;

interface OpeningParts {
  readonly catalog: Catalog;
  readonly config: DaemonConfig;
  readonly logger: Logger;
  readonly problems: Problems;
}

/** Makes what is invoked, and loads the functions of this process. What is wrong is told in the file's spelling. */
export async function openTargets(parts: OpeningParts): Promise<Targets> {
  const { config } = parts;
  const here: Targets = new Map();
  for (const { name, at, target, versions } of config.functions) {
    await open(parts, here, name, { at, target });
    for (const version of versions) {
      if (version.target !== undefined) await open(parts, here, `${name}:${version.version}`, { at: version.at, target: version.target });
    }
  }
  await checkElsewhere(parts);
  return here;
}

/** Makes targets of functions that are not in a file, by FunctionName as mappings give it. What it makes has called nobody yet. */
export async function functionsElsewhere({
  catalog,
  config,
  logger,
}: Omit<OpeningParts, 'problems'>): Promise<(functionName: string) => FunctionTarget> {
  const { settings } = placeOf(config.aws, 'lambda', config.lambda);
  const lambda = await catalog.targets.lambda();
  // The end of a function's log is asked for only where somebody reads it.
  return (functionName) => lambda({ functionName, ...settings, ...(config.log.level === 'debug' ? { logger } : {}) });
}

/** Without a file every mapping comes over the API, which asks Lambda for its function: where that is must be known. */
export async function checkDirectory({ catalog, config, problems }: Omit<OpeningParts, 'logger'>): Promise<void> {
  if (config.file !== undefined || config.places.lambda !== 'yes') return;
  const place = placeOf(config.aws, 'lambda', config.lambda);
  try {
    await (await catalog.functions.lambda(place.settings)).close();
  } catch (error) {
    problems.take(error, (option) => place.fieldOf(option));
  }
}

/** What the engine will make, as soon as mappings use it. */
async function checkElsewhere(parts: OpeningParts): Promise<void> {
  const checked = new Set<string>();
  for (const { at, functionName, isElsewhere } of parts.config.mappings) {
    if (!isElsewhere || checked.has(functionName)) continue;
    checked.add(functionName);
    const made: Targets = new Map();
    await open(parts, made, functionName, { at, target: { kind: 'lambda', functionName, field: 'FunctionName' } });
    await made.get(functionName)?.close();
  }
}

interface Opening {
  readonly at: string;
  readonly target: TargetPlan;
}

async function open(parts: OpeningParts, into: Targets, name: string, { at, target }: Opening): Promise<void> {
  const place = placeOf(parts.config.aws, 'lambda', parts.config.lambda);
  try {
    into.set(name, await make(parts, target, at));
  } catch (error) {
    parts.problems.take(error, (option) => fieldOf(target, at, option, place));
  }
}

async function make(parts: OpeningParts, target: TargetPlan, at: string): Promise<FunctionTarget> {
  const { catalog, logger } = parts;
  const { targets } = catalog;
  switch (target.kind) {
    case 'http':
      return targets.http({ url: target.url });
    case 'process':
      return targets.process({ ...target.options, logger });
    case 'lambda':
      return (await functionsElsewhere(parts))(target.functionName);
    case 'handler':
      return targets.function(await loadHandler(target.handler, `${at}.Handler`));
  }
}

/** The field of the file that an option of a target comes from. */
function fieldOf(target: TargetPlan, at: string, option: string, place: Place): string {
  switch (target.kind) {
    case 'process':
      return `${at}.${processField(option)}`;
    case 'lambda':
      return option === 'functionName' ? `${at}.${target.field}` : place.fieldOf(option);
    case 'http':
      return `${at}.Url`;
    case 'handler':
      return `${at}.Handler`;
  }
}
