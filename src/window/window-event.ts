import type { OpenWindow } from '../contract/index.ts';

/** One invocation in a window. */
export interface WindowCall {
  readonly window: OpenWindow;
  readonly shardId: string;
  readonly eventSourceARN: string;
  readonly isFinal: boolean;
  readonly isTerminatedEarly: boolean;
}

/** The event of a source with what AWS adds in a window (spec b.4): bounds to the second, the state as an object of its own. */
export function windowEvent(event: unknown, { window, shardId, eventSourceARN, isFinal, isTerminatedEarly }: WindowCall): object {
  return {
    ...(event as object),
    window: { start: toSecond(window.start), end: toSecond(window.end) },
    state: JSON.parse(window.state) as unknown,
    shardId,
    eventSourceARN,
    isFinalInvokeForWindow: isFinal,
    isWindowTerminatedEarly: isTerminatedEarly,
  };
}

function toSecond(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}
