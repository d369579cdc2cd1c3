import type { EngineEvents, EngineListener, Logger } from '../contract/index.ts';

/** Hands every event to all listeners. One that throws is logged, and does not disturb the engine or the others. */
export class EventHub {
  readonly #listeners = new Set<EngineListener>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds a listener; gives the function that removes it. */
  add(listener: EngineListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Tells all listeners. Never throws. */
  readonly tell: EngineListener = <Name extends keyof EngineEvents>(name: Name, event: EngineEvents[Name]): void => {
    for (const listener of this.#listeners) {
      try {
        listener(name, event);
      } catch (error) {
        this.#logger.error({ event: name, err: error }, 'an event listener threw');
      }
    }
  };
}
