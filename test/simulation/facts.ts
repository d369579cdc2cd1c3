import type { EngineEvents, EntryResult, QueueMessage, QueueReceipt, ReceiveRequest } from '../../src/index.ts';
import type { Life } from './life.ts';
import type { Fault } from './remote.ts';

/** The rules a run can break; see design.md's list. `defect`: the engine reported one of its own. */
export type Rule = 'R1' | 'R2' | 'R3' | 'R4' | 'R5' | 'R6' | 'R7' | 'R8' | 'R9' | 'R10' | 'R11' | 'R12' | 'R13' | 'R14' | 'defect';

/** What the judge needs to know of a mapping; fixed for the world. */
export interface MappingFacts {
  readonly name: string;
  readonly arn: string;
  readonly fifo: boolean;
  readonly functionName: string;
  readonly reserved: number | undefined;
  /** Of all functions of the engine together. */
  readonly accountConcurrency: number | undefined;
  /** Faults in a row that open its breaker; undefined: it has none. */
  readonly breakerFailures: number | undefined;
  readonly timeoutMs: number;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly maximumConcurrency: number | undefined;
  readonly partial: boolean;
  readonly quarantine: boolean;
  readonly visibilitySeconds: number;
  readonly hasRedrive: boolean;
  readonly latencyBoundMs: number | undefined;
  /** The engine may hold so little that batches go before they are full. */
  readonly isCramped: boolean;
}

/** One invocation as the function saw it. */
export interface InvocationFacts {
  readonly life: Life;
  readonly mapping: MappingFacts;
  readonly requestId: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly records: readonly { readonly messageId: string; readonly receiptHandle: string; readonly groupId: string | undefined }[];
  /** Bytes of the event's JSON; exact when they may matter. */
  readonly bytes: number;
  /** The function has answered, or was cut off. */
  answered: boolean;
  /** It really stopped. */
  ended: boolean;
}

interface Call {
  readonly life: Life;
  readonly mapping: MappingFacts;
}

/** Everything that a judge can see, by name. */
export interface Facts {
  offered: { mapping: MappingFacts; messageId: string; groupId: string | undefined; visibleAt: number };
  receiveStarted: Call & { request: ReceiveRequest };
  /** `messages`: what the engine was given; none when the call failed. */
  receiveEnded: Call & { request: ReceiveRequest; messages: readonly QueueMessage[]; failed: boolean };
  deleteStarted: Call & { receipts: readonly QueueReceipt[] };
  /** The message has left the queue: the truth, whatever the engine is told. */
  deleted: Call & { receipt: QueueReceipt };
  visibilityStarted: Call & { receipts: readonly QueueReceipt[]; seconds: number };
  /** `results`: what the engine was told; undefined: the call failed. */
  visibilityEnded: Call & {
    receipts: readonly QueueReceipt[];
    seconds: number;
    startedAt: number;
    results: readonly EntryResult[] | undefined;
  };
  invoked: InvocationFacts;
  /** `fault`: what it says of the target itself. `handled`: the messages that this answer names as done. `listed`: reported as failed by a partial answer that can be read. */
  answered: {
    invocation: InvocationFacts;
    kind: string;
    fault: Fault;
    handled: readonly string[];
    listed: readonly string[];
  };
  ended: { invocation: InvocationFacts };
  event: { life: Life; name: keyof EngineEvents; event: EngineEvents[keyof EngineEvents] };
  enabled: { life: Life; mapping: MappingFacts };
  stopping: { life: Life; mapping: MappingFacts; timeoutMs: number };
  stopped: { life: Life; mapping: MappingFacts; startedAt: number; timeoutMs: number };
  crashed: { life: Life };
  /** Every virtual instant, and at the end. */
  moment: { final: boolean };
}

/** Watches some of the facts. */
export type Watcher = { readonly [Name in keyof Facts]?: (fact: Facts[Name]) => void };

/** Hands a fact to everybody who watches. */
export type Tell = <Name extends keyof Facts>(name: Name, fact: Facts[Name]) => void;

/** Says that a rule was broken. */
export type Fail = (rule: Rule, text: string) => void;
