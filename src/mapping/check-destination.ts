import type { EngineListener, FailureDestination } from '../contract/index.ts';

/** Nothing waits for it: a destination that is missing matters when something is given up, but is told now. */
export function checkDestination(parts: {
  readonly mapping: string;
  readonly destination: FailureDestination | undefined;
  readonly listener: EngineListener;
}): void {
  const { destination, mapping, listener } = parts;
  destination?.check().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    listener('destination.refused', { mapping, destination: destination.label, message });
  });
}
