import type { Finding, FindingKind, MappingSnapshot, ShardSnapshot, Wait, WaitReason } from '../contract/index.ts';

/** By how much the end of a wait may have passed, ms: longer than any answer takes. */
export const OVERDUE_MS = 60_000;
/** Records that wait for so long while nothing keeps them are stuck; a start that takes so long too, ms. */
export const STUCK_MS = 300_000;
/** What is found has to be there for so long before it is told, ms: after a process stood still, all waits are overdue for a moment. */
export const CONFIRM_MS = 10_000;
/** A lease whose counter has not moved for so long is not renewed any more, ms (it is renewed every 2 s, and taken over after 10 s). */
const LEASE_UNMOVED_MS = 60_000;
/** A loss that is nearer than this is told, s. */
const LOSS_SOON_SECONDS = 14_400;
/** A turn of the event loop that took longer than this is told, ms. */
export const EVENT_LOOP_DELAY_MS = 1000;

/** What a watchdog is told beside the mappings. */
export interface Surroundings {
  /** Monotonic, ms. */
  readonly now: number;
  /** The same instant, epoch ms. */
  readonly wall: number;
  /** The longest that the event loop was held up since the last look, ms; `undefined` where nobody measures it. */
  readonly eventLoopDelayMs: number | undefined;
  readonly secondsToLossOf: (mapping: string, shardId: string) => number | undefined;
}

/** What the looks at one mapping share. */
interface Scene extends Surroundings {
  readonly mapping: MappingSnapshot;
  readonly suspects: Suspect[];
}

type Suspect = Pick<Finding, 'kind' | 'mapping' | 'part' | 'text' | 'severity'>;

interface Known {
  readonly since: number;
  readonly finding: Finding;
  isTold: boolean;
}

/** What has changed since the last look. */
export interface Changes {
  readonly found: readonly Finding[];
  readonly over: readonly Finding[];
}

/**
 * Finds what should move and does not (R11). Every wait says what it waits for; a wait that is right ends by itself or is somebody's
 * turn. Pure: told how things are at some instants, it says what is wrong with them. It never steers.
 */
export class Watchdog {
  readonly #known = new Map<string, Known>();
  /** The oldest record that is not done of each shard, and since when it is the oldest. */
  readonly #oldest = new Map<string, { readonly sequenceNumber: string; readonly since: number }>();

  /** What stands now. */
  get findings(): readonly Finding[] {
    return [...this.#known.values()].filter(({ isTold }) => isTold).map(({ finding }) => finding);
  }

  findingsOf(mapping: string): readonly Finding[] {
    return this.findings.filter((finding) => finding.mapping === mapping);
  }

  /** One look at everything. */
  look(mappings: readonly MappingSnapshot[], surroundings: Surroundings): Changes {
    const suspects = mappings.flatMap((mapping) => this.#suspectsOf(mapping, surroundings));
    const { eventLoopDelayMs: delay, now } = surroundings;
    if (delay !== undefined && delay > EVENT_LOOP_DELAY_MS) {
      const text = `the process did not get round to its work for ${String(Math.round(delay))} ms: something computes without a pause`;
      suspects.push({ kind: 'event-loop-delay', mapping: undefined, part: 'process', text, severity: 'warning' });
    }
    this.#forgetShards(mappings);
    return this.#compare(suspects, now, surroundings.wall);
  }

  #compare(suspects: readonly Suspect[], now: number, wall: number): Changes {
    const found: Finding[] = [];
    const present = new Set<string>();
    for (const suspect of suspects) {
      const key = JSON.stringify([suspect.mapping, suspect.part, suspect.kind]);
      present.add(key);
      const known = this.#known.get(key);
      const since = known?.since ?? now;
      const isTold = known?.isTold === true;
      const finding = { ...suspect, foundAt: known?.finding.foundAt ?? wall };
      const mayTell = isTold || suspect.kind === 'event-loop-delay' || now - since >= CONFIRM_MS;
      this.#known.set(key, { since, finding, isTold: mayTell });
      if (mayTell && !isTold) found.push(finding);
    }
    const over: Finding[] = [];
    for (const [key, { finding, isTold }] of this.#known) {
      if (present.has(key)) continue;
      this.#known.delete(key);
      if (isTold) over.push(finding);
    }
    return { found, over };
  }

  #suspectsOf(mapping: MappingSnapshot, surroundings: Surroundings): Suspect[] {
    const scene: Scene = { ...surroundings, mapping, suspects: [] };
    lookAtLease(scene);
    if (mapping.state === 'Creating' || mapping.state === 'Enabling') lookAtStart(scene);
    if (mapping.state !== 'Enabled') return scene.suspects;
    for (const wait of mapping.waits) lookAtWait(scene, wait);
    for (const shard of mapping.shards) this.#lookAtShard(scene, shard);
    return scene.suspects;
  }

  /** A lane that has nothing to do while the shard's position waits for a record of it has missed its turn. */
  #lookAtShard(scene: Scene, { shardId, oldest, lanes }: ShardSnapshot): void {
    const { mapping, now } = scene;
    const secondsToLoss = scene.secondsToLossOf(mapping.name, shardId);
    if (secondsToLoss !== undefined && secondsToLoss < LOSS_SOON_SECONDS) {
      const text = `at this pace records will be trimmed unread in ${String(Math.round(secondsToLoss / 60))} minutes`;
      suspect(scene, 'loss-ahead', shardId, text, 'warning');
    }
    const key = JSON.stringify([mapping.name, shardId]);
    const known = this.#oldest.get(key);
    if (oldest === undefined) this.#oldest.delete(key);
    else if (known?.sequenceNumber !== oldest.sequenceNumber) {
      this.#oldest.set(key, { sequenceNumber: oldest.sequenceNumber, since: now });
    } else {
      const lane = lanes[oldest.lane];
      if (lane?.reason.kind !== 'no-records' || now - Math.max(known.since, lane.since ?? known.since) < STUCK_MS) return;
      const text = `record ${oldest.sequenceNumber} has waited for ${minutes(now - known.since)}, and its lane says that it has none`;
      suspect(scene, 'stuck', lane.part, text);
    }
  }

  #forgetShards(mappings: readonly MappingSnapshot[]): void {
    const there = new Set(mappings.flatMap(({ name, shards }) => shards.map(({ shardId }) => JSON.stringify([name, shardId]))));
    for (const key of this.#oldest.keys()) if (!there.has(key)) this.#oldest.delete(key);
  }
}

function suspect(scene: Scene, kind: FindingKind, part: string, text: string, severity: Finding['severity'] = 'stuck'): void {
  scene.suspects.push({ kind, mapping: scene.mapping.name, part, text, severity });
}

function lookAtLease(scene: Scene): void {
  const { mapping, now } = scene;
  const { lease } = mapping;
  if (lease === undefined || now - lease.movedAt < LEASE_UNMOVED_MS) return;
  // What waits for the store says so itself.
  if (!lease.isHeld && mapping.problem?.kind !== 'lease') return;
  const text = lease.isHeld
    ? `the lease of this engine was renewed ${minutes(now - lease.movedAt)} ago`
    : `the lease of another engine has not moved for ${minutes(now - lease.movedAt)}, and was not taken over`;
  suspect(scene, 'lease-unmoved', 'mapping', text);
}

/** Somebody who waits for a source that is not there yet, or for another engine, says so. */
function lookAtStart(scene: Scene): void {
  const { mapping, now } = scene;
  const [first] = mapping.waits;
  if (mapping.problem !== undefined || first?.since === undefined || now - first.since < STUCK_MS) return;
  suspect(scene, 'not-started', 'mapping', `has been ${mapping.state.toLowerCase()} for ${minutes(now - first.since)}`);
}

function lookAtWait(scene: Scene, wait: Wait): void {
  const { reason, part } = wait;
  const { now, mapping } = scene;
  const late = (at: number): boolean => now - at > OVERDUE_MS;
  switch (reason.kind) {
    case 'empty-poll':
      if (late(reason.until)) suspect(scene, 'poll-unanswered', part, `the source owes an answer for ${minutes(now - reason.until)}`);
      return;
    case 'starting':
      lookAtReader(scene, wait);
      return;
    case 'invocation':
      if (late(reason.since + mapping.timeoutMs)) {
        const text = `invocation ${reason.requestId} has run for ${minutes(now - reason.since)}; the function has ${String(mapping.timeoutMs / 1000)} s`;
        suspect(scene, 'invocation-overdue', part, text);
      }
      return;
    case 'recording':
      if (now - reason.since > STUCK_MS) {
        suspect(scene, 'overdue', part, `destination ${reason.destination} owes an answer for ${minutes(now - reason.since)}`);
      }
      return;
    case 'no-credit':
    case 'no-room':
    case 'read-ahead':
    case 'suspect':
      lookAtTurn(scene, wait);
      return;
    default:
      lookAtInstant(scene, part, reason);
  }
}

/** A reader whose first page has never come. A problem of the mapping is told already. */
function lookAtReader({ now, ...scene }: Scene, { part, since = now }: Wait): void {
  if (part === 'mapping' || scene.mapping.problem !== undefined || now - since < STUCK_MS) return;
  suspect({ now, ...scene }, 'poll-unanswered', part, `the source has not answered for ${minutes(now - since)}`);
}

/** What waits for something that is shared, while there is some. */
function lookAtTurn(scene: Scene, { part, reason, since }: Wait): void {
  const { now, mapping } = scene;
  if (since === undefined || now - since < OVERDUE_MS) return;
  const { credits, isBufferFull, inFlight } = mapping;
  const text = `waits for ${minutes(now - since)}`;
  if (reason.kind === 'no-credit' && credits.isFree) suspect(scene, 'not-woken', part, `${text} for a credit, and there is one`);
  if (reason.kind === 'no-room' && !isBufferFull && inFlight === 0)
    suspect(scene, 'not-woken', part, `${text} for room, and there is some`);
  if (reason.kind === 'read-ahead' && inFlight === 0)
    suspect(scene, 'not-woken', part, `${text} for lanes that have work, and none has any`);
  if (reason.kind === 'suspect' && credits.inUse === 0 && now - since > STUCK_MS) {
    suspect(scene, 'not-woken', part, `${text} until what ran before runs alone, and nothing runs`);
  }
}

/** Waits that end at an instant. */
function lookAtInstant(scene: Scene, part: string, reason: WaitReason): void {
  // A problem of the mapping stands until a receive works again; its parts say whether the source is looked at.
  if (part === 'mapping' && reason.kind === 'source') return;
  const at = 'until' in reason ? reason.until : 'at' in reason ? reason.at : 'retryAt' in reason ? reason.retryAt : undefined;
  const { now, mapping } = scene;
  if (at === undefined || now - at <= OVERDUE_MS) return;
  // What has to be stored first waits for the store, and that is told.
  if (part !== 'mapping' && mapping.problem?.kind === 'store') return;
  suspect(scene, 'overdue', part, `waits (${reason.kind}) for an instant that was ${minutes(now - at)} ago`);
}

function minutes(ms: number): string {
  return ms < 120_000 ? `${String(Math.round(ms / 1000))} s` : `${String(Math.round(ms / 60_000))} minutes`;
}
