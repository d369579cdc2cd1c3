import type { CancelTimer, Clock, Random } from '../contract/index.ts';
import { SourceError } from '../contract/index.ts';
import type { ProducerQueue } from '../manage/index.ts';
import type { ProducePlan } from './plan-queues.ts';

/** What a producer works with. */
export interface ProducerParts {
  readonly queue: ProducerQueue;
  readonly plan: ProducePlan;
  readonly clock: Clock;
  readonly random: Random;
}

/** Sends the bodies of a plan into a queue, one after the other, until its rounds are over or it is stopped. */
export class Producer {
  readonly #parts: ProducerParts;
  #sent = 0;
  #cancel: CancelTimer | undefined;

  constructor(parts: ProducerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#next();
  }

  /** Leaves no timer. Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #next(): void {
    const { plan, clock } = this.#parts;
    if (this.#sent >= (plan.rounds ?? Number.POSITIVE_INFINITY) * plan.bodies.length) return;
    this.#send();
    this.#cancel = clock.timer(plan.everySeconds * 1000, () => {
      this.#next();
    });
  }

  #send(): void {
    const { queue, plan, random } = this.#parts;
    const { bodies, messageGroupIds } = plan;
    const body = bodies[this.#sent % bodies.length] ?? '';
    const group = messageGroupIds[this.#sent % messageGroupIds.length];
    try {
      // An id of its own for each: the same body again is a message again, also where the queue deduplicates by content.
      queue.send({ body, ...(group === undefined ? {} : { messageGroupId: group, messageDeduplicationId: random.uuid() }) });
      this.#sent += 1;
    } catch (error) {
      // A full queue takes it at a later turn.
      if (!(error instanceof SourceError) || error.kind !== 'throttled') throw error;
    }
  }
}
