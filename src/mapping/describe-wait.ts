import type { Wait, WaitReason } from '../contract/index.ts';

/** Why something waits, as one sentence; `now` is on the engine's monotonic clock, ms. */
export function describeWait(wait: Wait, now: number): string {
  return `${wait.part}: ${describeReason(wait.reason, now)}`;
}

/** The same without the part. */
export function describeReason(reason: WaitReason, now: number): string {
  const left = (at: number): string => `${(Math.max(0, at - now) / 1000).toFixed(1)} s`;
  const since = (at: number): string => `${(Math.max(0, now - at) / 1000).toFixed(1)} s`;
  switch (reason.kind) {
    case 'empty-poll':
      return `the source has nothing; the next look is in ${left(reason.until)} at the latest`;
    case 'batch-window':
      return `a batch of ${String(reason.records)} is open for ${left(reason.until)} more`;
    case 'no-credit':
      return `${whoRuns(reason.functionName)} ${String(reason.inUse)} of ${String(reason.limit)} invocations ${reason.functionName === undefined ? 'they' : 'it'} may run at once`;
    case 'breaker':
      return describeBreaker(reason, left);
    case 'no-room':
      return `${String(reason.records)} records with up to ${String(reason.bytes)} bytes are in flight, which is all that may be`;
    case 'read-ahead':
      return `every lane has work; ${String(reason.records)} records are read ahead`;
    case 'invocation':
      return `the function has been working on ${String(reason.records)} records for ${since(reason.since)} (request ${reason.requestId})`;
    case 'handler-did-not-stop':
      return `the handler overran its time-out ${since(reason.since)} ago and has not stopped (request ${reason.requestId})`;
    case 'retry':
      return `try ${String(reason.attempt + 1)} of the same batch in ${left(reason.at)} (${reason.cause})`;
    case 'settling':
      return `deletes or releases of ${String(reason.messages)} messages are under way`;
    case 'source':
      return `the source cannot be used (${reason.error}: ${reason.message}); the next look is in ${left(reason.retryAt)}`;
    case 'store':
      return `the state store cannot be used (${reason.message}); the next try is in ${left(reason.retryAt)}`;
    case 'lease':
      return `owned by ${reason.owner}`;
    case 'parents':
      return `waits until its parents are worked off: ${reason.shards.join(', ')}`;
    case 'event-loop':
      return `the process did not get round to its work for ${String(Math.round(reason.delayMs))} ms: something computes without a pause`;
    case 'rebalance':
      return 'waits for the consumer group to spread its partitions';
    case 'no-records':
      return 'has no records';
    case 'recording':
      return `a record of ${String(reason.records)} records that were given up has been on its way to ${reason.destination} for ${since(reason.since)}`;
    case 'destination':
      return `destination ${reason.destination} did not take what was given up (${reason.message}); it is sent again in ${left(reason.at)}`;
    case 'trimmed':
      return `shard ${reason.shardId} stands still, because records may have been lost: ${reason.message} (README: onTrimmed)`;
    case 'suspect':
      return `${String(reason.records)} records wait while what ran when the process ended runs alone`;
    case 'starting':
      return 'is being started';
    case 'disabled':
      return 'is disabled';
    case 'stopping':
      return `stops; what still runs has ${left(reason.deadline)} more`;
  }
}

function whoRuns(functionName: string | undefined): string {
  return functionName === undefined ? 'all functions together run' : `function ${functionName} runs`;
}

function describeBreaker(reason: Extract<WaitReason, { kind: 'breaker' }>, left: (at: number) => string): string {
  const breaker = `the breaker of function ${reason.functionName}`;
  if (reason.state === 'half-open') return `${breaker} is half-open: one batch is being tried (${reason.cause})`;
  return `${breaker} is open until ${left(reason.until)} from now: nothing is received (${reason.cause})`;
}
