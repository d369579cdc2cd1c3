import { describe, expect, it } from 'vitest';
import { AccountLedger, ConcurrencyLedger, type Credit } from '../../../src/invoke/index.ts';

function taken(ledger: ConcurrencyLedger, mapping = 'a'): Credit {
  const credit = ledger.tryAcquire(mapping);
  if (credit === undefined) throw new Error('no credit is free');
  return credit;
}

describe('the credits of a function', () => {
  it('are never more than its reserved concurrency', () => {
    const ledger = new ConcurrencyLedger(2);
    const first = taken(ledger);
    taken(ledger);
    expect(ledger.tryAcquire('a')).toBeUndefined();
    expect(ledger.inUse).toBe(2);
    first.release();
    taken(ledger);
    expect(ledger.tryAcquire('a')).toBeUndefined();
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
    expect(ledger.tryAcquire('a')).toBeUndefined();
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

/** Mappings that always want more: what each gets of `grants` credits, each held until so many others were granted after it. */
async function shared(ledgers: Record<string, ConcurrencyLedger>, grants: number): Promise<Record<string, number>> {
  const got = Object.fromEntries(Object.keys(ledgers).map((name) => [name, 0]));
  const held: Credit[] = [];
  let left = grants;
  const work = async (name: string, ledger: ConcurrencyLedger): Promise<void> => {
    while (left > 0) {
      const credit = await ledger.acquire(name).credit;
      if (credit === undefined) return;
      left -= 1;
      got[name] = (got[name] ?? 0) + 1;
      held.push(credit);
    }
  };
  for (const [name, ledger] of Object.entries(ledgers)) for (let slot = 0; slot < 8; slot += 1) void work(name, ledger);
  for (let turns = 0; left > 0 && turns < grants * 20; turns += 1) {
    await Promise.resolve();
    if (turns % 8 === 0) held.shift()?.release();
  }
  return got;
}

describe('the share of a mapping', () => {
  it('is as large as that of the others', async () => {
    const ledger = new ConcurrencyLedger(1);
    const { a = 0, b = 0, c = 0 } = await shared({ a: ledger, b: ledger, c: ledger }, 300);
    for (const one of [a, b, c]) expect(Math.abs(one - 100)).toBeLessThanOrEqual(1);
  });

  it('grows with its weight, whatever the limit', async () => {
    for (const limit of [1, 4]) {
      const ledger = new ConcurrencyLedger(limit);
      ledger.weigh('a', 3);
      const { a = 0, b = 0 } = await shared({ a: ledger, b: ledger }, 400);
      expect(a / b).toBeGreaterThan(2.8);
      expect(a / b).toBeLessThan(3.2);
    }
  });

  it('is not taken by another whose work is slow', async () => {
    const ledger = new ConcurrencyLedger(4);
    const slow = Array.from({ length: 8 }, () => ledger.acquire('slow').credit);
    const quick = ledger.acquire('quick').credit;
    const next = ledger.acquire('quick').credit;
    (await slow[0])?.release();
    const credit = await quick;
    expect(credit).toBeDefined();
    credit?.release();
    expect(await next).toBeDefined();
  });
});

describe('the credits of all functions together', () => {
  it('are never more than the limit of the account, whatever each function may have', () => {
    const account = new AccountLedger(3);
    const [f, g] = [new ConcurrencyLedger(undefined, account), new ConcurrencyLedger(undefined, account)];
    for (let times = 0; times < 3; times += 1) taken(f);
    expect(f.tryAcquire('a')).toBeUndefined();
    expect(g.tryAcquire('a')).toBeUndefined();
    expect(f.scarce).toEqual({ of: 'account', inUse: 3, limit: 3 });
    expect(account.inUse).toBe(3);
  });

  it('are shared alike by functions, however many mappings they have', async () => {
    const account = new AccountLedger(2);
    const [f, g] = [new ConcurrencyLedger(undefined, account), new ConcurrencyLedger(5, account)];
    const { a = 0, b = 0, c = 0, d = 0 } = await shared({ a: f, b: f, c: f, d: g }, 600);
    expect(Math.abs(a + b + c - d)).toBeLessThanOrEqual(4);
    expect(Math.max(a, b, c) - Math.min(a, b, c)).toBeLessThanOrEqual(3);
  });

  it('leave what a function may not use to the others', async () => {
    const account = new AccountLedger(4);
    const [small, large] = [new ConcurrencyLedger(1, account), new ConcurrencyLedger(undefined, account)];
    const first = taken(small);
    const waits = small.acquire('a');
    for (let times = 0; times < 3; times += 1) taken(large);
    const more = large.acquire('a');
    first.release();
    expect(await waits.credit).toBeDefined();
    expect(await Promise.race([more.credit, Promise.resolve('waits')])).toBe('waits');
    expect(account.inUse).toBe(4);
    more.cancel();
    (await waits.credit)?.release();
    expect(account.inUse).toBe(3);
  });

  it('allow long polls only while there is one for every polling mapping of every function', () => {
    const account = new AccountLedger(2);
    const [f, g] = [new ConcurrencyLedger(undefined, account), new ConcurrencyLedger(undefined, account)];
    f.join('a');
    taken(f);
    expect(f.allowsLongPoll).toBe(true);
    g.join('a');
    g.join('a');
    expect(f.allowsLongPoll).toBe(true);
    taken(g);
    expect(f.allowsLongPoll).toBe(false);
    g.leave('a');
    g.leave('a');
    expect(f.allowsLongPoll).toBe(true);
  });
});
