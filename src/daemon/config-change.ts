import type { DaemonConfig } from './config.ts';
import type { ApiPlan } from './plan-api.ts';

/** What a name had and has, in a part of the file. */
export interface PartChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** How two configurations differ. */
export interface ConfigChange {
  readonly functions: PartChange;
  readonly queues: PartChange;
  readonly streams: PartChange;
  readonly topics: PartChange;
  readonly mappings: PartChange;
  /** Fields that take effect at the next start only. */
  readonly atNextStart: readonly string[];
}

/** What is read once, when the daemon starts. */
const AT_START = ['listen', 'log', 'store', 'aws', 'lambda', 'stopTimeoutSeconds', 'limits'] as const;

/** What of a new configuration can be taken over, and what has to wait. Pure. */
export function configChange(before: DaemonConfig, after: DaemonConfig): ConfigChange {
  const embedded = {
    queues: partChange(before.queues, after.queues),
    streams: partChange(before.streams, after.streams),
    topics: partChange(before.topics, after.topics),
  };
  // What they hold would be lost with them.
  const kept = Object.entries(embedded).flatMap(([part, { changed, removed }]) =>
    [...changed, ...removed].map((name) => `${part}.${name}`),
  );
  return {
    ...embedded,
    functions: partChange(before.functions, after.functions),
    mappings: partChange(before.mappings, after.mappings),
    atNextStart: [...AT_START.filter((field) => !isSame(before[field], after[field])), ...apiAtNextStart(before.api, after.api), ...kept],
  };
}

/** Whether there is anything to do, or to say. */
export function isUnchanged({ atNextStart, ...parts }: ConfigChange): boolean {
  return (
    atNextStart.length === 0 &&
    Object.values(parts).every(({ added, changed, removed }) => added.length + changed.length + removed.length === 0)
  );
}

/** What a running daemon has after it took over what it can: the rest stays as it was. */
export function takenOver(before: DaemonConfig, after: DaemonConfig): DaemonConfig {
  const stay = Object.fromEntries(AT_START.map((field) => [field, before[field]])) as Pick<DaemonConfig, (typeof AT_START)[number]>;
  const parts = {
    queues: grown(before.queues, after.queues),
    streams: grown(before.streams, after.streams),
    topics: grown(before.topics, after.topics),
  };
  const known = {
    ...after.known,
    queues: parts.queues.map(({ name }) => name),
    streams: parts.streams.map(({ name }) => name),
    topics: parts.topics.map(({ name }) => name),
  };
  // Where functions are is said by `aws` and `lambda`.
  return { ...after, ...stay, ...parts, api: apiTakenOver(before.api, after.api), known, places: before.places };
}

/**
 * The section `api` of a running daemon after another one was read: other credentials and another certificate are taken over, but
 * nobody who was asked for them before is let in without, and the other way round.
 */
export function apiTakenOver(before: ApiPlan, after: ApiPlan): ApiPlan {
  const { credentials, tokens } = hasCredentials(before) === hasCredentials(after) ? after : before;
  const tls = (before.tls === undefined) === (after.tls === undefined) ? after.tls : before.tls;
  return { ...before, credentials, tokens, tls };
}

function apiAtNextStart(before: ApiPlan, after: ApiPlan): readonly string[] {
  return [
    ...(hasCredentials(before) === hasCredentials(after) ? [] : ['api.credentials and api.tokens']),
    ...((before.tls === undefined) === (after.tls === undefined) ? [] : ['api.tls']),
    ...(['rateLimit', 'maxConnections'] as const).filter((field) => !isSame(before[field], after[field])).map((field) => `api.${field}`),
  ];
}

function hasCredentials({ credentials, tokens }: ApiPlan): boolean {
  return credentials.length + tokens.length > 0;
}

function grown<Plan extends { readonly name: string }>(before: readonly Plan[], after: readonly Plan[]): readonly Plan[] {
  return [...before, ...after.filter(({ name }) => !before.some((plan) => plan.name === name))];
}

function partChange<Plan extends { readonly name: string }>(before: readonly Plan[], after: readonly Plan[]): PartChange {
  const was = new Map(before.map((plan) => [plan.name, plan]));
  const is = new Map(after.map((plan) => [plan.name, plan]));
  return {
    added: [...is.keys()].filter((name) => !was.has(name)),
    changed: [...is].filter(([name, plan]) => was.has(name) && !isSame(was.get(name), plan)).map(([name]) => name),
    removed: [...was.keys()].filter((name) => !is.has(name)),
  };
}

/** `at` is where it stands in the file, which says nothing of what it is. */
function isSame(one: unknown, other: unknown): boolean {
  const text = (value: unknown): string =>
    JSON.stringify([value], (key, part: unknown) => (key === 'at' || key === 'sourceField' ? undefined : part));
  return text(one) === text(other);
}
