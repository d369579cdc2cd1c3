import type { EmbeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import type { Facts, Fail, Rule, Tell, Watcher } from '../facts.ts';
import type { Trace } from '../trace.ts';
import type { Bench } from './bench.ts';
import { watchBreakers } from './breaker.ts';
import { watchLimits } from './limits.ts';
import { Messages } from './messages.ts';
import { watchNothingLost } from './nothing-lost.ts';
import { watchOrder } from './order.ts';
import { watchDelays } from './progress.ts';
import { watchStops } from './stops.ts';
import { watchVisibility } from './visibility.ts';
import { watchWindows } from './windows.ts';

/** The rule that was broken first, how and when. */
export interface Verdict {
  readonly rule: Rule;
  readonly text: string;
  /** Virtual ms. */
  readonly at: number;
}

/** Sees everything, believes nobody. The first broken rule is the verdict. */
export class Judge {
  readonly messages = new Messages();
  readonly #watchers: readonly Watcher[];
  readonly #now: () => number;
  readonly #trace: Trace;
  #verdict: Verdict | undefined;

  constructor(now: () => number, queues: ReadonlyMap<string, EmbeddedQueue>, trace: Trace) {
    this.#now = now;
    this.#trace = trace;
    const bench: Bench = {
      messages: this.messages,
      fail: this.fail,
      now,
      peek: ({ arn }) => queues.get(arn)?.peek() ?? [],
    };
    // Whoever checks is told before the ledger of messages changes.
    this.#watchers = [
      watchNothingLost(bench),
      watchOrder(bench),
      watchLimits(bench),
      watchBreakers(bench),
      watchWindows(bench),
      watchVisibility(bench),
      watchDelays(bench),
      watchStops(bench),
      this.messages.watcher,
    ];
  }

  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  readonly fail: Fail = (rule, text) => {
    this.#trace.note('judge', `${rule} broken: ${text}`);
    this.#verdict ??= { rule, text, at: this.#now() };
  };

  readonly tell: Tell = <Name extends keyof Facts>(name: Name, fact: Facts[Name]): void => {
    for (const watcher of this.#watchers) (watcher[name] as ((fact: Facts[Name]) => void) | undefined)?.(fact);
  };
}
