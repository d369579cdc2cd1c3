import { describe, expect, it } from 'vitest';
import { type EmbeddedStream, embeddedStream } from '../../../../adapters/source/embedded-stream/index.ts';
import { SeededRandom, type StreamPosition, sequenceNumber, VirtualClock } from '../../../../src/index.ts';
import { page, request, SHARD, texts } from './support.ts';

const MEGABYTE = 1_048_576;

function setUp(options: { readonly retentionMs?: number; readonly pollMs?: number } = {}): {
  readonly clock: VirtualClock;
  readonly stream: EmbeddedStream;
} {
  const clock = new VirtualClock();
  return { clock, stream: embeddedStream({ name: 'orders', clock, random: new SeededRandom(3), ...options }) };
}

function put(stream: EmbeddedStream, ...data: readonly string[]): string[] {
  return stream.putMany(data.map((text) => ({ partitionKey: 'a', data: text }))).map((sent) => sent.sequenceNumber);
}

function behind(number: string | undefined): StreamPosition {
  return { kind: 'after', sequenceNumber: sequenceNumber(number ?? '') };
}

describe('a read of an embedded stream', () => {
  it('gives an empty page at once, then one after every pollMs', async () => {
    const { clock, stream } = setUp({ pollMs: 200 });
    const read = stream.read(request());
    const seen: (number | undefined)[] = [];
    for (let turn = 0; turn < 3; turn += 1) seen.push((await clock.run(page(read))).readThrough);
    const began = clock.wall() - 400;
    expect(seen).toEqual([began, began + 200, began + 400]);
    expect(clock.monotonic()).toBe(400);
  });

  it('is woken by a put at once, and gets all that was put in a row as one page', async () => {
    const { clock, stream } = setUp();
    const read = stream.read(request());
    await page(read);
    const next = page(read);
    expect(clock.pendingTimers).toBe(1);
    put(stream, 'a', 'b', 'c');
    expect(texts((await next).records)).toEqual(['a', 'b', 'c']);
    expect([clock.monotonic(), clock.pendingTimers]).toEqual([0, 0]);
  });

  it.each<[string, (stream: EmbeddedStream) => unknown]>([
    ['a split', (stream) => stream.splitShard(SHARD)],
    ['a deletion', (stream) => stream.delete()],
    ['a new incarnation', (stream) => stream.recreate()],
    ['a close', (stream) => stream.close()],
  ])('is woken by %s, and hears of one between two pages without a wait', async (_name, change) => {
    const outcomes: unknown[] = [];
    for (const isBetween of [false, true]) {
      const { clock, stream } = setUp();
      const read = stream.read(request());
      await page(read);
      if (isBetween) change(stream);
      const next = read.next().then(
        ({ value }) => value?.kind === 'page' && value.ended,
        (error: unknown) => error,
      );
      await clock.settle();
      if (!isBetween) change(stream);
      outcomes.push(await next);
      expect([clock.monotonic(), clock.pendingTimers]).toEqual([0, 0]);
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[0]).not.toBe(false);
  });

  it('says that it was closed when it is asked on afterwards', async () => {
    const { stream } = setUp();
    const read = stream.read(request());
    await stream.close();
    await expect(read.next()).rejects.toMatchObject({ kind: 'unavailable', code: 'StreamClosed' });
    expect(await read.next()).toEqual({ done: true, value: undefined });
  });

  it('goes on after a close when it is begun anew', async () => {
    const { stream } = setUp();
    put(stream, 'a');
    await stream.close();
    expect(texts((await page(stream.read(request()))).records)).toEqual(['a']);
  });

  it('holds no more than 10 MiB of data in a page, and one record in any case', async () => {
    const { stream } = setUp();
    for (let count = 0; count < 25; count += 1) stream.put({ partitionKey: 'a', data: new Uint8Array(MEGABYTE - 1) });
    const read = stream.read(request());
    const sizes = [await page(read), await page(read), await page(read)].map(({ records }) => records.length);
    expect(sizes).toEqual([10, 10, 5]);
    const large = embeddedStream({ name: 'large', maximumRecordBytes: 10 * MEGABYTE, maximumBytes: 100 * MEGABYTE });
    for (let count = 0; count < 2; count += 1) large.put({ partitionKey: 'a', data: new Uint8Array(10 * MEGABYTE - 1) });
    expect((await page(large.read(request()))).records).toHaveLength(1);
  });

  it('holds no more than 10,000 records in a page', async () => {
    const { stream } = setUp();
    put(stream, ...Array.from({ length: 10_001 }, () => 'x'));
    expect((await page(stream.read(request({ maxRecords: 50_000 })))).records).toHaveLength(10_000);
  });

  it('tells how far behind the tip it is, to the arrival of the last record', async () => {
    const { clock, stream } = setUp();
    put(stream, 'a');
    await clock.advance(500);
    put(stream, 'b');
    await clock.advance(250);
    const read = stream.read(request({ maxRecords: 1 }));
    expect(await page(read)).toMatchObject({ millisBehindLatest: 750, readThrough: clock.wall() - 750, ended: false });
    expect(await page(read)).toMatchObject({ millisBehindLatest: 0, readThrough: clock.wall() });
  });

  it('never says that it is at the tip while something is left', async () => {
    const { stream } = setUp();
    put(stream, 'a', 'b');
    expect((await page(stream.read(request({ maxRecords: 1 })))).millisBehindLatest).toBe(1);
  });

  it('waits for an instant that is still to come', async () => {
    const { clock, stream } = setUp();
    const timestamp = clock.wall() + 1000;
    const read = stream.read(request({ position: { kind: 'start', start: { kind: 'at-timestamp', timestamp } } }));
    put(stream, 'early');
    expect((await page(read)).records).toEqual([]);
    put(stream, 'early too');
    expect((await clock.run(page(read))).records).toEqual([]);
    await clock.advance(1000);
    put(stream, 'in time');
    expect(texts((await clock.run(page(read))).records)).toEqual(['in time']);
  });

  it('gives LATEST what was put in the same millisecond', async () => {
    const { clock, stream } = setUp();
    const since = clock.wall();
    put(stream, 'a');
    expect(texts((await page(stream.read(request({ position: { kind: 'start', start: { kind: 'latest', since } } })))).records)).toEqual([
      'a',
    ]);
  });

  it.each([
    ['maxRecords below 1', { maxRecords: 0 }],
    ['a fraction of a record', { maxRecords: 1.5 }],
    ['the end of an open shard', { position: { kind: 'end' } as const }],
    ['a number that was never given', { position: behind('7') }],
  ])('refuses %s', async (_name, wrong) => {
    const { stream } = setUp();
    put(stream, 'a');
    await expect(stream.read(request(wrong)).next()).rejects.toMatchObject({ name: 'SourceError', kind: 'invalid' });
  });

  it('refuses a number of an earlier incarnation, and one that is still to come', async () => {
    const { stream } = setUp();
    const [old = ''] = put(stream, 'a');
    stream.recreate();
    const [number = ''] = put(stream, 'b');
    const future = String(BigInt(number) + 1_000_000n);
    for (const position of [behind(old), behind(future)]) {
      await expect(stream.read(request({ position })).next()).rejects.toMatchObject({ kind: 'invalid', code: 'InvalidArgumentException' });
    }
    expect(BigInt(number)).toBeGreaterThan(BigInt(old));
  });

  it('ends with not-found when the stream was created anew meanwhile', async () => {
    const { stream } = setUp();
    put(stream, 'a');
    const read = stream.read(request());
    await page(read);
    stream.recreate();
    put(stream, 'b');
    await expect(read.next()).rejects.toMatchObject({ kind: 'not-found' });
    expect(await read.next()).toEqual({ done: true, value: undefined });
  });

  it('finds its place anew when it has not asked for longer than an iterator lives', async () => {
    const { clock, stream } = setUp();
    put(stream, 'a', 'b');
    const read = stream.read(request({ maxRecords: 1 }));
    expect(texts((await page(read)).records)).toEqual(['a']);
    await clock.advance(300_001);
    expect(texts((await page(read)).records)).toEqual(['b']);
  });

  it('leaves no listener on its signal', async () => {
    const { clock, stream } = setUp();
    const stop = new AbortController();
    let listeners = 0;
    const { signal } = stop;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...given: Parameters<typeof add>): void => {
      listeners += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>): void => {
      listeners -= 1;
      remove(...given);
    };
    const read = stream.read(request({ signal }));
    for (let turn = 0; turn < 20; turn += 1) await clock.run(page(read));
    expect(listeners).toBe(0);
    const waiting = read.next();
    expect(listeners).toBe(1);
    stop.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect([listeners, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('never keeps others from running, however tight the loop', async () => {
    const stream = embeddedStream({ name: 'orders' });
    put(stream, ...Array.from({ length: 1000 }, () => 'x'));
    const others = { haveRun: false };
    setImmediate(() => {
      others.haveRun = true;
    });
    const read = stream.read(request({ maxRecords: 1 }));
    let pages = 0;
    for (; !others.haveRun && pages < 1000; pages += 1) await page(read);
    expect(pages).toBeLessThan(1000);
  });
});
