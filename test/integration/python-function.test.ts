/** Python through AWS's own runtime client, as a command that speaks the Lambda Runtime API; and behind a whole mapping. */
import type { SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Engine } from '../../adapters/index.ts';
import { embeddedQueue } from '../../adapters/source/embedded-queue/index.ts';
import { type FunctionTarget, type Outcome, silentLogger } from '../../src/index.ts';
import { calm, invocationContext, successText } from '../conformance/target-suite.ts';
import { awslambdaric } from '../support/awslambdaric.ts';
import { ProcessFunctions, processesWith, until } from '../support/process-functions.ts';

const runtime = await awslambdaric();

const APP = `
import json, os, signal, subprocess, sys, time

def handler(event, context):
    print("handling", context.aws_request_id)
    return {"got": event, "function": context.function_name, "left": context.get_remaining_time_in_millis() > 0, "pid": os.getpid()}

class PoisonRecord(Exception):
    pass

def fail(event, context):
    raise PoisonRecord("no such order: ä")

def tell_all(event, context):
    raise PoisonRecord("no such order: " + "x" * 60_000)

def leave(event, context):
    sys.exit(4)

def hang(event, context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(["sleep", "600"])
    print("started", flush=True)
    time.sleep(600)

def batch(event, context):
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"] if r["body"] == "bad" and r["attributes"]["ApproximateReceiveCount"] == "1"]}
`;

const title = 'a Python function by awslambdaric';
describe.skipIf('skipped' in runtime)('skipped' in runtime ? `${title} [${runtime.skipped}]` : title, () => {
  const python = 'python' in runtime ? runtime.python : '';
  const functions = new ProcessFunctions();
  functions.folder.write('app.py', APP);
  functions.folder.write('broken.py', 'import not_installed_anywhere\n');
  functions.folder.write('wrong.py', 'def handler(event, context)\n    return 1\n');
  afterEach(() => functions.clear());
  afterAll(() => {
    functions.folder.remove();
  });

  const target = (handler: string): FunctionTarget => functions.target({ command: [python, '-m', 'awslambdaric', handler] });

  async function outcomeOf(of: FunctionTarget, event: unknown = {}): Promise<Outcome> {
    const context = invocationContext(calm(), { deadline: Date.now() + 30_000, remainingMs: () => 30_000 });
    const invocation = of.invoke(event, context);
    await invocation.ended;
    return invocation.outcome;
  }

  test('answers, and is used again', async () => {
    const app = target('app.handler');
    const first = JSON.parse(successText(await outcomeOf(app, { text: 'für 🙂' }))) as { pid: number };
    expect(first).toMatchObject({ got: { text: 'für 🙂' }, function: 'orders', left: true });
    expect(JSON.parse(successText(await outcomeOf(app, [1])))).toMatchObject({ got: [1], pid: first.pid });
    expect(functions.log.printed.filter((line) => line.startsWith('handling'))).toHaveLength(2);
    expect(functions.log.of('REPORT')).toHaveLength(2);
  });

  test.each([
    ['an exception', 'app.fail', 'PoisonRecord', 'no such order: ä'],
    ['an exception that says much', 'app.tell_all', 'PoisonRecord', 'no such order: xxx'],
    ['an exit', 'app.leave', 'Runtime.ExitError', 'exit status'],
    ['an import of what is not there', 'broken.handler', 'Runtime.ImportModuleError', 'not_installed_anywhere'],
    ['a fault of syntax', 'wrong.handler', 'Runtime.UserCodeSyntaxError', 'wrong.py'],
    ['no such handler', 'app.missing', 'Runtime.HandlerNotFound', 'missing'],
  ])('%s is told as Lambda tells it', async (_title, handler, errorType, message) => {
    const outcome = await outcomeOf(target(handler));
    expect(outcome).toMatchObject({ kind: 'function-error', errorType, errorMessage: expect.stringContaining(message) as string });
  });

  test('at its deadline it is ended with its child, though it ignores SIGTERM', async () => {
    const deadline = new AbortController();
    const invocation = target('app.hang').invoke({}, invocationContext(deadline.signal, { remainingMs: () => 30_000 }));
    await until('it runs', () => functions.log.printed.includes('started'));
    await until('its child runs, too', () => processesWith(functions.marker).length === 2);
    deadline.abort();
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
    await invocation.ended;
    expect(processesWith(functions.marker)).toEqual([]);
  });

  test('a mapping invokes it: what it reports as failed comes again, the rest is deleted', async () => {
    const queue = embeddedQueue({ name: 'orders', visibilityTimeoutSeconds: 1 });
    const engine = new Engine({ logger: silentLogger, stopTimeoutMs: 500 });
    const app = target('app.batch');
    engine.map({
      source: queue,
      target: app as FunctionTarget<SQSEvent>,
      timeout: 20,
      functionResponseTypes: ['ReportBatchItemFailures'],
    });
    queue.sendBatch(['good', 'bad', 'good'].map((body) => ({ body })));
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    await engine.stop();
    expect(await queue.depth()).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
    expect(functions.log.of('REPORT').length).toBeGreaterThanOrEqual(2);
  });
});
