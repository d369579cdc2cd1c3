import type { LagExplanation, ShardSnapshot } from '../contract/index.ts';

/** A page that is older than this says nothing of the tip any more, ms. */
const PAGE_STALE_MS = 60_000;

/** How much is left of a shard. `now`: monotonic; `wall`: the same instant, epoch ms. Pure. */
export function lagOf(shard: ShardSnapshot, now: number, wall: number): LagExplanation {
  const { outstanding, unread, behindMs, isAtTip } = shard;
  const isKnown = isAtTip || behindMs === 0 || unread !== undefined;
  return { records: outstanding + (unread ?? 0), isAtLeast: !isKnown, seconds: secondsOf(shard, now, wall) };
}

function secondsOf({ oldest, behindMs, isAtTip, pagedAt }: ShardSnapshot, now: number, wall: number): number | undefined {
  if (oldest !== undefined) return inSeconds(wall - oldest.arrivedAt);
  const behind = isAtTip ? 0 : behindMs;
  if (pagedAt === undefined || behind === undefined) return undefined;
  const silentMs = now - pagedAt;
  // Nobody knows what came since: it may have come at once.
  return inSeconds(behind + (silentMs > PAGE_STALE_MS ? silentMs : 0));
}

/** Milliseconds as seconds, to the millisecond; never negative. */
export function inSeconds(ms: number): number {
  return Math.max(0, Math.round(ms) / 1000);
}
