import type { Discard } from '../../../../src/index.ts';
import { type Offered, rangeOf, type StreamInvocation } from '../record.ts';
import type { Bench, Origin } from './bench.ts';
import { DAY_MS, EVENT_BYTES_MAX } from './lanes.ts';

/** What an event in a tumbling window may carry beside its records, bytes: a state of 1 MB, and its bounds. */
const WINDOW_BYTES = 1_048_576 + 1024;

/** R1 and R3: what may be given up, and when. */
export class Discards {
  readonly #bench: Bench<Origin>;
  readonly #textsOf: (event: unknown) => readonly string[];
  readonly #envelopeBytes: number;

  /** `textsOf`: the texts of the records of an event. `envelopeBytes`: what is around them. */
  constructor(bench: Bench<Origin>, textsOf: (event: unknown) => readonly string[], envelopeBytes: number) {
    this.#bench = bench;
    this.#textsOf = textsOf;
    this.#envelopeBytes = envelopeBytes;
  }

  recordsOf({ payload }: Discard): readonly Offered[] {
    return this.#textsOf(JSON.parse(payload())).map((text) => this.#bench.records.get(text));
  }

  /** `failures`: how often the range has failed, over all tenures. */
  check({ record }: Discard, records: readonly Offered[], failures: number): void {
    const { condition, approximateInvokeCount } = record.requestContext;
    if (records.length === 0) this.#bench.court.fail('R1', `no record at all was given up: ${condition}`);
    switch (condition) {
      case 'RecordAgeExceeded':
        this.#checkAge(records);
        return;
      case 'MaximumPayloadSizeExceeded':
        this.#checkSize(records);
        return;
      case 'RetryAttemptsExhausted':
        this.#checkAttempts(records, approximateInvokeCount, failures);
    }
  }

  /** R3: nothing too old is invoked. */
  checkInvoked({ records, tenure }: StreamInvocation): void {
    const { mapping, court, fn } = this.#bench;
    const { maximumRecordAgeInSeconds: most } = mapping.fields;
    // Where a batch may wait for a credit, or for the store, before it goes, it may have grown older since.
    const mayWait = fn.reserved !== undefined || tenure.isResumed || tenure.endedAt !== undefined;
    const old = most < 0 || mayWait ? undefined : records.find(({ arrivedAt }) => court.wall() - arrivedAt > most * 1000);
    if (old !== undefined) court.fail('R3', `record ${old.text} is invoked at an age of ${String(court.wall() - old.arrivedAt)} ms`);
    const bytes = records.reduce((sum, record) => sum + record.bytes, this.#envelopeBytes);
    if (bytes > this.#bytesMost) court.fail('R3', `${rangeOf(records)} is an event of ${String(bytes)} bytes`);
  }

  /** In a tumbling window an event also has room for the state. */
  get #bytesMost(): number {
    return this.#bench.mapping.fields.tumblingWindowInSeconds === 0 ? EVENT_BYTES_MAX : EVENT_BYTES_MAX - WINDOW_BYTES;
  }

  #checkAge(records: readonly Offered[]): void {
    const { mapping, court } = this.#bench;
    const { maximumRecordAgeInSeconds: most } = mapping.fields;
    const oldest = most < 0 ? Number.NEGATIVE_INFINITY : court.wall() - most * 1000;
    const young = records.find(({ arrivedAt }) => arrivedAt >= oldest);
    if (young !== undefined) court.fail('R1', `record ${young.text} was given up as too old, and is not`);
  }

  #checkSize(records: readonly Offered[]): void {
    const [one, ...others] = records;
    const fits = one === undefined || one.bytes + this.#envelopeBytes <= this.#bytesMost;
    if (fits || others.length > 0) this.#bench.court.fail('R1', `${rangeOf(records)} was given up as too large, and is not`);
  }

  #checkAttempts(records: readonly Offered[], invocations: number, failures: number): void {
    const { mapping, court, stream } = this.#bench;
    const { maximumRetryAttempts: most, maximumRecordAgeInSeconds, bisectBatchOnFunctionError } = mapping.fields;
    const range = rangeOf(records);
    // A range whose head grew too old, was trimmed before it was read again, or found no room when its process or owner changed, goes on with its count under another name.
    const foundNoRoom = court.plan.bufferRecords !== undefined;
    const mayShrink = maximumRecordAgeInSeconds >= 0 || stream.plan.retentionMs < DAY_MS || foundNoRoom;
    if (most < 0 || invocations !== most + 1) {
      court.fail('R3', `${range} was given up after ${String(invocations)} invocations, with ${String(most)} retries`);
    } else if (!mayShrink && failures < invocations) {
      court.fail('R1', `${range} was given up before it had failed ${String(invocations)} times`);
    }
    if (bisectBatchOnFunctionError && records.length > 1) court.fail('R1', `${range} was given up and could have been split`);
  }
}
