import type { Offered, StreamInvocation, Tenure, WindowCall } from '../record.ts';
import { covers, type ReadRow } from '../row.ts';
import type { Bench } from './bench.ts';

/** How long a window without records stays open behind its end at least, ms. */
const IDLE_CLOSE_MS = 120_000;

/** The windows of one shard as a tenure has seen them. */
interface Chain {
  /** The start of the window that is open. */
  open: number | undefined;
  /** What its next invocation has to be given. */
  state: readonly string[];
  /** That is too large to be kept: the next invocation ends the window early, and then these are done. */
  full: readonly Offered[] | undefined;
  /** No window begins before this instant. */
  notBefore: number;
  /** What final invocations of this tenure counted. */
  readonly counted: Set<string>;
}

/**
 * R1, R2 and R3 of tumbling windows: over all final invocations every record that was handled is in exactly one state; batches are
 * of one window; windows come one after the other, each with its final invocation.
 */
export class Windows {
  readonly #bench: Bench;
  readonly #chains = new WeakMap<Tenure, Map<string, Chain>>();
  /** Records of which the store says that a final invocation counted them. */
  readonly #counted = new Set<Offered>();
  readonly #givenUp = new Set<Offered>();
  readonly #rows = new Map<string, ReadRow>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  acquired(tenure: Tenure): void {
    const chains = new Map<string, Chain>();
    this.#chains.set(tenure, chains);
    for (const [shardId, { incarnation, window }] of this.#rows) {
      if (incarnation !== this.#bench.stream.incarnation) continue;
      const { open, notBefore } = window ?? {};
      chains.set(shardId, {
        ...emptyChain(),
        open: open?.start,
        state: open === undefined ? [] : seenIn(open.state),
        notBefore: notBefore ?? Number.NEGATIVE_INFINITY,
      });
    }
  }

  invoked({ tenure, records }: StreamInvocation, call: WindowCall): void {
    if (tenure.endedAt !== undefined || tenure.acquiredAt <= this.#bench.stream.recreatedAt) return;
    const { shardId, start, state } = call;
    const chain = this.#chain(tenure, shardId);
    const window = `the window ${name(start)} of ${shardId}`;
    if ([...tenure.running].some((other) => other.shardId === shardId && !other.hasAnswered)) {
      this.#fail('R3', `two invocations of ${shardId} run at once`);
    }
    if (chain.open !== undefined && chain.open !== start) {
      this.#fail('R2', `${window} is begun before the final invocation of the window ${name(chain.open)} has succeeded`);
    }
    if (start < chain.notBefore) this.#fail('R2', `${window} is begun after one that ended ${name(chain.notBefore)}`);
    if (state.join() !== chain.state.join()) {
      this.#fail('R1', `${window} goes on with ${list(state)}, and its last invocation returned ${list(chain.state)}`);
    }
    if (call.isEarly !== (chain.full !== undefined)) this.#fail('R3', `${window} is ended early, or is not, against its state`);
    const seen = new Set(state);
    for (const record of [...records, ...state.map((text) => this.#bench.records.get(text))]) {
      if (this.#counted.has(record)) this.#fail('R1', `record ${record.text} was counted, and is so again in ${window}`);
    }
    for (const { text } of records) if (seen.has(text)) this.#fail('R1', `record ${text} is in the state already that it comes with`);
    this.#checkBounds(records, call);
    if (call.isFinal && !call.isEarly) this.#checkFinal(tenure, call);
    chain.open = start;
  }

  /** A success with this state. `handled`: how many of the records the answer names as done; gives what is done now. */
  answered(
    { tenure, records }: StreamInvocation,
    call: WindowCall,
    answer: { readonly state: readonly string[]; readonly isTooLarge: boolean },
    { handled, failed }: { readonly handled: number; readonly failed: boolean },
  ): readonly Offered[] {
    const chain = this.#chain(tenure, call.shardId);
    const done = chain.full ?? records.slice(0, handled);
    if (call.isFinal && !failed) {
      for (const text of [...call.state, ...records.map((record) => record.text)]) chain.counted.add(text);
      chain.notBefore = call.isEarly ? call.start : call.end;
      chain.open = undefined;
      chain.state = [];
      chain.full = undefined;
      return done;
    }
    if (handled === 0) return [];
    chain.state = answer.state;
    if (!answer.isTooLarge) return done;
    chain.full = done;
    return [];
  }

  givenUp(records: readonly Offered[]): void {
    for (const record of records) this.#givenUp.add(record);
  }

  /** What is stored as done is counted, or in the state that is stored; what is in that state is stored as done. */
  wrote(tenure: Tenure | undefined, shardId: string, row: ReadRow): void {
    this.#rows.set(shardId, row);
    if (tenure === undefined || row.incarnation !== this.#bench.stream.incarnation) return;
    const open = new Set(row.window?.open === undefined ? [] : seenIn(row.window.open.state));
    const counted = this.#chains.get(tenure)?.get(shardId)?.counted;
    for (const record of this.#bench.records.ofShard(row.incarnation, shardId)) {
      const isCovered = covers(row, record);
      const isOpen = open.has(record.text);
      if (isOpen && !isCovered) this.#fail('R1', `the stored state has record ${record.text}, which will come again`);
      if (isOpen && this.#counted.has(record)) this.#fail('R1', `the stored state has record ${record.text}, which was counted`);
      if (!isCovered || isOpen || this.#counted.has(record)) continue;
      if (counted?.has(record.text) === true) this.#counted.add(record);
      else if (this.#mustBeCounted(record)) this.#fail('R1', `record ${record.text} is stored as done, and is in no state`);
    }
  }

  /** Shards with a window that is stored as open, or with records that no final invocation has counted. */
  get open(): readonly string[] {
    const { stream, records } = this.#bench;
    const rows = [...this.#rows].filter(([, { incarnation, window }]) => incarnation === stream.incarnation && window?.open !== undefined);
    const left = [...records.byText.values()].filter((record) => this.#mustBeCounted(record) && !this.#counted.has(record));
    return [...new Set([...rows.map(([shardId]) => shardId), ...left.map(({ shardId }) => shardId)])];
  }

  #mustBeCounted(record: Offered): boolean {
    return record.handledBy !== undefined && !record.isExempt && !this.#givenUp.has(record);
  }

  #checkBounds(records: readonly Offered[], { start, end }: WindowCall): void {
    const { court, mapping } = this.#bench;
    const lengthMs = mapping.fields.tumblingWindowInSeconds * 1000;
    if (start % lengthMs !== 0 || end !== start + lengthMs) this.#fail('R3', `a window is from ${name(start)} to ${name(end)}`);
    const mayBeLate = court.plan.wallJumps.some(({ byMs }) => byMs < 0);
    const stray = records.find(({ arrivedAt }) => arrivedAt >= end || (arrivedAt < start && !mayBeLate));
    if (stray !== undefined) {
      this.#fail('R2', `record ${stray.text}, which arrived ${name(stray.arrivedAt)}, is in the window ${name(start)} to ${name(end)}`);
    }
  }

  /** A window ends when a record of a later one was read, with its shard, or a while after its time. */
  #checkFinal(tenure: Tenure, { shardId, start, end }: WindowCall): void {
    const { court, stream, records } = this.#bench;
    if (court.wall() >= end + IDLE_CLOSE_MS || stream.isClosed(shardId) || court.plan.wallJumps.length > 0) return;
    const isBehind = records.ofShard(stream.incarnation, shardId).some((record) => record.arrivedAt >= end && tenure.delivered.has(record));
    if (!isBehind) this.#fail('R3', `the window ${name(start)} of ${shardId} is ended although records of it may still come`);
  }

  #chain(tenure: Tenure, shardId: string): Chain {
    const chains = this.#chains.get(tenure) ?? new Map<string, Chain>();
    this.#chains.set(tenure, chains);
    const chain = chains.get(shardId) ?? emptyChain();
    chains.set(shardId, chain);
    return chain;
  }

  get #fail(): Bench['court']['fail'] {
    const { court, mapping } = this.#bench;
    return (rule, text) => {
      court.fail(rule, `${mapping.name}: ${text}`);
    };
  }
}

function emptyChain(): Chain {
  return { open: undefined, state: [], full: undefined, notBefore: Number.NEGATIVE_INFINITY, counted: new Set() };
}

function seenIn(state: string): readonly string[] {
  return (JSON.parse(state) as { readonly seen?: readonly string[] }).seen ?? [];
}

function name(instant: number): string {
  return Number.isFinite(instant) ? new Date(instant).toISOString().slice(11) : 'never';
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? 'no state' : texts.join(' ');
}
