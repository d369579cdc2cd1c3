import { afterEach, describe, expect, it } from 'vitest';
import { Engine, silentLogger } from '../../../adapters/index.ts';
import { embeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import { testEngine } from '../../../adapters/testing.ts';
import { LambdaStub } from '../../support/lambda-stub.ts';
import { problemLines } from '../../support/problems-of.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

async function lambdaStub(): Promise<LambdaStub> {
  const stub = await LambdaStub.start(() => ({ kind: 'payload', text: '{}' }));
  cleanups.push(() => stub.close());
  return stub;
}

describe('a function that is named and not registered', () => {
  it('is invoked on Lambda where an engine is told of it, and leaves no connection behind', async () => {
    const stub = await lambdaStub();
    const engine = new Engine({
      logger: silentLogger,
      region: 'eu-west-1',
      idlePollMs: 10,
      stopTimeoutMs: 1000,
      lambda: { endpoint: stub.endpoint, credentials },
    });
    cleanups.push(() => engine.stop({ timeoutMs: 0 }));
    const here: unknown[] = [];
    engine.function({ name: 'here', target: (event) => void here.push(event), versions: { '1': { target: () => 'one' } } });
    for (const functionName of ['here', 'here:1', 'orders', 'arn:aws:lambda:eu-central-1:123456789012:function:orders:live']) {
      const queue = embeddedQueue({ name: functionName.replace(/\W/g, '-') });
      queue.send({ body: functionName });
      engine.map({ source: queue, functionName });
    }
    await engine.start();
    await engine.idle({ timeoutMs: 20_000 });
    expect(here).toHaveLength(1);
    const asked = stub.requests.map(({ functionName, authorization = '' }) => [functionName, authorization.split('/')[2]]);
    expect(asked.sort()).toEqual([
      ['arn:aws:lambda:eu-central-1:123456789012:function:orders:live', 'eu-central-1'],
      ['orders', 'eu-west-1'],
    ]);
    await engine.stop();
    await stub.disconnected();
  });

  it('is invoked at the endpoint of a test engine', async () => {
    const stub = await lambdaStub();
    await using engine = testEngine({ endpoint: stub.endpoint });
    const queue = embeddedQueue({ name: 'orders' });
    queue.send({ body: '1' });
    engine.map({ source: queue, functionName: 'orders' });
    await engine.start();
    await engine.idle({ timeoutMs: 20_000 });
    expect(stub.requests.map(({ functionName }) => functionName)).toEqual(['orders']);
  });

  it('does not exist otherwise', () => {
    const engine = new Engine({ logger: silentLogger });
    expect(problemLines(() => engine.map({ source: embeddedQueue({ name: 'orders' }), functionName: 'orders' }))).toEqual([
      'functionName: Function does not exist: orders is not registered with this engine',
    ]);
  });
});

it('an engine refuses a place of Lambda that is none', () => {
  expect(problemLines(() => new Engine({ region: 'eu-west-1', lambda: { endpoint: 'localhost' } }))).toEqual([
    expect.stringContaining('endpoint: must '),
  ]);
});
