/** Tells those who wait that something has changed; they look for themselves what. */
export class Changes {
  #waiting: (() => void)[] = [];

  tell(): void {
    const told = this.#waiting;
    this.#waiting = [];
    for (const go of told) go();
  }

  /** Resolves with the next change, or when the signal is set. */
  next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener('abort', go);
        this.#waiting = this.#waiting.filter((one) => one !== go);
        resolve();
      };
      this.#waiting.push(go);
      signal.addEventListener('abort', go);
    });
  }
}
