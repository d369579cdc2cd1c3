import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { CoreEngine, type FunctionTarget, silentLogger, silentMeter } from '../../../src/index.ts';
import { systemClock, systemRandom } from '../../../src/system.ts';
import { type GuardedServer, guardedServer } from '../../support/guarded-server.ts';
import { exchange, type RawAnswer } from '../../support/raw-http.ts';

const PATH = '/2015-03-31/functions';

let engine: CoreEngine;
let server: GuardedServer;
let begun: string[];
let answers: (() => void)[];

/** Answers when it is told to. */
function slow(name: string): FunctionTarget {
  return {
    invoke: () => {
      begun.push(name);
      const answered = new Promise<void>((resolve) => {
        answers.push(resolve);
      });
      return { outcome: answered.then(() => ({ kind: 'success', text: () => '"done"' })), ended: answered };
    },
    close: () => Promise.resolve(),
  };
}

beforeEach(async () => {
  [begun, answers] = [[], []];
  const parts = { clock: systemClock, random: systemRandom, logger: silentLogger, meter: silentMeter, store: memoryStore() };
  engine = new CoreEngine({ ...parts, ownerLabel: 'x' }, { accountConcurrency: 2 });
  engine.function({ name: 'reserved', target: slow('reserved'), reservedConcurrentExecutions: 1 });
  engine.function({ name: 'free', target: slow('free') });
  server = await guardedServer({}, engine);
});

afterEach(async () => {
  for (const answer of answers) answer();
  await server.close();
  await engine.stop({ timeoutMs: 0 });
});

function ask(method: string, target: string): Promise<RawAnswer> {
  return exchange(server.url, { method, target, headers: { host: server.host }, body: '' });
}

/** Under way until {@link answers} are given. */
async function invoke(name: string): Promise<Promise<RawAnswer>[]> {
  const count = begun.length;
  const answer = ask('POST', `${PATH}/${name}/invocations`);
  await expect.poll(() => begun.length).toBe(count + 1);
  // In a list, because a promise of a promise is what the inner one gives.
  return [answer];
}

describe('an invocation', () => {
  it('is throttled with the reason where the function has used up its reserved concurrency, and goes when it is free', async () => {
    const first = await invoke('reserved');
    const refused = await ask('POST', `${PATH}/reserved/invocations`);
    expect([refused.status, refused.headers['x-amzn-errortype'], refused.headers['retry-after'], JSON.parse(refused.body)]).toEqual([
      429,
      'TooManyRequestsException',
      '1',
      { Type: 'User', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded', message: 'Rate Exceeded.' },
    ]);
    answers[0]?.();
    expect((await Promise.all(first)).map(({ status, body }) => [status, body])).toEqual([[200, '"done"']]);
    await expect.poll(() => engine.findFunction('reserved')?.name).toBe('reserved');
    const next = await invoke('reserved');
    answers[1]?.();
    expect((await Promise.all(next)).map(({ status }) => status)).toEqual([200]);
  });

  it('is throttled with another reason where all functions together are at the limit of the account', async () => {
    const running = [...(await invoke('free')), ...(await invoke('free'))];
    const refused = await ask('POST', `${PATH}/free/invocations`);
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      429,
      { Type: 'User', Reason: 'ConcurrentInvocationLimitExceeded', message: 'Rate Exceeded.' },
    ]);
    for (const answer of answers) answer();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('a list of functions', () => {
  it('comes in pages of at most 50, each function once, and refuses what it cannot read', async () => {
    for (let count = 0; count < 60; count += 1) engine.function({ name: `one-of-many-${String(count)}`, target: slow('one') });
    const names: string[] = [];
    const sizes: number[] = [];
    let marker: string | undefined;
    do {
      const { body } = await ask('GET', `${PATH}?MaxItems=10000${marker === undefined ? '' : `&Marker=${marker}`}`);
      const page = JSON.parse(body) as { Functions: { FunctionName: string }[]; NextMarker?: string };
      names.push(...page.Functions.map(({ FunctionName }) => FunctionName));
      sizes.push(page.Functions.length);
      marker = page.NextMarker;
    } while (marker !== undefined);
    expect([sizes, new Set(names).size]).toEqual([[50, 12], 62]);
    for (const query of ['MaxItems=0', 'MaxItems=10001', 'MaxItems=x', 'Marker=x', 'FunctionVersion=1']) {
      expect((await ask('GET', `${PATH}/?${query}`)).status).toBe(400);
    }
  });
});
