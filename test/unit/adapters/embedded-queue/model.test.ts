import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EmbeddedQueue } from '../../../../adapters/source/embedded-queue/index.ts';
import { type QueueMessage, SeededRandom, VirtualClock } from '../../../../src/index.ts';

/** One message as the plainest possible queue sees it. */
interface Modelled {
  readonly id: string;
  readonly group: string;
  /** When it is visible; not before. */
  visibleAt: number;
  isInFlight: boolean;
  receives: number;
  latest: QueueMessage | undefined;
}

const MAX_RECEIVES = 3;
const call = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('send' as const), group: fc.constantFrom('a', 'b', 'c'), delay: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 10 }), seconds: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('delete' as const), which: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('change' as const), which: fc.nat(30), seconds: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('wait' as const), ms: fc.nat(2500) }) },
);

/** A queue and its model side by side: every answer of the queue is checked against lists that are searched from end to end. */
class Twins {
  readonly clock = new VirtualClock();
  readonly fifo: boolean;
  readonly queue: EmbeddedQueue;
  readonly dead: EmbeddedQueue;
  readonly handles: QueueMessage[] = [];
  model: Modelled[] = [];
  moved: string[] = [];
  #sent = 0;

  constructor(fifo: boolean) {
    this.fifo = fifo;
    const shared = { clock: this.clock, random: new SeededRandom(5) };
    const tail = fifo ? '.fifo' : '';
    this.dead = new EmbeddedQueue({ name: `dead${tail}`, ...shared });
    const redrive = { queue: this.dead, maxReceiveCount: MAX_RECEIVES };
    this.queue = new EmbeddedQueue({ name: `orders${tail}`, redrive, ...shared });
  }

  get now(): number {
    return this.clock.monotonic();
  }

  send(group: string, delaySeconds: number): void {
    this.#sent += 1;
    const fifo = { body: 'x', messageGroupId: group, messageDeduplicationId: String(this.#sent) };
    const { messageId: id } = this.queue.send(this.fifo ? fifo : { body: 'x', delaySeconds });
    const visibleAt = this.fifo ? this.now : this.now + delaySeconds * 1000;
    this.model.push({ id, group, visibleAt, isInFlight: false, receives: 0, latest: undefined });
  }

  async receive(max: number, seconds: number): Promise<void> {
    const { signal } = new AbortController();
    this.#show();
    const free = this.#free();
    const request = { max, waitSeconds: 0, visibilitySeconds: seconds, attemptId: undefined, signal };
    const got = await this.clock.run(this.queue.receive(request));
    const exhausted = this.dead.peek().map(({ messageId }) => messageId);
    const gone = exhausted.filter((id) => !this.moved.includes(id));
    for (const id of gone) expect(this.model.find((each) => each.id === id)?.receives).toBe(MAX_RECEIVES);
    expect(gone.every((id) => free.some((each) => each.id === id))).toBe(true);
    const givable = free.filter(({ receives }) => receives < MAX_RECEIVES);
    expect(got.every(({ messageId }) => givable.some(({ id }) => id === messageId))).toBe(true);
    expect(new Set(got.map(({ messageId }) => messageId)).size).toBe(got.length);
    // What stands behind an exhausted message of a group may have to wait for the next receive.
    if (gone.length === 0) expect(got.length).toBe(Math.min(max, free.length));
    else if (!this.fifo) expect(got.length).toBe(Math.min(max, givable.length));
    for (const message of got) this.#give(message, seconds);
    this.moved = exhausted;
    this.model = this.model.filter(({ id }) => !exhausted.includes(id));
    if (this.fifo) this.#expectOrder(got, givable);
  }

  async delete(which: number): Promise<void> {
    const handle = this.handles.at(-1 - (which % Math.max(1, this.handles.length)));
    if (handle === undefined) return;
    this.#show();
    const message = this.model.find(({ id }) => id === handle.messageId);
    const isCurrent = message?.latest === handle && message.isInFlight;
    const [result] = await this.queue.delete([handle]);
    expect(result?.ok).toBe(message === undefined || !this.fifo || isCurrent);
    if (result?.ok === true) this.model = this.model.filter((each) => each !== message);
  }

  async change(which: number, seconds: number): Promise<void> {
    const handle = this.handles.at(-1 - (which % Math.max(1, this.handles.length)));
    if (handle === undefined) return;
    this.#show();
    const message = this.model.find(({ id }) => id === handle.messageId);
    const isCurrent = message?.latest === handle && message.isInFlight;
    const [result] = await this.queue.changeVisibility([handle], seconds);
    expect(result?.ok).toBe(isCurrent);
    if (message !== undefined && isCurrent) message.visibleAt = this.now + seconds * 1000;
  }

  async expectSameDepth(): Promise<void> {
    this.#show();
    const notVisible = this.model.filter(({ isInFlight }) => isInFlight).length;
    const delayed = this.model.filter(({ isInFlight, visibleAt }) => !isInFlight && visibleAt > this.now).length;
    expect(await this.queue.depth()).toEqual({ visible: this.model.length - notVisible - delayed, notVisible, delayed });
    expect(this.queue.peek().map(({ messageId }) => messageId)).toEqual(this.model.map(({ id }) => id));
    expect(this.clock.pendingTimers).toBe(0);
  }

  #show(): void {
    for (const message of this.model) if (message.visibleAt <= this.now) message.isInFlight = false;
  }

  #free(): Modelled[] {
    const locked = new Set(this.model.filter(({ isInFlight }) => this.fifo && isInFlight).map(({ group }) => group));
    return this.model.filter(({ visibleAt, isInFlight, group }) => !isInFlight && visibleAt <= this.now && !locked.has(group));
  }

  #give(handle: QueueMessage, seconds: number): void {
    const message = this.model.find(({ id }) => id === handle.messageId);
    if (message === undefined) throw new Error('the queue gave what the model does not have');
    message.receives += 1;
    message.latest = handle;
    message.isInFlight = true;
    message.visibleAt = this.now + seconds * 1000;
    expect(handle.receiveCount).toBe(message.receives);
    this.handles.push(handle);
  }

  /** What was given of a group is the beginning of what could be given of it, in that order. */
  #expectOrder(got: readonly QueueMessage[], givable: readonly Modelled[]): void {
    for (const group of ['a', 'b', 'c']) {
      const given = got.filter(({ groupId }) => groupId === group).map(({ messageId }) => messageId);
      const could = givable.filter((each) => each.group === group).map(({ id }) => id);
      expect(given).toEqual(could.slice(0, given.length));
    }
  }
}

describe.each([{ fifo: false }, { fifo: true }])('an embedded queue (fifo: $fifo)', ({ fifo }) => {
  it('does what a plain list would do, whatever is called in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 60, size: 'max' }), async (calls) => {
        const twins = new Twins(fifo);
        for (const each of calls) {
          if (each.act === 'send') twins.send(each.group, each.delay);
          else if (each.act === 'receive') await twins.receive(each.max, each.seconds);
          else if (each.act === 'delete') await twins.delete(each.which);
          else if (each.act === 'change') await twins.change(each.which, each.seconds);
          else await twins.clock.advance(each.ms);
          await twins.expectSameDepth();
        }
      }),
      { numRuns: 150 },
    );
  });
});
