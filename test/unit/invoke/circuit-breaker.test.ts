import { describe, expect, it } from 'vitest';
import {
  BREAKER_DEFAULTS,
  BREAKER_PAUSE,
  CircuitBreaker,
  FAILURES_TO_OPEN,
  THROTTLE_OUTCOMES_MIN,
  THROTTLE_WINDOW_MS,
} from '../../../src/invoke/circuit-breaker.ts';
import { faultOf, type TargetFault } from '../../../src/invoke/target-fault.ts';

/** An invocation that begins and ends at `now`. */
function call(breaker: CircuitBreaker, fault: TargetFault, now = 0, retryAfterMs?: number): boolean {
  return breaker.ended({ term: breaker.term, fault, now, chance: 0, retryAfterMs });
}

function opened(now = 0): CircuitBreaker {
  const breaker = new CircuitBreaker();
  for (let times = 0; times < FAILURES_TO_OPEN; times += 1) call(breaker, 'failed', now);
  return breaker;
}

describe('a circuit breaker', () => {
  it('opens at the last of so many faults of the target in a row', () => {
    const breaker = new CircuitBreaker();
    for (let times = 1; times < FAILURES_TO_OPEN; times += 1) expect(call(breaker, 'failed')).toBe(false);
    expect(call(breaker, 'failed')).toBe(true);
    expect(breaker.isClosed).toBe(false);
  });

  it('does not open while the target is reached now and then', () => {
    const breaker = new CircuitBreaker();
    for (let times = 0; times < 100; times += 1) call(breaker, times % FAILURES_TO_OPEN === 0 ? 'reached' : 'failed', times);
    expect(breaker.isClosed).toBe(true);
  });

  it('lets nothing pass while it is open, then one trial', () => {
    const breaker = opened(1000);
    expect(breaker.enter(1000)).toBe('wait');
    expect(breaker.enter(1499)).toBe('wait');
    expect(breaker.enter(1500)).toBe('trial');
    expect(breaker.enter(99_999)).toBe('wait');
    call(breaker, 'reached', 1600);
    expect(breaker.enter(1600)).toBe('pass');
  });

  it('stays open longer each time that a trial fails, up to its cap, and begins small again once it was closed', () => {
    const breaker = opened();
    const pauses: number[] = [];
    let now = 0;
    for (let times = 0; times < 10; times += 1) {
      const { state } = breaker;
      if (state.kind !== 'open') throw new Error(state.kind);
      pauses.push(state.until - now);
      now = state.until;
      breaker.enter(now);
      call(breaker, 'failed', now);
    }
    expect(pauses.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(pauses.at(-1)).toBe(BREAKER_PAUSE.capMs / 2);
    now += BREAKER_PAUSE.capMs;
    breaker.enter(now);
    call(breaker, 'reached', now);
    for (let times = 0; times < FAILURES_TO_OPEN; times += 1) call(breaker, 'failed', now);
    expect(breaker.state).toEqual({ kind: 'open', until: now + 500 });
  });

  it('leaves the target alone as long as it asks, up to the cap', () => {
    const breaker = new CircuitBreaker({ ...BREAKER_DEFAULTS, failures: 1 });
    call(breaker, 'failed', 0, 20_000);
    expect(breaker.state).toEqual({ kind: 'open', until: 20_000 });
    breaker.enter(20_000);
    call(breaker, 'failed', 20_000, 900_000);
    expect(breaker.state).toEqual({ kind: 'open', until: 20_000 + BREAKER_PAUSE.capMs });
  });

  it('opens when too many of enough invocations are throttled, and not for a few', () => {
    const few = new CircuitBreaker();
    for (let times = 1; times < THROTTLE_OUTCOMES_MIN; times += 1) call(few, 'throttled', times);
    expect(few.isClosed).toBe(true);
    call(few, 'throttled', 100);
    expect(few.isClosed).toBe(false);
    const mixed = new CircuitBreaker();
    for (let times = 0; times < 300; times += 1) call(mixed, times % 3 === 0 ? 'throttled' : 'reached', times * 10);
    expect(mixed.isClosed).toBe(true);
  });

  it('forgets throttles that are long past', () => {
    const breaker = new CircuitBreaker();
    for (let times = 0; times < 500; times += 1) call(breaker, 'throttled', (times * 2.5 * THROTTLE_WINDOW_MS) / THROTTLE_OUTCOMES_MIN);
    expect(breaker.isClosed).toBe(true);
  });

  it('learns nothing from what began before it changed', () => {
    const breaker = new CircuitBreaker();
    const { term } = breaker;
    for (let times = 0; times < FAILURES_TO_OPEN; times += 1) call(breaker, 'failed');
    breaker.enter(500);
    expect(breaker.ended({ term, fault: 'reached', now: 600, chance: 0, retryAfterMs: undefined })).toBe(false);
    expect(breaker.ended({ term, fault: 'failed', now: 600, chance: 0, retryAfterMs: undefined })).toBe(false);
    expect(breaker.state.kind).toBe('half-open');
  });

  it('gives a trial that was not made to somebody else, after a breath, and only once', () => {
    const breaker = opened();
    breaker.enter(500);
    const { term } = breaker;
    expect(breaker.giveBack(term, 600, 0)).toBe(true);
    expect(breaker.giveBack(term, 600, 0)).toBe(false);
    expect(breaker.enter(600)).toBe('wait');
    expect(breaker.enter(700)).toBe('trial');
    expect(breaker.giveBack(term, 700, 0)).toBe(false);
    expect(breaker.enter(9000)).toBe('wait');
  });
});

describe('what an outcome says of the target', () => {
  it.for([
    ['reached', { kind: 'success', text: () => '' }],
    ['reached', { kind: 'timeout' }],
    ['reached', { kind: 'function-error', errorType: 'TypeError', errorMessage: 'poison' }],
    ['reached', { kind: 'function-error', errorType: 'Runtime.ExitError', errorMessage: 'exit status 1' }],
    ['reached', { kind: 'terminal', code: 'Http413', message: 'too large' }],
    ['reached', { kind: 'terminal', code: 'InvalidEvent', message: 'no JSON' }],
    ['throttled', { kind: 'throttled', message: '429', retryAfterMs: undefined }],
    ['failed', { kind: 'service-error', message: 'ECONNREFUSED', retryAfterMs: undefined }],
    ['failed', { kind: 'function-error', errorType: 'Error', errorMessage: 'no database', duringInit: true }],
    ['failed', { kind: 'terminal', code: 'Http404', message: 'not there' }],
    ['failed', { kind: 'terminal', code: 'ResourceNotFoundException', message: 'not there' }],
    ['failed', { kind: 'terminal', code: 'AccessDeniedException', message: 'denied' }],
    ['failed', { kind: 'terminal', code: 'EC2AccessDeniedException', message: 'denied' }],
    ['failed', { kind: 'terminal', code: 'CredentialsProviderError', message: 'no keys' }],
    ['failed', { kind: 'terminal', code: 'KMSDisabledException', message: 'no key' }],
    ['failed', { kind: 'terminal', code: 'InvalidZipFileException', message: 'no code' }],
    ['failed', { kind: 'terminal', code: 'Runtime.InvalidEntrypoint', message: 'no program' }],
    ['reached', { kind: 'terminal', code: 'InvalidRequestContentException', message: 'no JSON' }],
    ['reached', { kind: 'terminal', code: 'RequestTooLargeException', message: 'too large' }],
    ['reached', { kind: 'terminal', code: 'RecursiveInvocationException', message: 'a circle' }],
    ['reached', { kind: 'terminal', code: 'NotResourceNotFoundException', message: 'else' }],
  ] as const)('is %s: %j', ([fault, outcome]) => {
    expect(faultOf(outcome)).toBe(fault);
  });
});
