import type { FailureDestination, QueueSource, StreamSource } from '../contract/index.ts';
import type { AwsPlace, Catalog } from './catalog.ts';
import type { AwsPlan } from './config.ts';
import { type Embedded, queueDestination } from './embedded.ts';
import type { Service } from './file-fields.ts';
import { placeOf } from './place.ts';
import type { DestinationPlan } from './plan-destination.ts';
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
    };

/** What mappings are opened with. */
export interface OpeningParts {
  readonly catalog: Catalog;
  readonly aws: AwsPlan;
  readonly embedded: Embedded;
  readonly problems: Problems;
}

/** Makes what the mappings read and where they put what they give up. Calls no service; what is wrong is told in the file's spelling. */
export async function openMappings(mappings: readonly MappingPlan[], parts: OpeningParts): Promise<OpenMapping[]> {
  const open: OpenMapping[] = [];
  for (const plan of mappings) {
    if (plan.discipline === 'queue') {
      const source = await openQueue(plan.source, plan.sourceField, parts);
      if (source !== undefined) open.push({ discipline: 'queue', plan, source });
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

async function openDestination(plan: DestinationPlan, parts: OpeningParts): Promise<FailureDestination | undefined> {
  const { field } = plan;
  if (plan.kind === 'embedded-queue') {
    const queue = parts.embedded.queues.get(plan.queue);
    return queue && queueDestination(queue);
  }
  const { arn } = plan;
  const { destinations } = parts.catalog;
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
