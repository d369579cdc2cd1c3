import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { http } from '../../adapters/target/http/index.ts';
import { type Reply, type Script, targetSuite } from './target-suite.ts';

targetSuite('HTTP', functionServer, { nothing: '', refuses: true, endsWith: 'connection' });

/** A function behind HTTP: a server on a free port that answers as the script says. */
async function functionServer(script: Script): ReturnType<Parameters<typeof targetSuite>[1]> {
  const server = createServer((request, response) => {
    void serve(script, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = http({ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/function` });
  return {
    target,
    dispose: async () => {
      await target.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function serve(script: Script, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const event = await json(request);
  answer(response, await script(event, String(request.headers['x-amzn-requestid'])));
}

function answer(response: ServerResponse, reply: Reply): void {
  switch (reply.kind) {
    case 'payload':
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply.value));
      return;
    case 'error':
      response
        .writeHead(200, { 'x-amz-function-error': 'Unhandled' })
        .end(JSON.stringify({ errorType: reply.name, errorMessage: reply.message }));
      return;
    case 'throttled':
      response.writeHead(429, { 'retry-after': String(reply.retryAfterSeconds) }).end('slow down');
      return;
    case 'service-error':
      response.writeHead(503).end('try later');
      return;
    case 'terminal':
      response.writeHead(404).end();
  }
}
