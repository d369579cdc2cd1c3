import type { KinesisStreamEvent } from 'aws-lambda';
import { handler } from '../../../adapters/target/function/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';

/** An event in a window, as far as these tests look at it. */
export interface SumEvent extends KinesisStreamEvent {
  readonly window: { readonly start: string; readonly end: string };
  readonly state: { readonly sum?: number; readonly ballast?: string };
  readonly isFinalInvokeForWindow: boolean;
  readonly isWindowTerminatedEarly: boolean;
}

/** What a function answers that was given `event`; `sum` is that of the state and of the records. */
export type SumAnswer = (event: SumEvent, sum: number) => unknown;

/** A function that sums up in windows of a minute, on an embedded stream in virtual time. */
export class SumWorld extends StreamWorld {
  /** The invocations: `second of the window's start, state+[records]`, and the flags. */
  readonly calls: string[] = [];
  readonly #begin: number;

  private constructor() {
    super();
    this.#begin = Math.ceil(this.clock.wall() / 60_000) * 60_000;
  }

  static async begun(fields: Readonly<Record<string, unknown>>, answer: SumAnswer): Promise<SumWorld> {
    const world = new SumWorld();
    await world.until(0);
    await world.start(fields, answer);
    return world;
  }

  async start(fields: Readonly<Record<string, unknown>>, answer: SumAnswer): Promise<void> {
    const target = handler((event: SumEvent) => {
      const { window, state, Records, isFinalInvokeForWindow, isWindowTerminatedEarly } = event;
      const numbers = Records.map(({ kinesis }) => Number(Buffer.from(kinesis.data, 'base64').toString()));
      const flags = `${isFinalInvokeForWindow ? ' final' : ''}${isWindowTerminatedEarly ? ' early' : ''}`;
      const second = (Date.parse(window.start) - this.#begin) / 1000;
      this.calls.push(`${String(second)} ${String(state.sum ?? 0)}+[${numbers.join(' ')}]${flags}`);
      return answer(
        event,
        numbers.reduce((sum, number) => sum + number, state.sum ?? 0),
      );
    });
    const { stream: source } = this;
    this.mapping = this.engine.map({
      name: 'm',
      startingPosition: 'TRIM_HORIZON',
      tumblingWindowInSeconds: 60,
      ...fields,
      source,
      target,
    });
    await this.clock.run(this.engine.start());
  }

  /** The virtual wall clock goes to so many seconds after the full minute that the world began at. */
  async until(seconds: number): Promise<void> {
    await this.clock.advance(this.#begin + seconds * 1000 - this.clock.wall());
  }

  send(...numbers: number[]): void {
    for (const number of numbers) this.stream.put({ partitionKey: 'k', data: String(number) });
  }
}
