import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handler } from '../../adapters/target/function/index.ts';
import { http } from '../../adapters/target/http/index.ts';
import { lambda } from '../../adapters/target/lambda/index.ts';
import { processTarget } from '../../adapters/target/process/index.ts';
import { silentLogger } from '../../src/index.ts';
import { functionFolder } from '../support/function-folder.ts';
import { type LambdaAnswer, LambdaStub } from '../support/lambda-stub.ts';
import { type Happening, type Impossible, type OutcomeRig, outcomeTable } from './outcome-table.ts';

const FAILURE = JSON.stringify({ errorType: 'BadOrder', errorMessage: 'no id' });
const NOT_LOADED = JSON.stringify({ errorType: 'Runtime.ImportModuleError', errorMessage: "Cannot find module 'orders'" });
const TIMED_OUT = JSON.stringify({ errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 3.00 seconds' });
const REFUSED = 'nothing stands between the engine and a function of its own process';

const IN_PROCESS: Impossible = {
  'the function cannot be loaded': 'the engine is given a function that is loaded',
  'the answer is longer than may be read': 'an answer in the same process is read already',
  'the function was ended elsewhere at its own time-out': "it has no time-out but the engine's",
  'there is no capacity': REFUSED,
  'the service fails': REFUSED,
  'nobody listens': REFUSED,
  'the connection is lost': REFUSED,
  'the answer is no answer': REFUSED,
  'there is no such function': REFUSED,
  'access is denied': REFUSED,
  'the service refuses the event for its size': REFUSED,
  'the event has no JSON': 'events are handed over as they are',
};

outcomeTable(
  'function in process',
  (happening) => {
    const target = handler(() => {
      if (happening === 'the function fails') throw new Error('no id');
      return happening === 'the function returns' ? {} : afterAWhile();
    });
    return Promise.resolve({ target, dispose: () => target.close() });
  },
  IN_PROCESS,
);

const OF_PROCESS = 'nothing stands between the engine and a process that it has started itself';

outcomeTable(
  'process',
  (happening) => {
    const folder = functionFolder({ 'orders.mjs': programOf(happening) });
    const target = processTarget({ handler: './orders.mjs#handler', cwd: folder.path, maxResponseBytes: 1_000, logger: silentLogger });
    return Promise.resolve({
      target,
      dispose: async () => {
        await target.close();
        folder.remove();
      },
    });
  },
  {
    'the function was ended elsewhere at its own time-out': "it has no time-out but the engine's",
    'there is no capacity': 'an invocation waits for a process while its time runs',
    'the service fails': OF_PROCESS,
    'nobody listens': OF_PROCESS,
    'the connection is lost': 'a process that ends is an error of the function, as on Lambda',
    'the answer is no answer': OF_PROCESS,
    'there is no such function': 'a missing file is told when the target is made',
    'access is denied': OF_PROCESS,
    'the service refuses the event for its size': OF_PROCESS,
  },
);

function programOf(happening: Happening): string {
  if (happening === 'the function cannot be loaded') return "import 'not-installed-anywhere';";
  const body =
    happening === 'the function fails'
      ? "throw new Error('no id')"
      : happening === 'the answer is longer than may be read'
        ? "return 'x'.repeat(1_001)"
        : happening === 'the function does not answer before the deadline'
          ? 'await new Promise(() => setInterval(() => undefined, 1_000))'
          : 'return {}';
  return `export async function handler() { ${body}; }\n`;
}

outcomeTable('HTTP', (happening) => overHttp('/function', happening), {
  'the function was ended elsewhere at its own time-out': 'plain HTTP has no word for it; the emulator and Lambda have',
});

outcomeTable('Runtime Interface Emulator', (happening) => overHttp('/2015-03-31/functions/function/invocations', happening));

outcomeTable('AWS Lambda', async (happening) => {
  const stub = await LambdaStub.start(() => ofLambda(happening));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const target = lambda({ functionName: 'orders', endpoint: stub.endpoint, region: 'eu-central-1', credentials });
  if (happening === 'nobody listens') await stub.close();
  return {
    target,
    dispose: async () => {
      await target.close();
      if (happening !== 'nobody listens') await stub.close();
    },
  };
});

/** Longer than the turn after which the deadline passes; the engine waits for the end of what it cannot stop. */
async function afterAWhile(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function overHttp(path: string, happening: Happening): Promise<OutcomeRig> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      answer(response, happening, path.includes('2015-03-31'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = http({ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}`, maxResponseBytes: 1_000 });
  if (happening === 'nobody listens') server.close();
  return {
    target,
    dispose: async () => {
      await target.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(response: ServerResponse, happening: Happening, isEmulator: boolean): void {
  switch (happening) {
    case 'the function returns':
    case 'the event has no JSON':
    case 'nobody listens':
      response.end('{}');
      return;
    case 'the function fails':
      response.writeHead(200, isEmulator ? {} : { 'x-amz-function-error': 'Unhandled' }).end(FAILURE);
      return;
    case 'the function cannot be loaded':
      response.writeHead(isEmulator ? 502 : 200, isEmulator ? {} : { 'x-amz-function-error': 'Unhandled' }).end(NOT_LOADED);
      return;
    case 'the answer is longer than may be read':
      response.end('x'.repeat(1_001));
      return;
    case 'the function does not answer before the deadline':
      return;
    case 'the function was ended elsewhere at its own time-out':
      response.end('Task timed out after 3.00 seconds');
      return;
    case 'there is no capacity':
      response.writeHead(isEmulator ? 400 : 429).end();
      return;
    case 'the service fails':
      response.writeHead(503).end();
      return;
    case 'the connection is lost':
      response.socket?.destroy();
      return;
    case 'the answer is no answer':
      response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n');
      return;
    case 'there is no such function':
      response.writeHead(404).end();
      return;
    case 'access is denied':
      response.writeHead(403).end();
      return;
    case 'the service refuses the event for its size':
      response.writeHead(413).end();
  }
}

function ofLambda(happening: Happening): LambdaAnswer {
  switch (happening) {
    case 'the function returns':
    case 'the event has no JSON':
    case 'nobody listens':
      return { kind: 'payload', text: '{}' };
    case 'the function fails':
      return { kind: 'payload', functionError: 'Unhandled', text: FAILURE };
    case 'the function cannot be loaded':
      return { kind: 'payload', functionError: 'Unhandled', text: NOT_LOADED };
    case 'the answer is longer than may be read':
      return { kind: 'raw', status: 200, body: 'x'.repeat(6_291_557) };
    case 'the function does not answer before the deadline':
      return { kind: 'hang' };
    case 'the function was ended elsewhere at its own time-out':
      return { kind: 'payload', functionError: 'Unhandled', text: TIMED_OUT };
    case 'there is no capacity':
      return { kind: 'refusal', status: 429, code: 'TooManyRequestsException' };
    case 'the service fails':
      return { kind: 'refusal', status: 500, code: 'ServiceException' };
    case 'the connection is lost':
      return { kind: 'reset' };
    case 'the answer is no answer':
      return { kind: 'raw', status: 502, body: '<html>bad gateway</html>' };
    case 'there is no such function':
      return { kind: 'refusal', status: 404, code: 'ResourceNotFoundException' };
    case 'access is denied':
      return { kind: 'refusal', status: 403, code: 'AccessDeniedException' };
    case 'the service refuses the event for its size':
      return { kind: 'refusal', status: 413, code: 'RequestTooLargeException' };
  }
}
