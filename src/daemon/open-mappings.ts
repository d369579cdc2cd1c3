import { type FailureDestination, type Logger, type QueueSource, type StreamSource, type TopicSource } from '../contract/index.ts';
import type { AwsPlace, Catalog, KafkaPlace } from './catalog.ts';
import type { AwsPlan } from './config.ts';
import { type Embedded, queueDestination } from './embedded.ts';
import type { Service } from './file-fields.ts';
import { placeOf } from './place.ts';
import type { DestinationPlan } from './plan-destination.ts';
import type { TopicRef } from './plan-kafka.ts';
import type { MappingPlan } from './plan-mappings.ts';
import type { QueueRef, StreamRef } from './plan-source.ts';
import type { Problems } from './problems.ts';

/** A mapping whose source, and destination, are made. */
export type OpenMapping =
  | { readonly discipline: 'queue'; readonly plan: Extract<MappingPlan, { discipline: 'queue' }>; readonly source: QueueSource }
  | {
      readonly discipline: 'stream';
      readonly plan: Extract<MappingPlan, { discipline: 'stream' }>;
      readonly source: StreamSource;
      readonly destination: FailureDestination | undefined;
    }
  | {
      readonly discipline: 'topic';
      readonly plan: Extract<MappingPlan, { discipline: 'topic' }>;
      readonly source: TopicSource;
      readonly destination: FailureDestination | undefined;
    };

/** What mappings are opened with. */
export interface OpeningParts {
  readonly catalog: Catalog;
  readonly aws: AwsPlan;
  readonly embedded: Embedded;
  readonly logger: Logger;
  /** Where relative paths begin. */
  readonly folder: string;
  readonly problems: Problems;
}

/** Makes what the mappings read and where they put what they give up. Calls no service; what is wrong is told in the file's spelling. */
export async function openMappings(mappings: readonly MappingPlan[], parts: OpeningParts): Promise<OpenMapping[]> {
  const open: OpenMapping[] = [];
  for (const plan of mappings) {
    if (plan.discipline === 'queue') {
      const source = await openQueue(plan.source, plan.sourceField, parts);
      if (source !== undefined) open.push({ discipline: 'queue', plan, source });
    } else if (plan.discipline === 'topic') {
      const source = await openTopic(plan.source, plan.at, parts);
      const destination = plan.destination && (await openDestination(plan.destination, parts));
      if (source !== undefined) open.push({ discipline: 'topic', plan, source, destination });
    } else {
      const source = await openStream(plan.source, plan.sourceField, parts);
      const destination = plan.destination && (await openDestination(plan.destination, parts));
      if (source !== undefined) open.push({ discipline: 'stream', plan, source, destination });
    }
  }
  return open;
}

async function openQueue(ref: QueueRef, field: string, parts: OpeningParts): Promise<QueueSource | undefined> {
  if (ref.kind === 'embedded-queue') return parts.embedded.queues.get(ref.queue);
  const { sources } = parts.catalog;
  return onAws({ service: 'sqs', option: 'queue', field }, parts, (place) => sources.sqs({ queue: ref.queue, ...place }));
}

async function openStream(ref: StreamRef, field: string, parts: OpeningParts): Promise<StreamSource | undefined> {
  const { stream } = ref;
  const { sources } = parts.catalog;
  switch (ref.kind) {
    case 'embedded-stream':
      return parts.embedded.streams.get(stream);
    case 'kinesis':
      return onAws({ service: 'kinesis', option: 'stream', field }, parts, (place) => sources.kinesis({ stream, ...place }));
    case 'dynamodb-streams':
      return onAws({ service: 'dynamodbstreams', option: 'stream', field }, parts, (place) =>
        sources.dynamodbStreams({ stream, ...place }),
      );
  }
}

async function openTopic(ref: TopicRef, at: string, parts: OpeningParts): Promise<TopicSource | undefined> {
  const { topic } = ref;
  if (ref.kind === 'embedded-topic') return parts.embedded.topics.get(topic);
  const { catalog, logger } = parts;
  return onKafka(ref, at, parts, (place) => catalog.sources.kafka({ ...place, topic, isolation: ref.isolation, logger }));
}

/** What an adapter says of its options is told where the file says it. */
async function onKafka<Made>(
  ref: Extract<TopicRef, { kind: 'kafka' }>,
  at: string,
  { aws, folder, problems }: OpeningParts,
  make: (place: KafkaPlace) => Promise<Made>,
): Promise<Made | undefined> {
  const { brokers, access, clusterArn } = ref;
  const fields: Readonly<Record<string, string>> = {
    brokers: 'SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS',
    topic: 'Topics[0]',
    eventSourceArn: 'EventSourceArn',
  };
  try {
    return await make({ brokers, access, clusterArn, folder, secretsManager: placeOf(aws, 'secretsmanager').settings });
  } catch (error) {
    problems.take(error, (name) => {
      const [, option = name, rest = ''] = /^(\w+)(.*)$/.exec(name) ?? [];
      return `${at}.${fields[option] ?? option}${rest}`;
    });
    return undefined;
  }
}

async function openDestination(plan: DestinationPlan, parts: OpeningParts): Promise<FailureDestination | undefined> {
  const { field } = plan;
  if (plan.kind === 'embedded-queue') {
    const queue = parts.embedded.queues.get(plan.queue);
    return queue && queueDestination(queue);
  }
  const { destinations } = parts.catalog;
  if (plan.kind === 'topic') {
    const { topic, format, source } = plan;
    if (source.kind === 'kafka') {
      const at = field.replace(/\.DestinationConfig\..*$/, '');
      return onKafka(source, at, parts, (place) => destinations.kafka({ ...place, topic, kafkaDestinationFormat: format }));
    }
    const embedded = parts.embedded.topics.get(topic);
    return embedded && destinations.embeddedTopic(embedded, format);
  }
  const { arn } = plan;
  switch (plan.kind) {
    case 'sqs':
      return onAws({ service: 'sqs', option: 'queue', field }, parts, (place) => destinations.sqs({ queue: arn, ...place }));
    case 'sns':
      return onAws({ service: 'sns', option: 'topic', field }, parts, (place) => destinations.sns({ topic: arn, ...place }));
    case 's3':
      return onAws({ service: 's3', option: 'bucket', field }, parts, (place) => destinations.s3({ bucket: arn, ...place }));
  }
}

/** How what an adapter says of its options is told in the file's words: `option` is the one that stands at `field`. */
interface Spelling {
  readonly service: Service;
  readonly option: string;
  readonly field: string;
}

async function onAws<Made>(spelling: Spelling, parts: OpeningParts, make: (place: AwsPlace) => Promise<Made>): Promise<Made | undefined> {
  const { service, option, field } = spelling;
  const place = placeOf(parts.aws, service);
  try {
    return await make(place.settings);
  } catch (error) {
    parts.problems.take(error, (name) => (name === option ? field : place.fieldOf(name)));
    return undefined;
  }
}
