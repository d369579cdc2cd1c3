import type { FunctionTarget } from '../contract/index.ts';
import type { CoreEngine, FunctionVersionOptions } from '../engine/index.ts';
import { pascal } from '../mapping/index.ts';
import type { FunctionPlan } from './plan-functions.ts';

/** Registers a function of the file with its versions; nothing happens when its target could not be made. Throws a ConfigError. */
export function addFunction(engine: CoreEngine, plan: FunctionPlan, targets: ReadonlyMap<string, FunctionTarget>): void {
  const { name, at, settings, versions, aliases } = plan;
  const target = targets.get(name);
  if (target === undefined) return;
  const ofVersions = versions.map(({ version, settings: own }): [string, FunctionVersionOptions<unknown>] => {
    const other = targets.get(`${name}:${version}`);
    return [version, { ...own, ...(other === undefined ? {} : { target: other }) }];
  });
  engine.function({ name, target, ...settings, versions: Object.fromEntries(ofVersions), aliases }, { at, spell: pascal });
}
