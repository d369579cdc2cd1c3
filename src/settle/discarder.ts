import type {
  BatchInfo,
  Clock,
  DiscardCondition,
  EngineListener,
  FailureDestination,
  InvocationRecord,
  OnDestinationFailure,
  Random,
  WaitReason,
} from '../contract/index.ts';
import { type BackoffPolicy, type Latch, sleep, steadyBackoffMs } from '../kit/index.ts';

/** Waits between tries of a destination that does not confirm. */
const DESTINATION_BACKOFF: BackoffPolicy = { baseMs: 500, capMs: 30_000 };

/** What a discarder works with. */
export interface DiscardParts {
  readonly mapping: string;
  /** The mapping's UUID. */
  readonly mappingId: string;
  readonly functionArn: string;
  readonly destination: FailureDestination | undefined;
  readonly onDestinationFailure: OnDestinationFailure;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: EngineListener;
  /** Nothing is sent any more; what is not confirmed stays in the shard. */
  readonly stopping: Latch;
}

/** What is given up. */
export interface Given {
  readonly shardId: string;
  readonly records: number;
  readonly condition: DiscardCondition;
  readonly invokeCount: number;
  /** The last invocation's; a new one when there was none. */
  readonly requestId: string | undefined;
  /** Absent for records that were too old. */
  readonly functionError: string | null | undefined;
  readonly info: BatchInfo;
  readonly payload: () => string;
}

/** Sees to it that what is given up is recorded before it is done (R1). */
export class Discarder {
  readonly #parts: DiscardParts;

  constructor(parts: DiscardParts) {
    this.#parts = parts;
  }

  /** True: the records are done. False: stopped before the destination confirmed. */
  async discard(given: Given, say: (reason: WaitReason) => void): Promise<boolean> {
    const { destination, mapping, listener } = this.#parts;
    const { shardId, records, condition } = given;
    const answer = destination === undefined ? 'dropped' : await this.#send(destination, given, say);
    if (answer === 'stopped') return false;
    listener('range.discarded', { mapping, shardId, records, condition, delivered: answer === 'delivered' });
    return true;
  }

  async #send(
    destination: FailureDestination,
    given: Given,
    say: (reason: WaitReason) => void,
  ): Promise<'delivered' | 'dropped' | 'stopped'> {
    const { mapping, mappingId, clock, random, listener, stopping, onDestinationFailure } = this.#parts;
    const { shardId, info, payload } = given;
    const discard = { mappingId, shardId, record: this.#record(given), info, payload, at: clock.wall(), id: random.uuid() };
    const controller = new AbortController();
    const forget = stopping.onSet(() => {
      controller.abort();
    });
    try {
      for (let attempt = 1; !stopping.isSet; attempt += 1) {
        say({ kind: 'recording', destination: destination.label, records: given.records, since: clock.monotonic() });
        try {
          await destination.send(discard, controller.signal);
          return 'delivered';
        } catch (error) {
          // Cut off by the stop itself: that is no failure of the destination, and nothing may be dropped for it.
          if (controller.signal.aborted) return 'stopped';
          const message = error instanceof Error ? error.message : String(error);
          listener('destination.failed', { mapping, shardId, destination: destination.label, message });
          if (onDestinationFailure === 'drop') return 'dropped';
          const waitMs = steadyBackoffMs(DESTINATION_BACKOFF, attempt, random.next());
          say({ kind: 'destination', destination: destination.label, message, at: clock.monotonic() + waitMs });
          await sleep(clock, waitMs, stopping);
        }
      }
      return 'stopped';
    } finally {
      forget();
    }
  }

  #record(given: Given): InvocationRecord {
    const { functionArn, clock, random } = this.#parts;
    const { condition, invokeCount } = given;
    return {
      requestContext: { requestId: given.requestId ?? random.uuid(), functionArn, condition, approximateInvokeCount: invokeCount },
      ...responseContext(given),
      version: '1.0',
      timestamp: new Date(clock.wall()).toISOString(),
    };
  }
}

function responseContext({ condition, functionError }: Given): Pick<InvocationRecord, 'responseContext'> | undefined {
  if (condition === 'MaximumPayloadSizeExceeded') return { responseContext: null };
  return functionError === undefined ? undefined : { responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError } };
}
