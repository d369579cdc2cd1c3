import { LATEST, parseFunctionName } from '../engine/index.ts';
import { TOPIC_TIMEOUT_SECONDS_MAX } from '../mapping/index.ts';
import type { FunctionPlan } from './plan-functions.ts';
import type { MappingPlan } from './plan-mappings.ts';
import type { Problems } from './problems.ts';

const TIMEOUT_SECONDS_DEFAULT = 3;

/** Refuses functions of the file that may take longer than a mapping of a topic lets them, by the engine's own rule. */
export function refuseSlowFunctions(mappings: readonly MappingPlan[], functions: readonly FunctionPlan[], problems: Problems): void {
  for (const { at, discipline, functionName, isElsewhere } of mappings) {
    const parsed = discipline !== 'topic' || isElsewhere ? undefined : parseFunctionName(functionName);
    if (parsed === undefined || typeof parsed === 'string') continue;
    const plan = functions.find(({ name }) => name === parsed.name);
    const seconds = plan === undefined ? 0 : timeoutOf(plan, parsed.qualifier ?? LATEST);
    if (seconds > TOPIC_TIMEOUT_SECONDS_MAX) problems.add(`${at}.FunctionName`, tooSlow(parsed.name, seconds));
  }
}

/** What is said of a function that is too slow for a topic. */
export function tooSlow(name: string, seconds: number): string {
  return `function ${name} has a timeout of ${String(seconds)} s; functions of Kafka mappings have at most ${String(TOPIC_TIMEOUT_SECONDS_MAX)}`;
}

/** The longest that what a qualifier names may take, s. */
function timeoutOf({ settings, versions, aliases }: FunctionPlan, qualifier: string): number {
  const own = settings.timeout ?? TIMEOUT_SECONDS_DEFAULT;
  const ofVersion = (wanted: string): number => versions.find(({ version }) => version === wanted)?.settings.timeout ?? own;
  const alias = Object.hasOwn(aliases, qualifier) ? aliases[qualifier] : undefined;
  if (alias === undefined) return ofVersion(qualifier);
  const others = Object.keys(alias.routingConfig?.additionalVersionWeights ?? {});
  return Math.max(...[alias.functionVersion, ...others].map(ofVersion));
}
