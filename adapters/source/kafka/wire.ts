/**
 * What is used of kafkajs: its protocol layer (encoding, versions, connections, security), reached through the cluster that it hands to
 * a custom assigner. Its consumer is never run. An answer in which one partition has an error fails as a whole in kafkajs; here it is
 * passed on, so that a partition's trouble stays its own. The shapes are those of 2.2.4, which is pinned, and are checked when opening.
 */
import { SourceError } from '../../../src/index.ts';
import { wholeBatchesEnd } from './record-batches.ts';

/** A record as kafkajs decodes it. */
export interface WireMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
  readonly isControlRecord?: boolean;
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean; readonly timestampType: number };
}

type HeaderValue = Buffer | string | null;

/** What a fetch brought of one partition. */
export interface WirePartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset?: string;
  readonly abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: readonly WireMessage[];
  /** The last offset that the whole batches of the answer cover, whether a record has it or not. */
  readonly covered?: string | undefined;
}

/** One place of a log, as it is asked for. */
export interface WirePlace {
  readonly partition: number;
  readonly fetchOffset: string;
  readonly maxBytes: number;
}

/** One offset of a list. */
export interface WireOffset {
  readonly partition: number;
  readonly errorCode: number;
  readonly offset: string;
}

/** One partition's commit, as the group knows it. */
export interface WireCommitted extends WireOffset {
  readonly metadata: string | null;
}

/** The answer to a join. Members are told to the leader only. */
export interface WireJoined {
  readonly generationId: number;
  readonly groupProtocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly WireMember[];
}

/** A member as the group's leader sees it. */
export interface WireMember {
  readonly memberId: string;
  readonly memberMetadata: Buffer;
}

interface Answers<Partition> {
  readonly errorCode?: number;
  readonly responses: readonly { readonly partitions: readonly Partition[] }[];
}

interface MemberName {
  readonly groupId: string;
  readonly memberId: string;
}

interface MemberOfGeneration extends MemberName {
  readonly groupGenerationId: number;
}

/** One broker. Every method is one request. */
export interface WireBroker {
  fetch(request: {
    readonly isolationLevel: number;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly WirePlace[] }[];
  }): Promise<Answers<WirePartition>>;
  listOffsets(request: {
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  }): Promise<Answers<WireOffset>>;
  findGroupCoordinator(request: { readonly groupId: string; readonly coordinatorType: number }): Promise<{
    readonly coordinator: { readonly nodeId: number };
  }>;
  joinGroup(
    request: MemberName & {
      readonly sessionTimeout: number;
      readonly rebalanceTimeout: number;
      readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
    },
  ): Promise<WireJoined>;
  syncGroup(
    request: MemberName & {
      readonly generationId: number;
      readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
    },
  ): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: MemberOfGeneration): Promise<unknown>;
  leaveGroup(request: MemberName): Promise<unknown>;
  offsetCommit(
    request: MemberOfGeneration & {
      readonly topics: readonly {
        readonly topic: string;
        readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata: string }[];
      }[];
    },
  ): Promise<Answers<{ readonly partition: number; readonly errorCode: number }>>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number }[] }[];
  }): Promise<Answers<WireCommitted>>;
  metadata(topics: readonly string[]): Promise<{
    readonly topicMetadata: readonly { readonly topic: string; readonly partitionMetadata: readonly WirePartitionMetadata[] }[];
  }>;
}

/** Where a partition is. */
export interface WirePartitionMetadata {
  readonly partitionId: number;
  /** -1: none at present. */
  readonly leader: number;
}

/** The brokers as one. */
export interface WireCluster {
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  getNodeIds(): readonly (string | number)[];
  findBroker(node: { readonly nodeId: string }): Promise<WireBroker>;
  findTopicPartitionMetadata(topic: string): readonly WirePartitionMetadata[];
  readonly connectionPoolBuilder: { build(destination?: unknown): Promise<WirePool> };
}

interface WirePool {
  send(call: WireCall): Promise<unknown>;
}

interface WireCall {
  readonly request: { readonly apiName: string; readonly apiVersion: number };
  readonly response: WireResponse;
}

interface WireResponse {
  decode(payload: unknown): Promise<unknown>;
  parse(decoded: unknown): Promise<unknown>;
}

const CLUSTER_METHODS = [
  'isConnected',
  'connect',
  'disconnect',
  'addMultipleTargetTopics',
  'refreshMetadata',
  'getNodeIds',
  'findBroker',
  'findTopicPartitionMetadata',
];

/** What is heard beside the answers. */
export interface WireNews {
  /** The name that a group gives, before it is joined. */
  readonly onMemberId: (memberId: string) => void;
  /** The cluster's own id, with every answer that tells it. */
  readonly onClusterId: (clusterId: string) => void;
}

/** Makes a cluster of kafkajs one whose answers tell of each partition by itself. */
export function toWire(cluster: object, news: WireNews): WireCluster {
  if (!isWireCluster(cluster)) {
    throw new SourceError('invalid', 'UnknownKafkajs', 'this kafkajs is not the one that Millrace is made for; install version 2.2.4');
  }
  const builder = cluster.connectionPoolBuilder;
  const build = builder.build.bind(builder);
  builder.build = async (destination) => {
    const pool = await build(destination);
    const send = pool.send.bind(pool);
    pool.send = (call) => send(tolerant(call, news)).catch((error: unknown) => noteMemberId(error, news));
    return pool;
  };
  return cluster;
}

function isWireCluster(cluster: object): cluster is WireCluster {
  const has = (of: object, name: string): boolean => typeof Reflect.get(of, name) === 'function';
  const builder: unknown = Reflect.get(cluster, 'connectionPoolBuilder');
  if (typeof builder !== 'object' || builder === null || !has(builder, 'build')) return false;
  return CLUSTER_METHODS.every((name) => has(cluster, name));
}

/** kafkajs joins again by itself with the name that it was given; if that takes long, only this tells the name. */
function noteMemberId(error: unknown, { onMemberId }: WireNews): never {
  if (error instanceof Error && error.name === 'KafkaJSMemberIdRequired' && 'memberId' in error) onMemberId(String(error.memberId));
  throw error;
}

interface WireMetadata {
  readonly clusterId?: string | null;
  readonly topicMetadata: readonly { readonly topicErrorCode: number }[];
}

const same = (decoded: unknown): Promise<unknown> => Promise.resolve(decoded);

function tolerant(call: WireCall, news: WireNews): WireCall {
  const { request, response } = call;
  switch (request.apiName) {
    case 'Fetch':
      return { ...call, response: { decode: (payload) => decodeFetch(payload, request.apiVersion, response), parse: same } };
    case 'ListOffsets':
    case 'OffsetCommit':
    case 'OffsetFetch':
      return { ...call, response: { decode: (payload) => response.decode(payload), parse: same } };
    case 'Metadata':
      return {
        ...call,
        response: { decode: (payload) => response.decode(payload), parse: (decoded) => parseMetadata(decoded, response, news) },
      };
    default:
      return call;
  }
}

/** A topic's error is thrown; a partition without a leader is no reason not to know the others. */
function parseMetadata(decoded: unknown, response: WireResponse, { onClusterId }: WireNews): Promise<unknown> {
  const { topicMetadata, clusterId } = decoded as WireMetadata;
  if (typeof clusterId === 'string' && clusterId !== '') onClusterId(clusterId);
  return topicMetadata.some(({ topicErrorCode }) => topicErrorCode !== 0) ? response.parse(decoded) : same(decoded);
}

async function decodeFetch(payload: unknown, version: number, response: WireResponse): Promise<unknown> {
  const decoded = (await response.decode(payload).catch(unreadable)) as Answers<WirePartition>;
  if (!Buffer.isBuffer(payload)) return decoded;
  const ends = wholeBatchesEnd(payload, version);
  return {
    ...decoded,
    responses: decoded.responses.map((topic, at) => ({
      ...topic,
      partitions: topic.partitions.map((partition, index) => ({ ...partition, covered: ends[at]?.[index] })),
    })),
  };
}

/** It is one partition's records that cannot be read, as with the compressions that kafkajs lacks: the others shall not wait for them. */
function unreadable(error: unknown): never {
  if (!(error instanceof Error) || error.name.startsWith('KafkaJS')) throw error;
  throw new SourceError('invalid', 'UNREADABLE_RECORDS', `Fetch: records that cannot be decoded: ${error.message}`, { cause: error });
}
