/** How the cases of the TopicSource suite drive a topic, on a virtual clock or in real time. */
import { expect } from 'vitest';
import {
  type CommitResult,
  compareSequence,
  type GroupListener,
  type OffsetCommit,
  type PartitionOffsets,
  type PartitionReadRequest,
  SourceError,
  type SourceErrorKind,
  type StreamPosition,
  type StreamRecord,
  type StreamStep,
  sequenceNumber,
  type TopicAssignment,
  type TopicMembership,
  type TopicSource,
} from '../../src/index.ts';

/** A record as a case produces it. No two records of a case have the same value, but for tombstones. */
export interface SuiteTopicRecord {
  readonly partition: number;
  readonly key: string | null;
  /** `null`: a tombstone. */
  readonly value: string | null;
  readonly headers?: readonly { readonly name: string; readonly value: Uint8Array }[];
  /** Epoch ms; when it is left out, now. */
  readonly timestamp?: number;
}

/** The topic that a case asks for. */
export interface TopicSetup {
  readonly partitions: number;
  /** Feature `isolation`: reads with `read_committed`. */
  readonly isCommittedOnly: boolean;
}

/** A topic of its own for one case, empty at first, and a group of its own, new at first. */
export interface TopicUnderTest {
  readonly source: TopicSource;
  /** A group that nobody else uses. */
  readonly groupId: string;
  /** What the source's memberships have as a session timeout, ms. */
  readonly sessionTimeoutMs: number;
  /** Produces one after the other, in this order; gives the offsets. When it resolves, a read finds them. */
  produce(records: readonly SuiteTopicRecord[]): Promise<readonly string[]>;
  /** What a record that was read had been produced as; `timestamp` and `headers` always there. */
  decode(record: StreamRecord): Required<SuiteTopicRecord>;
  /** The event for these records, its keys in their order. Not made with the adapter's own code. */
  expectedEvent(partition: number, records: readonly StreamRecord[]): unknown;
  /** Gives what `promise` gives. A virtual clock is moved on until it settles. */
  run<Value>(promise: Promise<Value>): Promise<Value>;
  /** Lets so much time pass. */
  pause(ms: number): Promise<void>;
  /** The wall clock by which records are stamped, epoch ms. */
  now(): number;
  /** What memberships and reads have left behind, such as timers; empty after all have left. */
  leftovers(): readonly string[];
  /** What the group has committed, asked for without the adapter. */
  committed(partition: number): Promise<{ readonly offset: string; readonly metadata: string } | undefined>;
  /** Sets what a group without members has committed, without the adapter. */
  setCommitted(partition: number, committed: { readonly offset: string; readonly metadata: string }): Promise<void>;
  /** Feature `addPartitions`: so many more. Resolves when they can be produced to. */
  addPartitions?(count: number): Promise<void>;
  /** Feature `deleteRecords`: removes the records of a partition below an offset. */
  deleteRecords?(partition: number, before: string): Promise<void>;
  /** Feature `gaps`: produces these in a transaction and commits or aborts it, which uses up one more offset. */
  transaction?(records: readonly SuiteTopicRecord[], outcome: 'commit' | 'abort'): Promise<void>;
  /** Feature `openTransaction`: produces these in a transaction that stays open until the function is called. */
  openTransaction?(records: readonly SuiteTopicRecord[]): Promise<() => Promise<void>>;
  /** Feature `kill`: ends a membership as if its process had died: no word to the group. */
  kill?(membership: TopicMembership): Promise<void>;
  /** Feature `expire`: the group puts a member out although its process lives. */
  expire?(membership: TopicMembership): Promise<void>;
  /** Feature `remove`: deletes the topic. */
  remove?(): Promise<void>;
  /** Closes the source and removes the topic. Memberships have left. */
  cleanup(): Promise<void>;
}

/** What an adapter and its back end can do; steers which cases run. */
export interface TopicFeatures {
  readonly addPartitions: boolean;
  readonly deleteRecords: boolean;
  /** Transactions can be made, so that offsets without records can. */
  readonly gaps: boolean;
  readonly openTransaction: boolean;
  /** The source can be made to read committed records only. */
  readonly isolation: boolean;
  readonly kill: boolean;
  readonly expire: boolean;
  readonly remove: boolean;
  /** World.missing gives a source on a topic that does not exist. */
  readonly missingTopic: boolean;
  /** Cases that this adapter cannot hold, by their exact name, each with the reason. */
  readonly waivers?: Readonly<Record<string, string>>;
}

/** The features that a case may need. */
export type TopicFeature = Exclude<keyof TopicFeatures, 'waivers' | 'missingTopic'>;

/** One promise: its name, what it needs, and the proof. */
export interface TopicCase {
  readonly promise: string;
  readonly needs?: readonly TopicFeature[];
  readonly setup?: Partial<TopicSetup>;
  readonly prove: (driver: TopicDriver) => Promise<void>;
}

export type Page = Extract<StreamStep, { kind: 'page' }>;

/** Positions as cases write them. */
export const TRIM_HORIZON: StreamPosition = { kind: 'start', start: { kind: 'trim-horizon' } };

export function before(offset: string | number | bigint): StreamPosition {
  return { kind: 'before', sequenceNumber: sequenceNumber(String(offset)) };
}

export function after(record: StreamRecord | undefined): StreamPosition {
  if (record === undefined) throw new Error('there is no record to go on behind');
  return { kind: 'after', sequenceNumber: record.sequenceNumber };
}

/** Longer than any clock of a back end is coarse. */
export const APART_MS = 50;
/** The longest that a case waits for something that must come. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 25;

/** One topic and the ways in which cases talk to it. */
export class TopicDriver {
  readonly topic: TopicUnderTest;
  readonly #members: SuiteMember[] = [];

  constructor(topic: TopicUnderTest) {
    this.topic = topic;
  }

  get source(): TopicSource {
    return this.topic.source;
  }

  run<Value>(promise: Promise<Value>): Promise<Value> {
    return this.topic.run(promise);
  }

  /** Waits for a control that the declared features promise, such as `did(topic.addPartitions?.(1))`. */
  did<Value>(control: Promise<Value> | undefined): Promise<Value> {
    return control === undefined ? Promise.reject(new Error('the topic under test lacks a control of its features')) : this.run(control);
  }

  /** Produces values of one key to one partition; gives their offsets. */
  async produce(partition: number, ...values: readonly string[]): Promise<readonly string[]> {
    return this.run(this.topic.produce(values.map((value) => ({ partition, key: 'key', value }))));
  }

  /** What the records had as values when they were produced. */
  values(records: readonly StreamRecord[]): (string | null)[] {
    return records.map((record) => this.topic.decode(record).value);
  }

  /** Joins without waiting; left with the case. */
  join(groupId = this.topic.groupId): SuiteMember {
    const member = new SuiteMember(this.topic, groupId);
    this.#members.push(member);
    return member;
  }

  /** A member that has all partitions. */
  async owner(): Promise<SuiteMember> {
    const member = this.join();
    const { partitions } = await this.run(this.source.describe());
    await this.until(() => member.assigned.length === partitions, 'a member has every partition');
    return member;
  }

  /** Waits for what must come. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = this.topic.now() + PATIENCE_MS;
    while (!condition()) {
      if (this.topic.now() > deadline) throw new Error(`not within ${String(PATIENCE_MS)} ms: ${what}`);
      await this.topic.pause(LOOK_MS);
    }
  }

  /** Every partition is somebody's, of nobody twice, and all of these have one at least. */
  async spread(...members: readonly SuiteMember[]): Promise<void> {
    const { partitions } = await this.run(this.source.describe());
    const all = (): number[] => members.flatMap(({ assigned }) => assigned.map(({ partition }) => partition)).sort((a, b) => a - b);
    const isSpread = (): boolean =>
      members.every(({ assigned, isRevoking }) => assigned.length > 0 && !isRevoking) &&
      all().length === partitions &&
      all().every((partition, index) => partition === index);
    await this.until(isSpread, `${String(partitions)} partitions are spread over ${String(members.length)} members`);
  }

  /** Everybody leaves. */
  async end(): Promise<void> {
    for (const member of this.#members) await member.end();
  }
}

/** One member of the group and what it was told. */
export class SuiteMember implements GroupListener {
  readonly membership: TopicMembership;
  /** What is its own now. */
  assigned: readonly TopicAssignment[] = [];
  /** Between `onRevoking` and the next `onAssigned`, or in trouble. */
  isRevoking = false;
  /** Everything that it was told, in its order. */
  readonly heard: ('assigned' | 'revoking' | 'trouble')[] = [];
  readonly troubles: { readonly error: SourceError; readonly retryAt: number }[] = [];
  /** Deadlines of `onRevoking`. */
  readonly deadlines: AbortSignal[] = [];
  /** What a case does in `onRevoking`. */
  whileRevoking: (partitions: readonly number[], deadline: AbortSignal) => Promise<void> = () => Promise.resolve();
  /** Calls of the listener that are under way: never two. */
  calls = 0;
  mostCalls = 0;
  readonly #topic: TopicUnderTest;
  readonly #readers: TopicReader[] = [];

  constructor(topic: TopicUnderTest, groupId: string) {
    this.#topic = topic;
    this.membership = topic.source.join({ groupId, listener: this });
  }

  onAssigned(assigned: readonly TopicAssignment[]): void {
    this.#enter('assigned');
    this.assigned = assigned;
    this.isRevoking = false;
    this.calls -= 1;
  }

  async onRevoking(partitions: readonly number[], deadline: AbortSignal): Promise<void> {
    this.#enter('revoking');
    this.isRevoking = true;
    this.deadlines.push(deadline);
    await this.whileRevoking(partitions, deadline);
    this.calls -= 1;
  }

  onTrouble(error: SourceError, retryAt: number): void {
    this.#enter('trouble');
    this.isRevoking = true;
    this.assigned = [];
    this.troubles.push({ error, retryAt });
    this.calls -= 1;
  }

  get partitions(): number[] {
    return this.assigned.map(({ partition }) => partition);
  }

  epochOf(partition: number): number {
    const found = this.assigned.find((assignment) => assignment.partition === partition);
    if (found === undefined) throw new Error(`partition ${String(partition)} is not this member's`);
    return found.epoch;
  }

  /** What the group knows, and what is kept, of one partition. */
  async offsets(partition: number): Promise<PartitionOffsets> {
    const found = (await this.#topic.run(this.membership.offsets())).find((one) => one.partition === partition);
    if (found === undefined) throw new Error(`offsets() left out partition ${String(partition)}`);
    return found;
  }

  /** Commits one partition under the epoch that it has now, unless told otherwise. */
  async commit(
    partition: number,
    offset: string | number,
    metadata = '',
    epoch = this.epochOf(partition),
  ): Promise<CommitResult | undefined> {
    const commit: OffsetCommit = { partition, epoch, offset: sequenceNumber(String(offset)), metadata };
    return (await this.#topic.run(this.membership.commit([commit])))[0];
  }

  /** Begins a read under the epoch of now. Ended with the case. */
  read(partition: number, position: StreamPosition, request: Partial<PartitionReadRequest> = {}): TopicReader {
    const reader = new TopicReader(this.#topic, this.membership, {
      maxRecords: 1000,
      epoch: request.epoch ?? this.epochOf(partition),
      ...request,
      partition,
      position,
    });
    this.#readers.push(reader);
    return reader;
  }

  /** Reads from a position until `count` records have come. */
  async collect(
    partition: number,
    count: number,
    position: StreamPosition,
    request: Partial<PartitionReadRequest> = {},
  ): Promise<StreamRecord[]> {
    const reader = this.read(partition, position, request);
    const records = await reader.collect(count);
    await reader.end();
    return records;
  }

  async end(): Promise<void> {
    for (const reader of this.#readers) await reader.end();
    await this.#topic.run(this.membership.leave());
  }

  #enter(what: 'assigned' | 'revoking' | 'trouble'): void {
    this.heard.push(what);
    this.calls += 1;
    this.mostCalls = Math.max(this.mostCalls, this.calls);
  }
}

/** One read, page by page. */
export class TopicReader {
  readonly #topic: TopicUnderTest;
  readonly #stop = new AbortController();
  readonly #iterator: AsyncIterator<StreamStep>;

  constructor(
    topic: TopicUnderTest,
    membership: TopicMembership,
    request: Omit<PartitionReadRequest, 'signal'> & { readonly signal?: AbortSignal },
  ) {
    this.#topic = topic;
    this.#iterator = membership.read({ signal: this.#stop.signal, ...request })[Symbol.asyncIterator]();
  }

  /** The next page, troubles left out; `undefined` when the read has ended. */
  page(): Promise<Page | undefined> {
    return this.#topic.run(this.#page());
  }

  /** Asks for the next page without waiting for it. */
  open(): Promise<Page | undefined> {
    return this.#page();
  }

  /** Pages until so many records have come, and no page more. */
  async collect(count: number): Promise<StreamRecord[]> {
    return (await this.pages(count)).flatMap(({ records }) => records);
  }

  /** The same, as pages. */
  async pages(count: number): Promise<Page[]> {
    const pages: Page[] = [];
    let sum = 0;
    const deadline = this.#topic.now() + PATIENCE_MS;
    while (sum < count && this.#topic.now() < deadline) {
      const page = await this.page();
      if (page === undefined) break;
      pages.push(page);
      sum += page.records.length;
    }
    expect(sum, `records read within ${String(PATIENCE_MS)} ms`).toBe(count);
    return pages;
  }

  /** Pages until the read ends by itself, at most for a while; their records. */
  async toEnd(): Promise<StreamRecord[]> {
    const records: StreamRecord[] = [];
    const deadline = this.#topic.now() + PATIENCE_MS;
    while (this.#topic.now() < deadline) {
      const page = await this.page();
      if (page === undefined) return records;
      records.push(...page.records);
    }
    throw new Error(`the read did not end within ${String(PATIENCE_MS)} ms`);
  }

  /** Aborts and waits for the end. */
  async end(): Promise<void> {
    this.abort();
    // Whatever ended the read before was the matter of the case.
    await this.#topic.run(this.#iterator.next().catch(() => undefined));
  }

  abort(): void {
    this.#stop.abort();
  }

  /** What leaving a `for await` does. */
  async leave(): Promise<void> {
    await this.#topic.run(Promise.resolve(this.#iterator.return?.()));
  }

  async #page(): Promise<Page | undefined> {
    for (;;) {
      const result = await this.#iterator.next();
      if (result.done === true) return undefined;
      if (result.value.kind === 'page') return result.value;
    }
  }
}

/** Expects a SourceError of one of these kinds. */
export async function expectSourceError(promise: Promise<unknown>, ...kinds: readonly SourceErrorKind[]): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceError);
  expect(kinds).toContain(error instanceof SourceError ? error.kind : undefined);
}

/** Expects that the numbers of records grow as integers. */
export function expectGrowing(records: readonly StreamRecord[]): void {
  const numbers = records.map(({ sequenceNumber: number }) => number);
  for (const number of numbers) expect(number).toMatch(/^\d+$/u);
  expect([...numbers].sort(compareSequence)).toEqual(numbers);
  expect(new Set(numbers).size).toBe(numbers.length);
}

/** `one1`, `one2`, ... */
export function named(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}${String(index + 1)}`);
}
