import { setMaxListeners } from 'node:events';
import type {
  Clock,
  EngineListener,
  Epoch,
  MappingProblem,
  QueueDescription,
  QueueMappingOptions,
  QueueSource,
  Random,
  Wait,
} from '../contract/index.ts';
import { type Buffer, longPollSeconds, Scaler, SourceGate } from '../intake/index.ts';
import type { Invoker } from '../invoke/index.ts';
import type { Latch } from '../kit/index.ts';
import type { GroupLocks } from '../lanes/index.ts';
import { QueueSettler } from '../settle/index.ts';
import { QueueSlot } from './queue-slot.ts';
import type { Tenure } from './source-mapping.ts';
import type { Lingering, QueueWorks } from './works.ts';

/** What one tenure works with. */
export interface QueueTenureParts {
  readonly mapping: string;
  readonly epoch: Epoch;
  readonly options: QueueMappingOptions;
  readonly source: QueueSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: EngineListener;
  readonly invoker: Invoker;
  /** Shared by all mappings of the engine. */
  readonly buffer: Buffer;
  /** They outlive a tenure: a handler that did not stop keeps its group. */
  readonly locks: GroupLocks;
  /** They outlive a tenure too. */
  readonly lingering: Map<number, Lingering>;
  readonly stopTimeoutMs: number;
  readonly stopping: Latch;
  readonly hardStop: Latch;
  readonly onProblem: (problem: MappingProblem | undefined) => void;
  /** The source described itself for the first time: work begins. */
  readonly onOpen: () => void;
}

/** One uninterrupted time of work of a queue mapping: from the first look at the source until the last slot has ended. */
export class QueueTenure implements Tenure {
  readonly #works: QueueWorks;
  readonly #receives = new AbortController();
  readonly #parts: QueueTenureParts;
  readonly #slots = new Map<number, { readonly slot: QueueSlot; readonly ended: Promise<void> }>();

  constructor(parts: QueueTenureParts) {
    const { mapping, epoch, options, source, clock, random, listener, invoker, buffer, locks, lingering, stopping, hardStop } = parts;
    this.#parts = parts;
    // The open receive of every slot listens to it; Node would warn at the eleventh.
    setMaxListeners(0, this.#receives.signal);
    const described: { current: QueueDescription } = {
      current: { arn: '', fifo: source.fifo, visibilityTimeoutSeconds: 30, redrive: undefined, createdAt: 0 },
    };
    const settler = new QueueSettler({
      mapping,
      source,
      clock,
      random,
      listener,
      account: buffer,
      heartbeat: options.heartbeat,
      retryBackoff: options.retryBackoff,
      hurry: hardStop,
    });
    const onDescribed = (description: QueueDescription): void => {
      described.current = description;
      settler.described(description.visibilityTimeoutSeconds);
    };
    this.#works = {
      mapping,
      epoch,
      options,
      source,
      clock,
      random,
      listener,
      invoker,
      buffer,
      locks,
      lingering,
      stopping,
      hardStop,
      receiveSignal: this.#receives.signal,
      described,
      settler,
      gate: new SourceGate({ source, clock, random, stopping, onProblem: parts.onProblem, onDescribed }),
      scaler: new Scaler(options.maximumConcurrency, options.functionResponseTypes.length > 0),
      longPollSeconds: longPollSeconds(parts.stopTimeoutMs),
      openReceives: new Set(),
      onScaled: () => {
        this.#staff();
      },
    };
  }

  /** Messages received and not settled. */
  get inFlight(): number {
    return this.#works.settler.inFlight.size;
  }

  /** What each slot waits for. */
  waits(): Wait[] {
    return [...this.#slots.values()].map(({ slot }) => slot.wait);
  }

  async depth(): Promise<number> {
    const { visible, notVisible, delayed } = await this.#works.source.depth();
    return visible + notVisible + delayed;
  }

  async busy(): Promise<string | undefined> {
    try {
      const { visible, notVisible, delayed } = await this.#works.source.depth();
      if (visible + notVisible + delayed === 0) return undefined;
      return `the queue reports ${String(visible)} visible, ${String(notVisible)} hidden and ${String(delayed)} delayed messages`;
    } catch (error) {
      return `the queue cannot be asked: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** Works until stopped and drained. */
  async run(): Promise<void> {
    const { gate, settler, invoker, mapping, hardStop } = this.#works;
    const forget = hardStop.onSet(() => {
      // The stop may end before a call that is under way, and then nobody else would end the timer.
      settler.stop();
      this.#receives.abort();
    });
    invoker.ledger.join(mapping);
    if (await gate.open()) {
      this.#parts.onOpen();
      this.#staff();
    }
    while (this.#slots.size > 0) await Promise.all([...this.#slots.values()].map(({ ended }) => ended));
    await gate.settled();
    invoker.ledger.leave(mapping);
    settler.stop();
    forget();
  }

  /** Slots beyond what the function may run at once would only wait for a credit. */
  get #wanted(): number {
    return Math.min(this.#works.scaler.target, this.#works.invoker.ledger.most);
  }

  /** Starts the slots that the scaler allows and that are not there; one that is too many ends after its turn. */
  #staff(): void {
    const { stopping, listener, mapping } = this.#works;
    if (stopping.isSet || this.#slots.size >= this.#wanted) return;
    for (let index = 0; index < this.#wanted; index += 1) {
      if (this.#slots.has(index)) continue;
      const slot = new QueueSlot(this.#works, index);
      const ended = slot
        .run(() => index < this.#wanted)
        .catch((error: unknown) => {
          listener('engine.defect', { mapping, error });
        })
        .then(() => {
          this.#slots.delete(index);
        });
      this.#slots.set(index, { slot, ended });
    }
  }
}
