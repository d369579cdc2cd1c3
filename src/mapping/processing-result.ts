import type { EngineListener } from '../contract/index.ts';

/** AWS's texts of LastProcessingResult (spec a.4). */
const NONE_YET = 'No records processed';
const OK = 'OK';
const FUNCTION_FAILED = 'PROBLEM: Function call failed';
const CONNECTION_FAILED = 'PROBLEM: Connection error. Please check your event source connection configuration.';

/** LastProcessingResult of one mapping of a stream: how its last batch came out, or that its source cannot be reached. */
export class ProcessingResult {
  #text = NONE_YET;

  get text(): string {
    return this.#text;
  }

  /** A listener that takes note of what it passes on. */
  noting(listener: EngineListener): EngineListener {
    return (name, event) => {
      if (name === 'batch.ended') this.#text = (event as { readonly error: unknown }).error === undefined ? OK : FUNCTION_FAILED;
      else if (name === 'mapping.problem' && isOfSource(event)) this.#text = CONNECTION_FAILED;
      listener(name, event);
    };
  }
}

function isOfSource(event: unknown): boolean {
  return (event as { readonly problem?: { readonly kind?: unknown } }).problem?.kind === 'source';
}
