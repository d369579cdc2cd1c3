import type { Logger, Meter } from '../contract/index.ts';

const nothing = (): undefined => undefined;

/** A logger that writes nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLogger };

/** A meter that measures nothing. */
export const silentMeter: Meter = {
  counter: () => ({ add: nothing }),
  gauge: () => ({ set: nothing }),
  histogram: () => ({ observe: nothing }),
};
