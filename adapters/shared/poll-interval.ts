import type { ConfigProblem } from '../../src/index.ts';
import { shown } from './aws-settings.ts';

const POLL_MS = { least: 10, most: 60_000 } as const;

/** What is wrong with the option `pollMs` of a stream; empty when nothing is, or when it is left out. */
export function checkPollMs(pollMs: unknown): ConfigProblem[] {
  if (pollMs === undefined) return [];
  if (typeof pollMs === 'number' && Number.isInteger(pollMs) && pollMs >= POLL_MS.least && pollMs <= POLL_MS.most) return [];
  const range = `from ${String(POLL_MS.least)} to ${String(POLL_MS.most)}`;
  return [{ field: 'pollMs', message: `must be a whole number of milliseconds ${range}, not ${shown(pollMs)}` }];
}
