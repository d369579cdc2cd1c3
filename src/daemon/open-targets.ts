import type { FunctionTarget, Logger } from '../contract/index.ts';
import type { Catalog } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import { loadHandler } from './handler-file.ts';
import { type Place, placeOf } from './place.ts';
import type { TargetPlan } from './plan-functions.ts';
import { processField } from './plan-process.ts';
import type { Problems } from './problems.ts';

/** The targets of a file. */
export interface Targets {
  /** By name of the function; those of versions by `NAME:VERSION`. */
  readonly here: ReadonlyMap<string, FunctionTarget>;
  /** Of functions that are not in the file, by FunctionName as mappings give it. More may come while the daemon runs. */
  readonly elsewhere: Map<string, FunctionTarget>;
}

interface OpeningParts {
  readonly catalog: Catalog;
  readonly config: DaemonConfig;
  readonly logger: Logger;
  readonly problems: Problems;
}

/** Makes what is invoked, and loads the functions of this process. What is wrong is told in the file's spelling. */
export async function openTargets(parts: OpeningParts): Promise<Targets> {
  const { config } = parts;
  const here = new Map<string, FunctionTarget>();
  for (const { name, at, target, versions } of config.functions) {
    await open(parts, here, name, { at, target });
    for (const version of versions) {
      if (version.target !== undefined) await open(parts, here, `${name}:${version.version}`, { at: version.at, target: version.target });
    }
  }
  const elsewhere = new Map<string, FunctionTarget>();
  for (const { at, functionName, isElsewhere } of config.mappings) {
    if (!isElsewhere || elsewhere.has(functionName)) continue;
    await open(parts, elsewhere, functionName, { at, target: { kind: 'lambda', functionName, field: 'FunctionName' } });
  }
  return { here, elsewhere };
}

interface Opening {
  readonly at: string;
  readonly target: TargetPlan;
}

async function open(parts: OpeningParts, into: Map<string, FunctionTarget>, name: string, { at, target }: Opening): Promise<void> {
  const place = placeOf(parts.config.aws, 'lambda', parts.config.lambda);
  try {
    into.set(name, await make(parts, target, at, place));
  } catch (error) {
    parts.problems.take(error, (option) => fieldOf(target, at, option, place));
  }
}

async function make({ catalog, config, logger }: OpeningParts, target: TargetPlan, at: string, place: Place): Promise<FunctionTarget> {
  const { targets } = catalog;
  switch (target.kind) {
    case 'http':
      return targets.http({ url: target.url });
    case 'process':
      return targets.process({ ...target.options, logger });
    case 'lambda':
      // The end of a function's log is asked for only where somebody reads it.
      return targets.lambda({
        functionName: target.functionName,
        ...place.settings,
        ...(config.log.level === 'debug' ? { logger } : {}),
      });
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
