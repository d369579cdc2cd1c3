import type { Clock, Wait, WaitReason } from '../contract/index.ts';

/** Why a part waits, and since when. Saying the same kind of reason again goes on with the same wait. */
export class Stated {
  readonly #clock: Clock;
  #reason: WaitReason;
  #since: number;

  constructor(clock: Clock, reason: WaitReason) {
    this.#clock = clock;
    this.#reason = reason;
    this.#since = clock.monotonic();
  }

  get reason(): WaitReason {
    return this.#reason;
  }

  /** Costs a comparison where nothing new is said: it stands on the way of every batch. */
  say(reason: WaitReason): void {
    if ('since' in reason) this.#since = reason.since;
    else if (reason.kind !== this.#reason.kind) this.#since = this.#clock.monotonic();
    this.#reason = reason;
  }

  /** `reason`: one that stands before what was said. */
  wait(part: string, reason: WaitReason = this.#reason): Wait {
    return { part, reason, since: this.#since };
  }
}
