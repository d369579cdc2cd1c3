import * as z from 'zod';
import type { FilterSourceKind, StreamSource } from '../contract/index.ts';
import { nearest } from '../kit/index.ts';
import {
  kindOf,
  pascal,
  QUEUE_FIELDS,
  type QueueFields,
  resolveQueueOptions,
  resolveStreamOptions,
  resolveTopicOptions,
  STREAM_FIELDS,
  type StreamFields,
  TOPIC_FIELDS,
  type TopicFields,
} from '../mapping/index.ts';
import type { Known } from './arn.ts';
import { INSTANT, MAPPING_FIELDS } from './file-fields.ts';
import { camelFields, isPlainObject, pascalShape } from './pascal-schema.ts';
import { refuseTopicConflicts } from './plan-conflicts.ts';
import { type DestinationPlan, planDestination } from './plan-destination.ts';
import { type FunctionPlaces, planFunctionName } from './plan-function-name.ts';
import { KAFKA_FIELD_NAMES, type TopicRef } from './plan-kafka.ts';
import { isFifo } from './plan-queues.ts';
import { planSource, type QueueRef, type SourcePlan, type StreamRef } from './plan-source.ts';
import type { Problems } from './problems.ts';

/** A mapping of the file. `fields` are those of AWS as the engine takes them. */
export type MappingPlan = {
  readonly at: string;
  readonly name: string;
  /** As the file says it. */
  readonly functionName: string;
  /** How much it counts beside the others of its function; `undefined`: the engine's default. */
  readonly weight: number | undefined;
  /** The function is not in the file, but Lambda's. */
  readonly isElsewhere: boolean;
  /** Where the source stands in the file. */
  readonly sourceField: string;
  /** All of it, as the file says it. */
  readonly entry: Readonly<Record<string, unknown>>;
} & (
  | { readonly discipline: 'queue'; readonly source: QueueRef; readonly fields: QueueFields }
  | {
      readonly discipline: 'stream';
      readonly source: StreamRef;
      readonly fields: StreamFields;
      readonly destination: DestinationPlan | undefined;
    }
  | {
      readonly discipline: 'topic';
      readonly source: TopicRef;
      readonly fields: TopicFields;
      readonly destination: DestinationPlan | undefined;
    }
);

const ENTRY = z.looseObject(MAPPING_FIELDS.shape);

/** The fields that are the file's, and those that are the engine's. */
const FIELDS = {
  queue: { own: Object.keys(MAPPING_FIELDS.shape), engines: Object.keys(pascalShape(QUEUE_FIELDS)) },
  stream: { own: [...Object.keys(MAPPING_FIELDS.shape), 'DestinationConfig'], engines: Object.keys(pascalShape(STREAM_FIELDS)) },
  topic: {
    own: [...Object.keys(MAPPING_FIELDS.shape), 'DestinationConfig', ...KAFKA_FIELD_NAMES],
    engines: Object.keys(pascalShape(TOPIC_FIELDS)),
  },
};

/** Where reading may begin; the source itself is asked again when it is there. */
const STREAM_RULES: Readonly<
  Record<StreamRef['kind'], Pick<StreamSource, 'startingPositions'> & { readonly filterKind: FilterSourceKind }>
> = {
  kinesis: { startingPositions: ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'], filterKind: 'kinesis' },
  'dynamodb-streams': { startingPositions: ['TRIM_HORIZON', 'LATEST'], filterKind: 'dynamodb' },
  'embedded-stream': { startingPositions: ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'], filterKind: 'kinesis' },
};

const TOPIC_STARTS = ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const;

/** What mappings are checked with. */
export interface MappingsContext {
  readonly known: Known;
  readonly places: FunctionPlaces;
  /** Wall clock, epoch ms. */
  readonly now: number;
  readonly problems: Problems;
}

/** Checks the mappings of the file, each with the engine's own rules. Entries whose own fields do not fit are for others to tell. */
export function planMappings(given: readonly unknown[], context: MappingsContext): MappingPlan[] {
  const { known, places, problems } = context;
  const taken = new Map<string, string>();
  const plans = given.flatMap((raw, index): MappingPlan[] => {
    if (!isPlainObject(raw)) return [];
    const at = `mappings[${String(index)}]`;
    const source = planSource(raw, at, known, problems);
    const work = source === undefined ? undefined : planWork(raw, at, source, context);
    const { data: entry } = ENTRY.safeParse(raw);
    if (entry === undefined) return [];
    const { FunctionName: functionName, Weight: weight } = entry;
    const named = planFunctionName(functionName, { field: `${at}.FunctionName`, known, places, problems });
    if (source === undefined || work === undefined || named === undefined) return [];
    const name = entry.Name ?? `${source.name}/${named.label}`;
    const other = taken.get(name);
    if (other !== undefined) {
      const field = entry.Name === undefined ? at : `${at}.Name`;
      problems.add(
        field,
        `is named ${name}, as ${other} is; names tell mappings apart in logs, metrics and the store: give it another Name`,
      );
    }
    taken.set(name, at);
    return [{ at, name, functionName, weight, isElsewhere: named.isElsewhere, sourceField: source.field, entry: raw, ...work }];
  });
  refuseTopicConflicts(plans, places, problems);
  return plans;
}

type Work =
  | Pick<Extract<MappingPlan, { discipline: 'queue' }>, 'discipline' | 'source' | 'fields'>
  | Pick<Extract<MappingPlan, { discipline: 'stream' }>, 'discipline' | 'source' | 'fields' | 'destination'>
  | Pick<Extract<MappingPlan, { discipline: 'topic' }>, 'discipline' | 'source' | 'fields' | 'destination'>;

/** What the engine is to do, checked by its own rules. */
function planWork(raw: Readonly<Record<string, unknown>>, at: string, source: SourcePlan, context: MappingsContext): Work {
  const { known, now, problems } = context;
  const checked = { at, spell: pascal };
  if (source.discipline === 'queue') {
    const fields: QueueFields = engineFields(raw, at, 'queue', problems);
    problems.try(() => resolveQueueOptions(fields, { fifo: isFifo(source.name), filterKind: 'sqs' }, checked));
    return { discipline: 'queue', source: source.ref, fields };
  }
  if (source.discipline === 'topic') return planTopic(raw, at, source, context);
  const fields: StreamFields = engineFields(withEpochSeconds(raw, at, problems), at, 'stream', problems);
  const { kind, stream: label } = source.ref;
  const { startingPositions, filterKind } = STREAM_RULES[kind];
  problems.try(() => resolveStreamOptions(fields, { label, startingPositions, filterKind, now }, checked));
  const destination = planDestination(raw['DestinationConfig'], { at: `${at}.DestinationConfig` }, known, problems);
  return { discipline: 'stream', source: source.ref, fields, destination };
}

function planTopic(
  raw: Readonly<Record<string, unknown>>,
  at: string,
  source: Extract<SourcePlan, { discipline: 'topic' }>,
  { known, now, problems }: MappingsContext,
): Work {
  const { ref, consumerGroupId } = source;
  const given = engineFields(withEpochSeconds(raw, at, problems), at, 'topic', problems);
  const destination = planDestination(raw['DestinationConfig'], { at: `${at}.DestinationConfig`, kafka: source }, known, problems);
  const rules = {
    label: ref.topic,
    startingPositions: TOPIC_STARTS,
    filterKind: 'kafka' as const,
    hasDestination: destination !== undefined,
    now,
  };
  problems.try(() => resolveTopicOptions(given, rules, { at, spell: pascal }));
  const fields: TopicFields = { ...given, ...(consumerGroupId === undefined ? {} : { consumerGroupId }) };
  return { discipline: 'topic', source: ref, fields, destination };
}

/** AWS takes epoch seconds; people write dates. */
function withEpochSeconds(raw: Readonly<Record<string, unknown>>, at: string, problems: Problems): Readonly<Record<string, unknown>> {
  const { StartingPositionTimestamp: given } = raw;
  if (typeof given !== 'string') return raw;
  const isInstant = INSTANT.safeParse(given).success;
  if (!isInstant) {
    problems.add(
      `${at}.StartingPositionTimestamp`,
      `must be epoch seconds, or a date and time with its zone such as 2026-01-31T09:30:00Z, but is ${kindOf(given)}`,
    );
  }
  return { ...raw, StartingPositionTimestamp: isInstant ? Date.parse(given) / 1000 : 0 };
}

/** What the engine is to check, in its spelling; what it could only misunderstand is told here. */
function engineFields(
  entry: Readonly<Record<string, unknown>>,
  at: string,
  discipline: SourcePlan['discipline'],
  problems: Problems,
): Record<string, unknown> {
  const { own, engines } = FIELDS[discipline];
  const rest = Object.fromEntries(
    Object.entries(entry).filter(([name]) => {
      if (own.includes(name)) return false;
      const meant = engines.includes(name) ? undefined : nearest(name, [...own, ...engines]);
      const isOwn = meant !== undefined && own.includes(meant);
      if (isOwn) problems.add(`${at}.${name}`, `is not a field that is known here; did you mean ${meant}?`);
      return !isOwn;
    }),
  );
  return camelFields(rest, (path) => {
    const [last = ''] = path.split('.').slice(-1);
    problems.add(`${at}.${path}`, `is not a field that is known here; fields are spelt as AWS does, did you mean ${pascal(last)}?`);
  });
}
