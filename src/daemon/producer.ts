import type { CancelTimer, Clock, Random } from '../contract/index.ts';
import { SourceError } from '../contract/index.ts';
import type { ProducerQueue, ProducerStream, ProducerTopic } from '../manage/index.ts';
import type { ProducePlan } from './plan-produce.ts';

/** Takes one body in. `key`: the message group id or partition key whose turn it is. Throws a SourceError. */
export type Sink = (body: string, key: string | undefined) => void;

/** Into a queue. An id of its own for each: the same body again is a message again, also where the queue deduplicates by content. */
export function intoQueue(queue: ProducerQueue, random: Random): Sink {
  return (body, key) => {
    queue.send({ body, ...(key === undefined ? {} : { messageGroupId: key, messageDeduplicationId: random.uuid() }) });
  };
}

/** Into a stream. */
export function intoStream(stream: ProducerStream): Sink {
  return (data, key = '') => {
    stream.put({ partitionKey: key, data });
  };
}

/** Into a topic; without keys records have none. */
export function intoTopic(topic: ProducerTopic): Sink {
  return (value, key) => {
    topic.produce({ value, ...(key === undefined ? {} : { key }) });
  };
}

/** What a producer works with. */
export interface ProducerParts {
  readonly sink: Sink;
  readonly plan: ProducePlan;
  readonly clock: Clock;
}

/** Sends the bodies of a plan into a queue, stream or topic, one after the other, until its rounds are over or it is stopped. */
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
    const { sink, plan } = this.#parts;
    const { bodies, keys } = plan;
    try {
      sink(bodies[this.#sent % bodies.length] ?? '', keys[this.#sent % keys.length]);
      this.#sent += 1;
    } catch (error) {
      // What is full takes it at a later turn.
      if (!(error instanceof SourceError) || error.kind !== 'throttled') throw error;
    }
  }
}
