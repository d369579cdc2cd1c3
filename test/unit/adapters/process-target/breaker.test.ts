import { afterAll, afterEach, expect, test } from 'vitest';
import { Engine } from '../../../../adapters/index.ts';
import { embeddedQueue } from '../../../../adapters/source/embedded-queue/index.ts';
import { type FunctionTarget, silentLogger } from '../../../../src/index.ts';
import { ProcessFunctions, until } from '../../../support/process-functions.ts';

const functions = new ProcessFunctions();
afterEach(() => functions.clear());
afterAll(() => {
  functions.folder.remove();
});

/** Runs messages through the function until so many invocations came out, or its breaker opened. */
async function run(target: FunctionTarget, invocations: number): Promise<{ outcomes: string[]; cause: string | undefined }> {
  const engine = new Engine({ logger: silentLogger });
  const source = embeddedQueue({ name: 'jobs', visibilityTimeoutSeconds: 0 });
  source.sendBatch(Array.from({ length: 2 * invocations }, (_, index) => ({ body: String(index) })));
  const outcomes: string[] = [];
  let cause: string | undefined;
  engine.on('batch.ended', ({ outcome }) => outcomes.push(outcome));
  engine.on('breaker.state', (event) => (cause ??= event.cause));
  engine.map({ source, target, batchSize: 1, reservedConcurrentExecutions: 2, timeout: 60 });
  await engine.start();
  await until('it is decided', () => cause !== undefined || outcomes.length >= invocations);
  await engine.stop({ timeoutMs: 0 });
  await source.close();
  return { outcomes, cause };
}

test('a function that cannot be loaded opens its breaker: it is not started again for each message', async () => {
  const { outcomes, cause } = await run(functions.handler("import 'not-installed-anywhere';"), 20);
  expect(cause).toBe('Runtime.ImportModuleError');
  expect(outcomes.length).toBeLessThanOrEqual(6);
});

test('one that is watched has none unless asked, so that it is tried at once when its file is mended', async () => {
  const { cause } = await run(functions.handler("import 'not-installed-anywhere';", { watch: true }), 8);
  expect(cause).toBeUndefined();
});

test('crashes at events leave it closed: they may be the fault of a record', async () => {
  const { outcomes, cause } = await run(functions.handler('export const handler = async () => process.exit(1);'), 8);
  expect(outcomes.slice(0, 8)).toEqual(Array(8).fill('function-error'));
  expect(cause).toBeUndefined();
});
