/** Asks for reloads that come at any time, carried out one after another: what is asked for meanwhile is one more. */
export class Reloads {
  #work: (() => Promise<void>) | undefined;
  #isAsked = false;
  #isWorking = false;

  /** Asks for one; before {@link begin} and after {@link end} nothing happens but that it is remembered. */
  ask(): void {
    this.#isAsked = true;
    void this.#next();
  }

  /** From now on what is asked for is carried out. `work` never rejects. */
  begin(work: () => Promise<void>): void {
    this.#work = work;
    void this.#next();
  }

  /** Nothing more is begun. */
  end(): void {
    this.#work = undefined;
  }

  async #next(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (this.#isAsked && this.#work !== undefined) {
      this.#isAsked = false;
      await this.#work();
    }
    this.#isWorking = false;
  }
}
