import { describe, expect, it } from 'vitest';
import {
  CONCURRENCY_GROWTH_PER_MINUTE,
  CONCURRENCY_IDLE,
  CONCURRENCY_MAX,
  CONCURRENCY_START,
  ERROR_BACKOFF_EVERY_MS,
  ERROR_BACKOFF_FACTOR,
  IDLE_AFTER_MS,
  Scaler,
} from '../../../src/intake/scaler.ts';

const MINUTE_MS = 60_000;

/** A receive with backlog every 50 ms. */
function backlog(scaler: Scaler, from: number, until: number): void {
  for (let now = from; now <= until; now += 50) scaler.received(now, true);
}

/** Empty receives until the mapping is idle; gives the instant. */
function idle(scaler: Scaler, from: number): number {
  scaler.empty(from);
  scaler.empty(from + IDLE_AFTER_MS);
  return from + IDLE_AFTER_MS;
}

describe('the concurrency of a queue mapping', () => {
  it("has AWS's numbers", () => {
    expect([CONCURRENCY_START, CONCURRENCY_GROWTH_PER_MINUTE, CONCURRENCY_MAX, CONCURRENCY_IDLE]).toEqual([5, 300, 1250, 2]);
  });

  it('begins at 5 and grows by 300 a minute while there is backlog', () => {
    const scaler = new Scaler(undefined, false);
    expect(scaler.target).toBe(5);
    backlog(scaler, 0, MINUTE_MS / 2);
    expect(scaler.target).toBe(155);
    backlog(scaler, MINUTE_MS / 2, MINUTE_MS);
    expect(scaler.target).toBe(305);
  });

  it('ends at 1,250', () => {
    const scaler = new Scaler(undefined, false);
    backlog(scaler, 0, 10 * MINUTE_MS);
    expect(scaler.target).toBe(1250);
  });

  it('grows as fast with rare receives as with many, but not over a time without backlog', () => {
    const scaler = new Scaler(undefined, false);
    scaler.received(0, true);
    scaler.received(10_000, true);
    expect(scaler.target).toBe(55);
    scaler.received(10_001, false);
    scaler.received(70_000, true);
    expect(scaler.target).toBe(55);
    scaler.empty(70_001);
    scaler.received(130_000, true);
    expect(scaler.target).toBe(55);
  });

  it('goes down to 2 after a time of empty receives, not at the first, and back to 5 with the next message', () => {
    const scaler = new Scaler(undefined, false);
    backlog(scaler, 0, MINUTE_MS);
    scaler.empty(MINUTE_MS + 1);
    expect(scaler.target).toBe(305);
    const now = idle(scaler, MINUTE_MS + 1);
    expect(scaler.target).toBe(2);
    scaler.received(now + 1, false);
    expect(scaler.target).toBe(5);
  });

  it('does not count as idle what a message interrupts', () => {
    const scaler = new Scaler(undefined, false);
    scaler.empty(0);
    scaler.received(IDLE_AFTER_MS - 1, false);
    scaler.empty(IDLE_AFTER_MS);
    scaler.empty(2 * IDLE_AFTER_MS - 1);
    expect(scaler.target).toBe(5);
  });

  it('is cut by a failed batch, once in a while, and never below 2', () => {
    const scaler = new Scaler(undefined, false);
    backlog(scaler, 0, MINUTE_MS);
    scaler.failed(MINUTE_MS);
    scaler.failed(MINUTE_MS + ERROR_BACKOFF_EVERY_MS - 1);
    expect(scaler.target).toBe(Math.floor(305 * ERROR_BACKOFF_FACTOR));
    for (let times = 1; times < 20; times += 1) scaler.failed(MINUTE_MS + times * ERROR_BACKOFF_EVERY_MS);
    expect(scaler.target).toBe(2);
    backlog(scaler, 2 * MINUTE_MS, 3 * MINUTE_MS);
    expect(scaler.target).toBe(302);
  });

  it('is not cut by errors in partial mode', () => {
    const scaler = new Scaler(undefined, true);
    scaler.failed(0);
    scaler.failed(10_000);
    expect(scaler.target).toBe(5);
  });
});

describe('with MaximumConcurrency the concurrency', () => {
  it('still begins at 5 and ends at the maximum', () => {
    const scaler = new Scaler(20, false);
    expect(scaler.target).toBe(5);
    backlog(scaler, 0, 1000);
    expect(scaler.target).toBe(10);
    backlog(scaler, 1000, MINUTE_MS);
    expect(scaler.target).toBe(20);
  });

  it('begins below 5 when the maximum is below', () => {
    const scaler = new Scaler(2, false);
    expect(scaler.target).toBe(2);
    backlog(scaler, 0, MINUTE_MS);
    expect(scaler.target).toBe(2);
    scaler.failed(2 * MINUTE_MS);
    expect(scaler.target).toBe(2);
  });

  it('goes back to 5 when idle and no further', () => {
    const scaler = new Scaler(20, false);
    backlog(scaler, 0, MINUTE_MS);
    const now = idle(scaler, MINUTE_MS + 1);
    expect(scaler.target).toBe(5);
    scaler.received(now, false);
    expect(scaler.target).toBe(5);
  });
});
