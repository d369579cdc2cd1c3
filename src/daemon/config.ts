import { resolve } from 'node:path';
import { ACCOUNT_ID_DEFAULT, type EngineSettings, LATEST, REGION_DEFAULT } from '../engine/index.ts';
import { check } from '../mapping/index.ts';
import { LISTEN_DEFAULT, type ListenAddress, parseAddress } from './address.ts';
import type { Known } from './arn.ts';
import type { LogLevel } from './catalog.ts';
import {
  EMBEDDED_QUEUE_FIELDS,
  EMBEDDED_STREAM_FIELDS,
  EMBEDDED_TOPIC_FIELDS,
  FILE_FIELDS,
  type FileFields,
  FUNCTION_ENTRY_FIELDS,
  type Service,
} from './file-fields.ts';
import { isPlainObject } from './pascal-schema.ts';
import { type ApiPlan, planApi, refuseUnguarded, withoutApiSecrets } from './plan-api.ts';
import type { FunctionPlaces } from './plan-function-name.ts';
import { type FunctionPlan, planFunctions } from './plan-functions.ts';
import { type MappingPlan, planMappings } from './plan-mappings.ts';
import { planQueues, type QueuePlan } from './plan-queues.ts';
import { planStreams, type StreamPlan } from './plan-streams.ts';
import { refuseSlowFunctions } from './plan-topic-time.ts';
import { planTopics, type TopicPlan } from './plan-topics.ts';
import { Problems } from './problems.ts';
import type { ReadFile } from './read-file.ts';

/** Where state is kept. */
export type StorePlan = { readonly type: 'memory' } | { readonly type: 'sqlite'; readonly path: string };

/** Where the services of AWS are. What is absent comes from the SDK's own chain. */
export interface AwsPlan {
  readonly endpoint?: string;
  /** Those that are somewhere else than `endpoint`. */
  readonly endpoints?: { readonly [Name in Service]?: string | undefined };
  readonly region?: string;
  readonly accountId?: string;
}

/** Where functions are that are not in the file, as far as that is not what {@link AwsPlan} says. */
export interface LambdaPlan {
  readonly endpoint?: string;
  readonly region?: string;
}

/** A configuration file, checked as a whole, with every default filled in. */
export interface DaemonConfig {
  /** Of the file: where its relative paths begin. */
  readonly folder: string;
  /** Its path; `undefined` without a file. */
  readonly file?: string;
  /** Tells what is found wrong with it later with the file that it stands in, where there are several. */
  readonly inFile?: (error: unknown) => unknown;
  readonly listen: ListenAddress;
  readonly api: ApiPlan;
  readonly log: { readonly level: LogLevel; readonly pretty: boolean | undefined };
  readonly store: StorePlan;
  readonly aws: AwsPlan;
  readonly lambda: LambdaPlan;
  /** What mappings may name, of this file. */
  readonly known: Known;
  /** Where functions may be, beside the file. */
  readonly places: FunctionPlaces;
  readonly stopTimeoutSeconds: number;
  /** What holds for all functions together, as the engine takes it. */
  readonly limits: Pick<EngineSettings, 'accountConcurrency' | 'breaker'>;
  readonly functions: readonly FunctionPlan[];
  /** Those that others name in their redrive policy come first. */
  readonly queues: readonly QueuePlan[];
  readonly streams: readonly StreamPlan[];
  readonly topics: readonly TopicPlan[];
  readonly mappings: readonly MappingPlan[];
}

const STOP_TIMEOUT_SECONDS_DEFAULT = 30;
const SQLITE_PATH_DEFAULT = '.millrace/millrace.db';

/**
 * Checks what a file says and fills in every default. Loads and starts nothing. `now` is the wall clock, epoch ms. Throws
 * a ConfigError with all that is wrong, in the file's own spelling.
 */
export function resolveConfig({ content, folder }: ReadFile, now: number): DaemonConfig {
  const problems = new Problems();
  const given = withoutSecrets(withoutApiSecrets(content), problems);
  const isShaped = problems.try(() => check(FILE_FIELDS, given)) !== undefined;
  // The rest looks at what is there, so that one slip does not hide the others.
  const fields = isShaped ? (given as FileFields) : partsThatFit(given);
  const functions = planFunctions(fields.functions ?? {}, folder, problems);
  const queues = planQueues(fields.queues ?? {}, problems);
  const streams = planStreams(fields.streams ?? {}, problems);
  const topics = planTopics(fields.topics ?? {}, problems);
  const known = {
    functions: namesOf(given, 'functions'),
    qualifiers: qualifiersOf(given),
    queues: namesOf(given, 'queues'),
    streams: namesOf(given, 'streams'),
    topics: namesOf(given, 'topics'),
  };
  const places = placesOf(fields);
  const entries: unknown[] = isPlainObject(given) && Array.isArray(given['mappings']) ? given['mappings'] : [];
  const mappings = planMappings(entries, { known, places, now, problems });
  refuseSlowFunctions(mappings, functions, problems);
  const listen = problems.try(() => (fields.listen === undefined ? LISTEN_DEFAULT : parseAddress(fields.listen, 'listen')));
  const api = planApi(content, fields.api, folder, problems);
  // What is wrong in api is told for itself; who gave one means to give credentials.
  if (listen !== undefined && !hasFaultyApi(given, fields)) problems.try(() => refuseUnguarded(listen, 'listen', api));
  checkStore(fields, problems);
  problems.throwIfAny();
  return {
    folder,
    listen: listen ?? LISTEN_DEFAULT,
    api,
    log: { level: fields.log?.level ?? 'info', pretty: fields.log?.pretty },
    store: storeOf(fields, folder),
    aws: awsOf(fields),
    lambda: lambdaOf(fields),
    known,
    places,
    stopTimeoutSeconds: fields.stopTimeoutSeconds ?? STOP_TIMEOUT_SECONDS_DEFAULT,
    limits: limitsOf(fields),
    functions,
    queues,
    streams,
    topics,
    mappings,
  };
}

function storeOf({ store }: FileFields, folder: string): StorePlan {
  if (store?.type === 'memory') return { type: 'memory' };
  return { type: 'sqlite', path: resolve(folder, store?.path ?? SQLITE_PATH_DEFAULT) };
}

function checkStore({ store }: FileFields, problems: Problems): void {
  if (store?.type === 'memory' && store.path !== undefined) {
    problems.add('store.path', 'has no effect on a store in memory; take it out, or set type to sqlite');
  }
}

function awsOf({ aws = {} }: FileFields): AwsPlan {
  const { endpoint, endpoints, region, accountId } = aws;
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(endpoints === undefined ? {} : { endpoints }),
    ...(region === undefined ? {} : { region }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}

function lambdaOf({ lambda: { endpoint, region } = {} }: FileFields): LambdaPlan {
  return { ...(endpoint === undefined ? {} : { endpoint }), ...(region === undefined ? {} : { region }) };
}

function limitsOf({ accountConcurrency, breaker }: FileFields): DaemonConfig['limits'] {
  return { ...(accountConcurrency === undefined ? {} : { accountConcurrency }), ...(breaker === undefined ? {} : { breaker }) };
}

/** An endpoint is of something that may have functions too, such as LocalStack. */
function placesOf({ aws = {}, lambda }: FileFields): FunctionPlaces {
  const isImplied = aws.endpoint !== undefined || aws.endpoints?.lambda !== undefined;
  return {
    region: aws.region ?? REGION_DEFAULT,
    accountId: aws.accountId ?? ACCOUNT_ID_DEFAULT,
    lambda: lambda === undefined ? (isImplied ? 'implied' : 'no') : 'yes',
  };
}

const SECRET = /^(accesskeyid|accesskey|secretaccesskey|secretkey|secret|sessiontoken|securitytoken|token|credentials?|password)$/;

/** Credentials are refused with the way to give them, and taken out so that nothing repeats them. */
function withoutSecrets(content: unknown, problems: Problems): unknown {
  if (!isPlainObject(content)) return content;
  const { aws } = content;
  if (!isPlainObject(aws)) return content;
  const kept = Object.entries(aws).filter(([name]) => {
    const isSecret = SECRET.test(name.toLowerCase().replaceAll(/[-_]/g, ''));
    if (isSecret) {
      problems.add(
        `aws.${name}`,
        'does not belong into a file; take it out and give credentials as the AWS SDK finds them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in AWS_PROFILE, or the role of the machine',
      );
    }
    return !isSecret;
  });
  return { ...content, aws: Object.fromEntries(kept) };
}

/** The parts of the file that are right in themselves. */
function partsThatFit(given: unknown): FileFields {
  if (!isPlainObject(given)) return {};
  const { shape } = FILE_FIELDS;
  const fitting = Object.entries(given).flatMap(([name, value]): [string, unknown][] => {
    if (!Object.hasOwn(shape, name)) return [];
    const field = shape[name as keyof typeof shape];
    if (field.safeParse(value).success) return [[name, value]];
    return isPart(name) && isPlainObject(value) ? [[name, entriesThatFit(name, value)]] : [];
  });
  return FILE_FIELDS.parse(Object.fromEntries(fitting));
}

const PARTS = {
  functions: FUNCTION_ENTRY_FIELDS,
  queues: EMBEDDED_QUEUE_FIELDS,
  streams: EMBEDDED_STREAM_FIELDS,
  topics: EMBEDDED_TOPIC_FIELDS,
};

function isPart(name: string): name is keyof typeof PARTS {
  return Object.hasOwn(PARTS, name);
}

function entriesThatFit(part: keyof typeof PARTS, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => PARTS[part].safeParse(one).success));
}

/** All names of a part, of entries with faults too: naming one of those is no further fault. */
function namesOf(given: unknown, part: string): readonly string[] {
  const entries = isPlainObject(given) ? given[part] : undefined;
  return isPlainObject(entries) ? Object.keys(entries) : [];
}

/** All versions and aliases of each function, of entries with faults too. */
function qualifiersOf(given: unknown): ReadonlyMap<string, readonly string[]> {
  const functions = isPlainObject(given) ? given['functions'] : undefined;
  if (!isPlainObject(functions)) return new Map();
  return new Map(
    Object.entries(functions).map(([name, entry]) => [name, [...namesOf(entry, 'Aliases'), LATEST, ...namesOf(entry, 'Versions')]]),
  );
}

function hasFaultyApi(given: unknown, { api }: FileFields): boolean {
  return isPlainObject(given) && given['api'] !== undefined && api === undefined;
}
