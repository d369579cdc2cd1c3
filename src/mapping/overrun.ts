import type { Clock, EngineListener, Outcome, WaitReason } from '../contract/index.ts';
import type { Running } from '../invoke/index.ts';
import { Latch, orSet } from '../kit/index.ts';

/** What waiting for the end of an invocation needs. */
export interface EndParts {
  readonly mapping: string;
  readonly clock: Clock;
  readonly listener: EngineListener;
  readonly hardStop: Latch;
  readonly say: (reason: WaitReason) => void;
}

/**
 * Waits until an invocation has really stopped, or was given up. False: a hard stop came first, and it still runs. A handler
 * that overran its time-out is reported when that is seen and when it stops.
 */
export async function untilEnded(running: Running, outcome: Outcome, parts: EndParts): Promise<boolean> {
  const { mapping, clock, listener, hardStop, say } = parts;
  const { requestId } = running;
  const isOverrun = outcome.kind === 'timeout' && (await runsOn(running, clock));
  if (isOverrun) {
    say({ kind: 'handler-did-not-stop', requestId, since: clock.monotonic() });
    listener('handler.overrun', { mapping, requestId, stopped: false });
  }
  const how = await orSet(running.ended, hardStop);
  // From here on R2 and R3 hold without it; that is never done in silence.
  if (how === 'abandoned') listener('handler.abandoned', { mapping, requestId });
  else if (isOverrun && how !== undefined) listener('handler.overrun', { mapping, requestId, stopped: true });
  return how !== undefined;
}

/** Whether the handler still runs a turn after it was told to stop. */
async function runsOn(running: Running, clock: Clock): Promise<boolean> {
  const turn = new Latch();
  void clock.turn().then(() => {
    turn.set();
  });
  return (await orSet(running.ended, turn)) === undefined;
}
