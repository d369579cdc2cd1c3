import { describe, expect, it } from 'vitest';
import { ConcurrencyLedger, type Credit } from '../../../src/invoke/index.ts';

function taken(ledger: ConcurrencyLedger): Credit {
  const credit = ledger.tryAcquire();
  if (credit === undefined) throw new Error('no credit is free');
  return credit;
}

describe('the credits of a function', () => {
  it('are never more than its reserved concurrency', () => {
    const ledger = new ConcurrencyLedger(2);
    const first = taken(ledger);
    taken(ledger);
    expect(ledger.tryAcquire()).toBeUndefined();
    expect(ledger.inUse).toBe(2);
    first.release();
    taken(ledger);
    expect(ledger.tryAcquire()).toBeUndefined();
  });

  it('are without limit when it has none', () => {
    const ledger = new ConcurrencyLedger();
    for (let times = 0; times < 5000; times += 1) taken(ledger);
    expect(ledger.inUse).toBe(5000);
    expect(ledger.allowsLongPoll).toBe(true);
  });

  it('can be given back twice without harm', () => {
    const ledger = new ConcurrencyLedger(2);
    const first = taken(ledger);
    taken(ledger);
    first.release();
    first.release();
    expect(ledger.inUse).toBe(1);
  });

  it('go to who asked first in a mapping, and to the mappings in turn', async () => {
    const ledger = new ConcurrencyLedger(1);
    let credit = taken(ledger);
    const got: string[] = [];
    const asks = ['busy 1', 'busy 2', 'busy 3', 'other 1'].map(async (name) => {
      const granted = await ledger.acquire(name.slice(0, 5)).credit;
      if (granted === undefined) throw new Error('not granted');
      got.push(name);
      credit = granted;
    });
    for (const _ of asks) {
      credit.release();
      await Promise.race(asks.slice(got.length));
      await Promise.resolve();
    }
    expect(got).toEqual(['busy 1', 'other 1', 'busy 2', 'busy 3']);
  });

  it('do not overtake those who wait', async () => {
    const ledger = new ConcurrencyLedger(1);
    const first = taken(ledger);
    const { credit } = ledger.acquire('waiting');
    first.release();
    expect(ledger.tryAcquire()).toBeUndefined();
    expect(await credit).toBeDefined();
  });

  it('leave nothing behind when a wait is cancelled', async () => {
    const ledger = new ConcurrencyLedger(1);
    const first = taken(ledger);
    const cancelled = ledger.acquire('a');
    const kept = ledger.acquire('a');
    cancelled.cancel();
    cancelled.cancel();
    expect(await cancelled.credit).toBeUndefined();
    expect(ledger.isContended).toBe(true);
    first.release();
    (await kept.credit)?.release();
    expect([ledger.isContended, ledger.inUse]).toEqual([false, 0]);
  });

  it('stay with who got one before the wait was cancelled', async () => {
    const ledger = new ConcurrencyLedger(1);
    const first = taken(ledger);
    const ask = ledger.acquire('a');
    first.release();
    ask.cancel();
    expect(await ask.credit).toBeDefined();
    expect(ledger.inUse).toBe(1);
  });
});

describe('a long poll', () => {
  it('holds a credit only while every other polling mapping could get one', () => {
    const ledger = new ConcurrencyLedger(2);
    ledger.join('a');
    taken(ledger);
    expect(ledger.allowsLongPoll).toBe(true);
    ledger.join('b');
    expect(ledger.allowsLongPoll).toBe(true);
    taken(ledger);
    expect(ledger.allowsLongPoll).toBe(false);
    ledger.leave('b');
    expect(ledger.allowsLongPoll).toBe(true);
  });
});
