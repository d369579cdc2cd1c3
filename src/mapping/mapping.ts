import type { MappingExplanation, MappingProblem, MappingState, Wait } from '../contract/index.ts';

/** An event source mapping: from one source to one function. */
export interface Mapping {
  /** UUID. */
  readonly id: string;
  /** The name given, or the id. */
  readonly name: string;
  readonly functionName: string;
  /** The source as it was configured. */
  readonly sourceLabel: string;
  readonly state: MappingState;
  /** What keeps the whole mapping from working; `undefined` when nothing does. */
  readonly problem: MappingProblem | undefined;
  /**
   * LastProcessingResult in AWS's words (EventSourceMappingConfiguration): `OK`, `No records processed`, or a text that begins with
   * `PROBLEM:`. Streams only, as on AWS.
   */
  readonly lastProcessingResult: string | undefined;
  /** What every part of the mapping waits for at this moment (R11). */
  waits(): readonly Wait[];
  /** What it does and why it waits, with all that is known of it at this moment; asks a queue how much it holds, for 2 s at most. */
  explain(): Promise<MappingExplanation>;
  /** The same without asking anybody. */
  explanation(): MappingExplanation;
  /** Messages received and not yet settled. */
  readonly inFlight: number;
  /**
   * Begins to work. Resolves when the source has been found; a source that does not exist yet is waited for. Rejects once
   * its engine has been stopped.
   */
  enable(): Promise<void>;
  /**
   * Receives nothing new, drains for at most `timeoutMs` (default: the engine's stop time-out), then releases what is
   * left. Idempotent; resolves when nothing of it is left but handlers that did not stop.
   */
  disable(options?: { readonly timeoutMs?: number }): Promise<void>;
}
