import { discardJson, type FailureDestination, SourceError } from '../contract/index.ts';
import { EMBEDDED_REGION } from './arn.ts';
import type { Catalog, EmbeddedQueueSource, EmbeddedStreamSource, EmbeddedTopicSource } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import type { Narrator } from './narrator.ts';

/** What lives in this process, by name. */
export interface Embedded {
  readonly queues: ReadonlyMap<string, EmbeddedQueueSource>;
  readonly streams: ReadonlyMap<string, EmbeddedStreamSource>;
  readonly topics: ReadonlyMap<string, EmbeddedTopicSource>;
}

/** Makes the queues, streams and topics of the file; loads nothing when there are none. */
export async function makeEmbedded(catalog: Catalog, config: DaemonConfig, narrator: Narrator): Promise<Embedded> {
  return {
    queues: config.queues.length === 0 ? new Map<string, EmbeddedQueueSource>() : await makeQueues(catalog, config, narrator),
    streams: config.streams.length === 0 ? new Map<string, EmbeddedStreamSource>() : await makeStreams(catalog, config),
    topics: config.topics.length === 0 ? new Map<string, EmbeddedTopicSource>() : await makeTopics(catalog, config),
  };
}

/** An embedded queue as an on-failure destination: as SQS, it takes the record as the body of a message. */
export function queueDestination(queue: EmbeddedQueueSource): FailureDestination {
  return {
    label: queue.arn,
    check: () => Promise.resolve(),
    send: (discard, signal) => {
      if (signal.aborted) return Promise.reject(new SourceError('unavailable', 'AbortError', 'the call was aborted'));
      return Promise.resolve().then(() => {
        queue.send({ body: discardJson(discard) });
      });
    },
    close: () => Promise.resolve(),
  };
}

function makeQueues(catalog: Catalog, { queues }: DaemonConfig, narrator: Narrator): Promise<Embedded['queues']> {
  return catalog.sources.embeddedQueues(
    queues.map(({ at: _at, produce: _produce, redrive, ...plan }) => ({
      ...plan,
      region: EMBEDDED_REGION,
      redrive: redrive && {
        ...redrive,
        onMoved: ({ messageId, receives }) => {
          narrator.setAside(plan.name, redrive.queue, receives, messageId);
        },
      },
    })),
  );
}

function makeTopics(catalog: Catalog, { topics }: DaemonConfig): Promise<Embedded['topics']> {
  return catalog.sources.embeddedTopics(
    topics.map(({ name, partitions, retentionSeconds }) => ({
      name,
      partitions,
      retentionMs: retentionSeconds === undefined ? undefined : retentionSeconds * 1000,
    })),
  );
}

function makeStreams(catalog: Catalog, { streams }: DaemonConfig): Promise<Embedded['streams']> {
  return catalog.sources.embeddedStreams(
    streams.map(({ name, shards, retentionSeconds }) => ({
      name,
      shards,
      region: EMBEDDED_REGION,
      retentionMs: retentionSeconds === undefined ? undefined : retentionSeconds * 1000,
    })),
  );
}
