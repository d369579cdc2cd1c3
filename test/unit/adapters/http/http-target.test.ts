import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { buffer, json } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpTargetOptions, http } from '../../../../adapters/target/http/index.ts';
import type { FunctionTarget, Invocation, Outcome } from '../../../../src/index.ts';
import { calm, gate, invocationContext, successText } from '../../../conformance/target-suite.ts';
import { deafPort } from '../../../support/deaf-port.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(listener: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/invoke?key=secret-key` };
}

function targetTo(url: string, options: Omit<HttpTargetOptions, 'url'> = {}): FunctionTarget {
  const target = http({ url, ...options });
  cleanups.push(() => target.close());
  return target;
}

function invoke(target: FunctionTarget, signal = calm(), event: unknown = {}): Invocation {
  return target.invoke(event, invocationContext(signal));
}

/** The outcome of a server that answers like this. */
async function outcomeOf(status: number, headers: Record<string, string> = {}, body: string | Buffer = ''): Promise<Outcome> {
  const { url } = await serve((request, response) => {
    request.resume();
    response.sendDate = false;
    response.writeHead(status, headers).end(body);
  });
  const invocation = invoke(targetTo(url));
  const outcome = await invocation.outcome;
  await invocation.ended;
  return outcome;
}

describe('the request', () => {
  test('has one place in a trace: that of the invocation where it has one, else what the target is told to send', async () => {
    const seen: (string[] | undefined)[] = [];
    const { url } = await serve((request, response) => {
      seen.push(request.headersDistinct['traceparent'], request.headersDistinct['tracestate']);
      request.resume();
      response.end();
    });
    const target = targetTo(url, { headers: { Traceparent: 'own', tracestate: 'own=1' } });
    await target.invoke({}, invocationContext(calm())).ended;
    const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', isSampled: true };
    await target.invoke({}, invocationContext(calm(), { trace })).ended;
    expect(seen).toEqual([['own'], ['own=1'], [`00-${trace.traceId}-${trace.spanId}-01`], undefined]);
  });

  test('is a POST of the event with the facts of the invocation and the own headers', async () => {
    let seen: Pick<IncomingMessage, 'method' | 'url' | 'headers'> | undefined;
    let body: unknown;
    const { url } = await serve((request, response) => {
      seen = request;
      void json(request).then((value) => {
        body = value;
        response.end();
      });
    });
    const target = targetTo(url, { headers: { Authorization: 'Bearer own', 'x-tenant': 'blue' } });
    const context = invocationContext(calm(), { attempt: 3 });
    await target.invoke({ Records: [{ body: 'ä🙂' }] }, context).ended;
    expect(body).toEqual({ Records: [{ body: 'ä🙂' }] });
    expect(seen).toMatchObject({ method: 'POST', url: '/invoke?key=secret-key' });
    expect(seen?.headers).toMatchObject({
      authorization: 'Bearer own',
      'x-tenant': 'blue',
      'content-type': 'application/json',
      'x-amzn-requestid': context.requestId,
      // The invocation began at 2026-01-02T03:04:02Z.
      'x-amzn-trace-id': `Root=1-695735a2-${context.requestId.replaceAll('-', '').slice(8)};Sampled=0`,
      'lambda-runtime-deadline-ms': String(context.deadline),
      'lambda-runtime-invoked-function-arn': context.invokedFunctionArn,
      'x-millrace-function-name': 'orders',
      'x-millrace-attempt': '3',
    });
  });

  test('uses its connection again', async () => {
    const ports = new Set<number | undefined>();
    const { url } = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      request.resume().on('end', () => response.writeHead(ports.size > 1 ? 500 : 200).end('{}'));
    });
    const target = targetTo(url);
    for (let round = 0; round < 3; round += 1) {
      await invoke(target).ended;
      // The library gives a server one turn to close what it said it would keep.
      await turn();
    }
    expect(ports.size).toBe(1);
  });

  test('of an event without JSON is not sent', async () => {
    const target = targetTo('http://127.0.0.1:1/');
    expect(await invoke(target, calm(), 1n).outcome).toMatchObject({ kind: 'terminal', code: 'InvalidEvent' });
    expect(await invoke(target, calm(), Symbol('none')).outcome).toMatchObject({ kind: 'terminal', code: 'InvalidEvent' });
  });

  test('of an event above the limit is not sent', async () => {
    let requests = 0;
    const { url } = await serve((request, response) => {
      requests += 1;
      request.resume().on('end', () => response.end('{}'));
    });
    const target = targetTo(url, { maxRequestBytes: 100 });
    const errorOf = async (event: string): Promise<Outcome> => invoke(target, calm(), event).outcome;
    // Two quotes are sent with a text, and this letter takes two bytes.
    expect(await errorOf('ä'.repeat(50))).toEqual({
      kind: 'terminal',
      code: 'RequestTooLarge',
      message: 'the event has 102 bytes, at most 100 are sent; lower BatchSize',
    });
    expect(requests).toBe(0);
    expect((await errorOf('ä'.repeat(49))).kind).toBe('success');
  });

  test('that HTTP cannot carry is terminal, not tried again', async () => {
    const target = targetTo('http://127.0.0.1:1/');
    const outcome = await target.invoke({}, invocationContext(calm(), { functionName: 'a\r\nb: c' })).outcome;
    expect(outcome).toMatchObject({ kind: 'terminal', code: 'UND_ERR_INVALID_ARG' });
  });
});

describe('the answer', () => {
  test.each([200, 201, 202, 204, 299])('%i is a success', async (status) => {
    const body = status === 204 ? '' : ' { "batchItemFailures" : [ ] } ';
    expect(successText(await outcomeOf(status, {}, body))).toBe(body);
  });

  test('that is no UTF-8 has its bad bytes replaced', async () => {
    expect(successText(await outcomeOf(200, {}, Buffer.from([0x22, 0xff, 0xc3, 0x22])))).toBe('"\ufffd\ufffd"');
  });

  test.each([
    ['7', 7_000],
    ['0', 0],
    ['1.5', 1_500],
    ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
    ['Fri, 02 Jan 2026 03:04:00 GMT', 0],
    ['soon', undefined],
    ['-3', undefined],
  ])('429 with Retry-After %s asks for a wait of %s ms', async (value, expected) => {
    const headers = { 'retry-after': value, date: 'Fri, 02 Jan 2026 03:04:05 GMT' };
    expect(await outcomeOf(429, headers)).toMatchObject({ kind: 'throttled', retryAfterMs: expected });
  });

  test('429 without Retry-After leaves the wait to the engine', async () => {
    expect(await outcomeOf(429)).toMatchObject({ kind: 'throttled', retryAfterMs: undefined });
  });

  test.each([408, 500, 502, 503, 504, 599])('%i is a service error', async (status) => {
    expect(await outcomeOf(status, { 'retry-after': '2' }, 'x'.repeat(1_000))).toMatchObject({
      kind: 'service-error',
      retryAfterMs: 2_000,
    });
  });

  test.each([401, 403, 404, 410, 413, 415])('%i is terminal', async (status) => {
    expect(await outcomeOf(status)).toMatchObject({ kind: 'terminal', code: `Http${String(status)}` });
  });

  test.each([301, 302, 303, 307, 308, 304])('the redirect %i is not followed', async (status) => {
    const outcome = await outcomeOf(status, { location: 'http://127.0.0.1:1/secret-key' });
    expect(outcome).toMatchObject({ kind: 'terminal', code: `Http${String(status)}` });
    expect(outcome).toHaveProperty('message', expect.stringContaining('a redirect'));
  });

  test.each([400, 402, 409, 418, 422])('%i is a function error', async (status) => {
    const errorType = `Http${String(status)}`;
    expect(await outcomeOf(status, {}, '<html>no</html>')).toMatchObject({ kind: 'function-error', errorType });
  });

  test('400 with an error payload carries its name and message', async () => {
    const body = JSON.stringify({ errorType: 'BadOrder', errorMessage: 'no id' });
    expect(await outcomeOf(400, {}, body)).toEqual({ kind: 'function-error', errorType: 'BadOrder', errorMessage: 'no id' });
  });

  test.each([
    ['{"errorType":"Poison","errorMessage":"bad"}', 'Poison', 'bad'],
    ['{"errorMessage":"bad"}', 'Unhandled', 'bad'],
    ['null', 'Unhandled', 'the function answered 200'],
    ['not json', 'Unhandled', 'the function answered 200'],
    ['{"errorType":5,"errorMessage":{}}', 'Unhandled', 'the function answered 200'],
  ])('200 marked X-Amz-Function-Error with %s is a function error', async (body, errorType, errorMessage) => {
    expect(await outcomeOf(200, { 'X-Amz-Function-Error': 'Unhandled' }, body)).toEqual({
      kind: 'function-error',
      errorType,
      errorMessage,
    });
  });

  test.each([
    ['that says so beforehand', true],
    ['that comes in pieces', false],
  ])('larger than the limit, %s, is a function error and costs the connection', async (_title, announced) => {
    const closed = gate();
    const { url } = await serve((request, response) => {
      request.resume();
      request.socket.once('close', closed.open);
      if (announced) response.setHeader('content-length', '1001');
      response.write('x'.repeat(announced ? 1 : 1_001));
    });
    const invocation = invoke(targetTo(url, { maxResponseBytes: 1_000 }));
    const errorMessage = 'the answer is larger than 1000 bytes';
    expect(await invocation.outcome).toEqual({ kind: 'function-error', errorType: 'ResponseTooLarge', errorMessage });
    await invocation.ended;
    await closed.opened;
  });

  test('of exactly the limit is read', async () => {
    const { url } = await serve((_request, response) => response.end('x'.repeat(1_000)));
    expect(successText(await invoke(targetTo(url, { maxResponseBytes: 1_000 })).outcome)).toHaveLength(1_000);
  });
});

describe('no answer', () => {
  test('because nobody listens is a service error', async () => {
    const { url, server } = await serve(() => undefined);
    server.close();
    const invocation = invoke(targetTo(url));
    expect(await invocation.outcome).toMatchObject({ kind: 'service-error', message: expect.stringContaining('(ECONNREFUSED)') as string });
    await invocation.ended;
  });

  test('because no connection opens within the time of the invocation is a service error: the function was not reached', async () => {
    const { port, close } = await deafPort();
    cleanups.push(close);
    const target = targetTo(`http://127.0.0.1:${String(port)}/`, { connectTimeoutMs: 600_000 });
    const until = performance.now() + 2_000;
    const remainingMs = (): number => until - performance.now();
    const invocation = target.invoke({}, invocationContext(AbortSignal.timeout(2_000), { remainingMs }));
    const message = expect.stringContaining('no connection') as string;
    expect(await invocation.outcome).toMatchObject({ kind: 'service-error', message });
    await invocation.ended;
    // Nobody waits for that connection any more, so closing does not either.
    await target.close();
  });

  test('because the name is unknown is a service error', async () => {
    const outcome = await invoke(targetTo('http://does-not-exist.invalid/')).outcome;
    expect(outcome).toMatchObject({ kind: 'service-error', message: expect.stringMatching(/\((ENOTFOUND|EAI_AGAIN)\)/) as string });
  });

  test.each([
    ['before the answer', ''],
    ['in the middle of the headers', 'HTTP/1.1 200 OK\r\nContent-'],
    ['in the middle of the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"a'],
    ['because it is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ])('because the connection ends %s is a service error', async (_title, bytes) => {
    const server = createTcpServer((socket) => {
      socket.once('data', () => socket.end(bytes));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const invocation = invoke(targetTo(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`));
    expect(await invocation.outcome).toMatchObject({ kind: 'service-error', retryAfterMs: undefined });
    await invocation.ended;
  });

  test('because the server gave an idle connection up just then is a service error, and the next request has a new connection', async () => {
    const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
    // Some say nothing, some say 408 first: to a request that they have not read.
    const partings = ['', 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'];
    for (const parting of partings) {
      let connections = 0;
      const server = createTcpServer((socket) => {
        connections += 1;
        const isFirst = connections === 1;
        let requests = 0;
        socket.on('data', (chunk: Buffer) => {
          // Head and body may come apart.
          if (!chunk.toString().endsWith('{}')) return;
          requests += 1;
          if (isFirst && requests === 2) socket.end(parting);
          else socket.write(ANSWER);
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      cleanups.push(() => server.close());
      const target = targetTo(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, { maxConnections: 1 });
      const kinds: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const invocation = invoke(target);
        kinds.push((await invocation.outcome).kind);
        await invocation.ended;
      }
      expect(kinds).toEqual(['success', 'service-error', 'success']);
      expect(connections).toBe(2);
      await target.close();
    }
  });

  test('before the deadline ends the request and its connection', async () => {
    const arrived = gate();
    const closed = gate();
    const { url } = await serve((request) => {
      request.socket.once('close', closed.open);
      void buffer(request).then(arrived.open);
    });
    const deadline = new AbortController();
    const invocation = invoke(targetTo(url), deadline.signal);
    await arrived.opened;
    deadline.abort();
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
    await invocation.ended;
    await closed.opened;
  });

  test('in full before the deadline is a timeout too', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200);
      response.write('{"half":');
    });
    const deadline = new AbortController();
    const invocation = invoke(targetTo(url), deadline.signal);
    setImmediate(() => deadline.abort());
    expect(await invocation.outcome).toEqual({ kind: 'timeout' });
    await invocation.ended;
  });

  test('of an invocation that waits for a free connection does not touch the one that has it', async () => {
    const arrived = gate();
    const release = gate();
    const { url } = await serve((_request, response) => {
      arrived.open();
      void release.opened.then(() => response.end('"first"'));
    });
    const target = targetTo(url, { maxConnections: 1 });
    const first = invoke(target);
    await arrived.opened;
    const deadline = new AbortController();
    const second = invoke(target, deadline.signal);
    deadline.abort();
    expect(await second.outcome).toEqual({ kind: 'timeout' });
    await second.ended;
    release.open();
    expect(successText(await first.outcome)).toBe('"first"');
  });
});

describe('a closed target', () => {
  test('refuses with a service error', async () => {
    const target = targetTo('http://127.0.0.1:1/');
    await target.close();
    const invocation = invoke(target);
    expect(await invocation.outcome).toEqual({ kind: 'service-error', message: 'the target is closed', retryAfterMs: undefined });
    await invocation.ended;
  });
});

test('no outcome shows the path, the query or a header', async () => {
  const headers = { authorization: 'secret-token' };
  const { url } = await serve((request, response) => {
    const status = Number(new URL(request.url ?? '', 'http://x').pathname.slice(1));
    response.writeHead(status, { location: 'http://127.0.0.1:1/secret-place' }).end('secret-body');
  });
  const at = (path: string): FunctionTarget => targetTo(new URL(`/${path}?key=secret-key`, url).href, { headers });
  const targets = [at('302'), at('400'), at('404'), at('429'), at('500'), targetTo('http://127.0.0.1:1/secret-path', { headers })];
  const outcomes = await Promise.all(targets.map((target) => invoke(target).outcome));
  expect(outcomes.map((outcome) => outcome.kind)).toEqual([
    'terminal',
    'function-error',
    'terminal',
    'throttled',
    'service-error',
    'service-error',
  ]);
  expect(JSON.stringify(outcomes)).not.toContain('secret');
});
