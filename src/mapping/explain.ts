import type {
  ErrorExplanation,
  Finding,
  LagExplanation,
  MappingExplanation,
  MappingSnapshot,
  ShardExplanation,
  ShardSnapshot,
  StreamPosition,
  Wait,
  WaitExplanation,
} from '../contract/index.ts';
import { inSeconds, lagOf } from '../observe/index.ts';
import { describeReason } from './describe-wait.ts';

/** What is remembered of mappings, beside what they are at this moment. */
export interface Observations {
  /** The last error of a mapping, or of one of its shards. */
  lastErrorOf(mapping: string, shardId?: string): ErrorExplanation | undefined;
  /** How old the first record of the last batch was, ms. */
  batchAgeOf(mapping: string): number | undefined;
  /** When records of a shard would be lost unread. */
  secondsToLossOf(mapping: string, shardId: string): number | undefined;
  /** How long the process did not get round to its work, ms, where that was too long before the last look. */
  readonly eventLoopDelayMs?: number | undefined;
  /** What the watchdog found at its last look. */
  findingsOf(mapping: string): readonly Finding[];
}

/** What an explanation is made with. */
export interface ExplainParts {
  /** Monotonic, ms. */
  readonly now: number;
  /** The same instant, epoch ms. */
  readonly wall: number;
  /** How many messages a queue says that it holds. */
  readonly depth: number | undefined;
  readonly observations: Observations | undefined;
}

/** What a mapping does and why it waits. Pure. */
export function explainMapping(snapshot: MappingSnapshot, parts: ExplainParts): MappingExplanation {
  const { id, name, eventSource, functionName, state, lastProcessingResult, inFlight, credits, breaker } = snapshot;
  const { observations, wall } = parts;
  const shards = snapshot.shards.map((shard) => explainShard(name, shard, parts));
  const ofShards = new Set(snapshot.shards.flatMap(({ reader, lanes }) => [reader, ...lanes].map(({ part }) => part)));
  const waits = snapshot.waits.filter(({ part }) => !ofShards.has(part)).map((wait) => explainWait(wait, parts));
  return {
    id,
    name,
    eventSource,
    functionName,
    state,
    lastProcessingResult,
    at: wall,
    inFlight,
    lag: snapshot.shards.length > 0 ? lagOfAll(shards) : lagOfQueue(snapshot, parts),
    secondsToLoss: least(shards.map(({ secondsToLoss }) => secondsToLoss)),
    waits,
    shards,
    lastError: observations?.lastErrorOf(name),
    nextRetryAt: least([retryAt(waits), ...shards.map(({ nextRetryAt }) => nextRetryAt)]),
    credits: {
      inUse: credits.inUse,
      ofMapping: credits.ofMapping,
      limit: Number.isFinite(credits.limit) ? credits.limit : undefined,
      waiting: credits.waiting,
    },
    breaker: breaker && {
      state: breaker.state,
      until: breaker.until === undefined ? undefined : wallOf(breaker.until, parts),
      openings: breaker.openings,
      cause: breaker.state === 'closed' ? undefined : breaker.cause,
    },
    findings: observations?.findingsOf(name) ?? [],
  };
}

function explainShard(mapping: string, shard: ShardSnapshot, parts: ExplainParts): ShardExplanation {
  const { observations } = parts;
  const waits = [shard.reader, ...shard.lanes].map((wait) => explainWait(wait, parts));
  return {
    shardId: shard.shardId,
    position: positionText(shard.position),
    inFlight: shard.outstanding,
    lag: lagOf(shard, parts.now, parts.wall),
    secondsToLoss: observations?.secondsToLossOf(mapping, shard.shardId),
    waits,
    lastError: observations?.lastErrorOf(mapping, shard.shardId),
    nextRetryAt: retryAt(waits),
  };
}

function explainWait({ part, reason, since }: Wait, parts: ExplainParts): WaitExplanation {
  const until = endOf(reason);
  return {
    part,
    reason: reason.kind,
    text: describeReason(reason, parts.now),
    since: since === undefined ? undefined : wallOf(since, parts),
    until: until === undefined ? undefined : wallOf(until, parts),
  };
}

/** When a wait ends by itself, or is looked at again; monotonic, ms. */
function endOf(reason: Wait['reason']): number | undefined {
  if ('until' in reason) return reason.until;
  if ('at' in reason) return reason.at;
  if ('retryAt' in reason) return reason.retryAt;
  return 'deadline' in reason ? reason.deadline : undefined;
}

const RETRIES: ReadonlySet<string> = new Set(['retry', 'source', 'store', 'destination']);

function retryAt(waits: readonly WaitExplanation[]): number | undefined {
  return least(waits.map(({ reason, until }) => (RETRIES.has(reason) ? until : undefined)));
}

function lagOfAll(shards: readonly ShardExplanation[]): LagExplanation {
  let records = 0;
  let oldest: number | undefined;
  for (const { lag } of shards) {
    records += lag.records ?? 0;
    if (lag.seconds !== undefined) oldest = Math.max(oldest ?? 0, lag.seconds);
  }
  return { records, isAtLeast: shards.some(({ lag }) => lag.isAtLeast), seconds: oldest };
}

/** What waits in a queue is known only when it was asked. */
function lagOfQueue({ name, inFlight }: MappingSnapshot, { depth, observations }: ExplainParts): LagExplanation {
  const ageMs = observations?.batchAgeOf(name);
  const isEmpty = depth === 0 && inFlight === 0;
  return {
    records: depth === undefined ? (inFlight > 0 ? inFlight : undefined) : Math.max(depth, inFlight),
    isAtLeast: depth === undefined,
    seconds: isEmpty ? 0 : ageMs === undefined ? undefined : inSeconds(ageMs),
  };
}

function positionText(position: StreamPosition): string {
  switch (position.kind) {
    case 'start':
      if (position.start.kind === 'at-timestamp') return `AT_TIMESTAMP ${new Date(position.start.timestamp).toISOString()}`;
      return position.start.kind === 'latest' ? 'LATEST' : 'TRIM_HORIZON';
    case 'after':
      return position.sequenceNumber;
    case 'before':
      return `before ${position.sequenceNumber}`;
    case 'end':
      return 'SHARD_END';
  }
}

/** A monotonic instant as people date it. */
function wallOf(at: number, { now, wall }: ExplainParts): number {
  return Math.round(wall + (at - now));
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
