import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { http } from '../../../../adapters/target/http/index.ts';
import type { Outcome } from '../../../../src/index.ts';
import { calm, invocationContext } from '../../../conformance/target-suite.ts';

const PATH = '/2015-03-31/functions/function/invocations';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The outcome of a server that answers like this at `path`. */
async function outcomeOf(status: number, body: string, path = PATH): Promise<Outcome> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(request.url === path ? status : 404).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = http({ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}` });
  cleanups.push(async () => {
    await target.close();
    server.closeAllConnections();
    server.close();
  });
  const { outcome, ended } = target.invoke({}, invocationContext(calm()));
  await ended;
  return outcome;
}

const PYTHON = '{"errorMessage": "no id", "errorType": "BadOrder", "requestId": "7", "stackTrace": ["  File app.py"]}';
const NODE = '{"errorType":"BadOrder","errorMessage":"no id","trace":["BadOrder: no id"]}';
const EXITED = '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 7 Error: Runtime exited with error: exit status 1"}';
const TIMED_OUT = 'Task timed out after 3.00 seconds';

describe('the Runtime Interface Emulator', () => {
  test.each([
    ['Python', PYTHON],
    ['Node', NODE],
  ])('tells an error of a function in %s with 200 and no mark', async (_language, body) => {
    expect(await outcomeOf(200, body)).toEqual({ kind: 'function-error', errorType: 'BadOrder', errorMessage: 'no id' });
  });

  test('tells with 502 that the process of the function ended', async () => {
    expect(await outcomeOf(502, EXITED)).toMatchObject({ kind: 'function-error', errorType: 'Runtime.ExitError' });
  });

  test('tells with a text that its own time-out passed', async () => {
    expect(await outcomeOf(200, TIMED_OUT)).toEqual({ kind: 'timeout' });
  });

  test('tells with 400 and nothing that it is busy', async () => {
    expect(await outcomeOf(400, '')).toMatchObject({ kind: 'throttled', retryAfterMs: undefined });
  });

  test.each<[number, string, Outcome['kind']]>([
    [400, 'bad', 'function-error'],
    [502, '', 'service-error'],
    [502, '<html>', 'service-error'],
    [500, NODE, 'service-error'],
    [504, '', 'service-error'],
    [429, '', 'throttled'],
    [404, '', 'terminal'],
  ])('means by %i with the body %j what any other server means', async (status, body, kind) => {
    expect(await outcomeOf(status, body)).toMatchObject({ kind });
  });

  test.each(['{"errorType":"kept as data"}', '{"errorMessage":"kept as data"}', `"${TIMED_OUT} or so"`, 'null', '[]', '""', ''])(
    'hands on the payload %s as it is',
    async (body) => {
      const outcome = await outcomeOf(200, body);
      expect(outcome.kind === 'success' && outcome.text()).toBe(body);
    },
  );
});

test.each(['/', '/2015-03-31/functions/invocations', `${PATH}/more`])(
  'at %s the answers of functions are taken as they are',
  async (path) => {
    expect((await outcomeOf(200, NODE, path)).kind).toBe('success');
    expect((await outcomeOf(200, TIMED_OUT, path)).kind).toBe('success');
    expect((await outcomeOf(400, '', path)).kind).toBe('function-error');
    expect((await outcomeOf(502, EXITED, path)).kind).toBe('service-error');
  },
);
