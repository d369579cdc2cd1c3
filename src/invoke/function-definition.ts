import type { FunctionTarget } from '../contract/index.ts';
import type { BreakerSettings } from './circuit-breaker.ts';

/** What a function is, as far as invoking it goes. */
export interface FunctionDefinition {
  readonly name: string;
  readonly version: string;
  readonly arn: string;
  readonly target: FunctionTarget;
  readonly timeoutMs: number;
  /** How many invocations may run at once: ReservedConcurrentExecutions, or fewer where the target has less room; `undefined`: no limit. */
  readonly reservedConcurrency: number | undefined;
  /** When its circuit breaker opens; `undefined`: it has none. */
  readonly breaker?: BreakerSettings | undefined;
}
