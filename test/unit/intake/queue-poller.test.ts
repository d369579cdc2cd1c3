import { beforeEach, describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/contract/index.ts';
import { type Polled, QueuePoller } from '../../../src/intake/index.ts';
import { SeededRandom, VirtualClock } from '../../../src/testing/index.ts';
import { message } from '../../support/deliveries.ts';
import { DoubtfulSource } from '../../support/doubtful-source.ts';

const ASK = { max: 10, waitSeconds: 0, visibilitySeconds: undefined };
const lost = (): Promise<never> => Promise.reject(new SourceError('unavailable', 'ECONNRESET', 'the connection broke'));

let clock: VirtualClock;
let source: DoubtfulSource;
let poller: QueuePoller;
let stop: AbortController;

function make(fifo: boolean): void {
  clock = new VirtualClock();
  source = new DoubtfulSource(fifo);
  stop = new AbortController();
  poller = new QueuePoller(source, clock, new SeededRandom(7), stop.signal);
}

async function attemptId(answer: DoubtfulSource['onReceive']): Promise<string | undefined> {
  source.onReceive = answer;
  await poller.poll(ASK);
  return source.receives.at(-1)?.attemptId;
}

const nothing = (): Promise<[]> => Promise.resolve([]);

beforeEach(() => {
  make(true);
});

describe('a receive attempt id', () => {
  it('is used again after a lost reply, however often, and a new one after an answer', async () => {
    const first = await attemptId(lost);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(await attemptId(lost)).toBe(first);
    expect(await attemptId(() => Promise.resolve([message('1')]))).toBe(first);
    const second = await attemptId(nothing);
    expect(second).not.toBe(first);
    expect(await attemptId(nothing)).not.toBe(second);
  });

  it('is a new one after an error that came for certain from the queue', async () => {
    const first = await attemptId(() => Promise.reject(new SourceError('throttled', 'RequestThrottled', '')));
    expect(await attemptId(nothing)).not.toBe(first);
  });

  it('is a new one before the queue forgets it (5 minutes)', async () => {
    const first = await attemptId(lost);
    await clock.advance(290_000);
    expect(await attemptId(lost)).toBe(first);
    await clock.advance(9000);
    expect(await attemptId(lost)).not.toBe(first);
  });

  it('is not sent to standard queues', async () => {
    make(false);
    expect(await attemptId(lost)).toBeUndefined();
  });
});

describe('a receive', () => {
  it('asks for ten at most', async () => {
    await poller.poll({ max: 10_000, waitSeconds: 3, visibilitySeconds: 40 });
    expect(source.receives).toMatchObject([{ max: 10, waitSeconds: 3, visibilitySeconds: 40 }]);
  });

  it('notes when the response arrived, not when it was asked', async () => {
    source.onReceive = async () => {
      await new Promise<void>((resolve) => {
        clock.timer(700, resolve);
      });
      return [message('1')];
    };
    expect(await clock.run(poller.poll(ASK))).toMatchObject({ kind: 'messages', arrivedAt: 700, asked: 10 });
  });

  it.each<[string, unknown, string]>([
    ['a source error', new SourceError('denied', 'AccessDenied', 'no'), 'denied'],
    ['any other error', new TypeError('defect'), 'unavailable'],
    ['a thrown text', 'defect', 'unavailable'],
  ])('that fails with %s is a value, never a rejection', async (_, thrown, kind) => {
    source.onReceive = async () => {
      throw thrown;
    };
    const polled: Polled = await poller.poll(ASK);
    expect(polled).toMatchObject({ kind: 'failed', error: { kind } });
  });

  it('ends when its signal aborts', async () => {
    source.onReceive = ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new SourceError('unavailable', 'RequestAborted', 'aborted'));
        });
      });
    const polled = poller.poll(ASK);
    stop.abort();
    expect(await polled).toMatchObject({ kind: 'failed', error: { kind: 'unavailable' } });
  });
});
