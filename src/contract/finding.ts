/** What a watchdog may find. */
export type FindingKind =
  /** A wait whose end has passed long ago: a retry that is not made, a look that is not taken. */
  | 'overdue'
  /** The source was asked and has not answered. */
  | 'poll-unanswered'
  /** An invocation runs on long after its time-out was due. */
  | 'invocation-overdue'
  /** Records wait, nothing keeps them, and nobody takes them. */
  | 'stuck'
  /** Something waits for a credit, or for room, although there is some. */
  | 'not-woken'
  /** A mapping is being started for too long. */
  | 'not-started'
  /** The lease of a mapping is not renewed, or a dead one is not taken over. */
  | 'lease-unmoved'
  /** Records will be trimmed before they are read if it goes on like this. */
  | 'loss-ahead'
  /** The process does not get round to its work in time. */
  | 'event-loop-delay';

/** Something that should move and does not, or that is about to go wrong. */
export interface Finding {
  readonly kind: FindingKind;
  /** `undefined`: the process as a whole. */
  readonly mapping: string | undefined;
  /** Which part: `slot 3`, `shardId-000000000000 lane 0`, ...; `mapping` for all of it. */
  readonly part: string;
  /** As a sentence. */
  readonly text: string;
  /** `stuck` makes the process not ready; a `warning` does not. */
  readonly severity: 'stuck' | 'warning';
  /** When it was found, epoch ms. */
  readonly foundAt: number;
}
