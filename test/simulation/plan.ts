import type { SQSEvent } from 'aws-lambda';
import type { QueueMapOptions } from '../../src/index.ts';

/** How often calls to a source go wrong, each a probability. */
export interface FaultRates {
  readonly throttled: number;
  /** A network error before the call had its effect. */
  readonly lostRequest: number;
  /** A network error after it. */
  readonly lostReply: number;
  /** A reply that takes its time. */
  readonly slow: number;
  /** How long a slow reply takes at most, ms. */
  readonly slowMs: number;
  /** An entry of a batch call fails and may be tried again. */
  readonly entryRetryable: number;
  /** An entry of a batch call fails for good. */
  readonly entryFinal: number;
  /** A receive brings a message once more (standard queues). */
  readonly duplicate: number;
}

/** How often invocations go wrong, each a probability. */
export interface Behaviour {
  /** How long a handler works, ms, at least and at most. */
  readonly workMs: readonly [number, number];
  readonly functionError: number;
  /** Works beyond its time-out, but stops when it is told to. */
  readonly timeout: number;
  /** Works beyond its time-out and does not listen. */
  readonly hang: number;
  readonly hangMs: number;
  /** Reports some items as failed. */
  readonly partial: number;
  /** Answers with something odd: the rows of the table of partial responses. */
  readonly odd: number;
  readonly throttled: number;
  readonly serviceError: number;
  readonly terminal: number;
  /** Answers, and ends some time after. */
  readonly lateEnd: number;
}

export interface QueuePlan {
  readonly name: string;
  readonly fifo: boolean;
  readonly visibilitySeconds: number;
  readonly delaySeconds: number;
  readonly maxReceiveCount: number | undefined;
}

/** A time in which the target of a function cannot do its work, ms. */
export interface Outage {
  readonly from: number;
  readonly to: number;
  /** Nobody listens, everything is throttled, or the function cannot be loaded. */
  readonly kind: 'refused' | 'throttled' | 'init';
}

/** What a function has that is reached over a network, or by a process of its own. */
export interface RemotePlan {
  readonly outages: readonly Outage[];
  /** How often its process dies of an event, a probability. */
  readonly crash: number;
  /** How often it answers, well, after its deadline, whatever it is told, a probability. */
  readonly late: number;
  readonly breaker: { readonly failures: number; readonly pauseMs: number; readonly maxPauseMs: number } | undefined;
}

export interface FunctionPlan {
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly reserved: number | undefined;
  readonly behaviour: Behaviour;
  /** `undefined`: it is in the process of the engine. */
  readonly remote?: RemotePlan;
}

/** A mapping's own fields. */
export type MappingFields = Omit<QueueMapOptions<SQSEvent>, 'source' | 'target' | 'name' | 'timeout' | 'reservedConcurrentExecutions'>;

export interface MappingPlan {
  readonly name: string;
  readonly queue: QueuePlan;
  readonly functionName: string;
  readonly fields: MappingFields;
  readonly faults: FaultRates;
  /** The source does not exist between these instants, ms. */
  readonly missing: readonly (readonly [number, number])[];
  /** R12: beside a mapping in trouble, a message is in an invocation at most this long after it became visible, ms. */
  readonly latencyBoundMs: number | undefined;
}

/** One message of the traffic. */
export interface Send {
  readonly at: number;
  readonly mapping: string;
  readonly group: string | undefined;
  readonly delaySeconds: number;
  /** The function always fails it. */
  readonly poison: boolean;
  /** Control characters in the body: six bytes each in the event. */
  readonly padding: number;
}

/** Something that is done to the engine at an instant. */
export type Action =
  /** The process dies after so many further calls, replies and timers, and comes back. */
  | { readonly kind: 'crash'; readonly at: number; readonly afterTouches: number; readonly downMs: number }
  /** A mapping is disabled and enabled again. */
  | { readonly kind: 'disable'; readonly at: number; readonly mapping: string; readonly timeoutMs: number; readonly pauseMs: number }
  /** The engine is stopped and another one is started. */
  | {
      readonly kind: 'stop';
      readonly at: number;
      readonly timeoutMs: number;
      readonly secondMs: number | undefined;
      readonly downMs: number;
    };

/** Everything that happens in one world, drawn from one seed. */
export interface Plan {
  readonly seed: number;
  readonly functions: readonly FunctionPlan[];
  readonly mappings: readonly MappingPlan[];
  readonly traffic: readonly Send[];
  readonly actions: readonly Action[];
  /** From here on nothing goes wrong any more, ms. */
  readonly faultsEndAt: number;
  /** Steps of the wall clock: when and by how much, ms. */
  readonly wallJumps: readonly { readonly at: number; readonly byMs: number }[];
  readonly stopTimeoutMs: number;
  /** How many invocations of all functions may run at once; undefined: no limit. */
  readonly accountConcurrency?: number;
  /** How many messages the engine may hold at once; undefined: its own default. */
  readonly bufferRecords: number | undefined;
  /** How long a call to a source takes to get there and back, ms, at most. */
  readonly latencyMs: number;
}
