/** The sign of life that keeps a membership. It needs nobody but itself: not handlers, not fetches. */
import { type Clock, SourceError } from '../../../src/index.ts';
import { kafkaType } from '../../shared/kafka-errors.ts';
import { pause } from '../../shared/pause.ts';
import type { Brokers } from './brokers.ts';

/** Who lives. */
export interface MemberIdentity {
  readonly groupId: string;
  readonly memberId: string;
  readonly generation: number;
}

/** Beats this often per session time-out at least. */
const BEATS_PER_SESSION = 10;
/** As the Java client and kafkajs do. */
const INTERVAL_MAX_MS = 3_000;
/** What a broker answers to a member that is none any more. */
const GONE: ReadonlySet<string | undefined> = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

/** True for answers that say that the membership is lost, whatever was asked. */
export function saysLost(thrown: unknown): boolean {
  return GONE.has(kafkaType(thrown));
}

/** One membership's heartbeat. */
export class Heartbeat {
  readonly #brokers: Pick<Brokers, 'coordinator' | 'onBroker'>;
  readonly #clock: Clock;
  readonly #sessionMs: number;
  /** When the last one set out that was answered. */
  #aliveAt = 0;
  #coordinator: number | undefined;

  constructor(brokers: Pick<Brokers, 'coordinator' | 'onBroker'>, clock: Clock, sessionMs: number) {
    this.#brokers = brokers;
    this.#clock = clock;
    this.#sessionMs = sessionMs;
  }

  get intervalMs(): number {
    return Math.min(INTERVAL_MAX_MS, this.#sessionMs / BEATS_PER_SESSION);
  }

  /** Whether the group may have given up on this member by now. */
  get isOverdue(): boolean {
    return this.#clock.monotonic() - this.#aliveAt >= this.#sessionMs;
  }

  /** The group has just answered. */
  alive(): void {
    this.#aliveAt = this.#clock.monotonic();
  }

  /** The broker that has the group, as far as is known. */
  async coordinator(groupId: string): Promise<number> {
    this.#coordinator ??= await this.#brokers.coordinator(groupId);
    return this.#coordinator;
  }

  /** It may be another one now. */
  forgetCoordinator(): void {
    this.#coordinator = undefined;
  }

  /** Beats once; true when the group is to be divided anew. Throws a SourceError when the membership is lost, and only then. */
  async beat(identity: MemberIdentity): Promise<boolean> {
    const sentAt = this.#clock.monotonic();
    if (this.isOverdue) throw this.#overdue();
    const isOver = new AbortController();
    const ms = this.#aliveAt + this.#sessionMs - sentAt;
    try {
      const isRebalancing = await Promise.race([
        this.#send(identity),
        pause(this.#clock, ms, isOver.signal).then(() => {
          throw this.#overdue();
        }),
      ]);
      if (isRebalancing !== undefined) this.#aliveAt = sentAt;
      return isRebalancing ?? false;
    } finally {
      isOver.abort();
    }
  }

  /** `undefined`: not answered. */
  async #send({ groupId, memberId, generation }: MemberIdentity): Promise<boolean | undefined> {
    try {
      const coordinator = await this.coordinator(groupId);
      await this.#brokers.onBroker(coordinator, 'Heartbeat', (broker) =>
        broker.heartbeat({ groupId, memberId, groupGenerationId: generation }),
      );
      return false;
    } catch (thrown) {
      if (kafkaType(thrown) === 'REBALANCE_IN_PROGRESS') return true;
      if (saysLost(thrown) || (thrown instanceof SourceError && thrown.kind === 'denied')) throw thrown;
      this.forgetCoordinator();
      return undefined;
    }
  }

  #overdue(): SourceError {
    const text = `no heartbeat was answered for ${String(Math.round(this.#clock.monotonic() - this.#aliveAt))} ms`;
    return new SourceError('unavailable', 'SessionTimeout', `Heartbeat: ${text}, so the group has given this member up`);
  }
}
