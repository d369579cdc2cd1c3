/** The one call to Lambda that a target makes. The SDK is loaded with the first one. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Readable, Transform } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-lambda';
import type { NodeHttpHandler, NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { SharedClients } from '../../shared/aws-clients.ts';
import { clientConfig, type OpenCalls, openCalls } from '../../shared/aws-connection.ts';
import type { AwsSettings } from '../../shared/aws-settings.ts';
import { AnswerTooLarge } from './errors.ts';
import type { ResolvedLambdaTarget } from './options.ts';
import { RESPONSE_BYTES_MAX } from './outcome.ts';

/** Calls as Lambda names them. Each is made once. Throws what the SDK throws, or {@link AnswerTooLarge}. */
export interface LambdaCalls {
  invoke(input: Sdk.InvokeCommandInput, { signal, traceId }: CallContext): Promise<Sdk.InvokeCommandOutput>;
  /** Resolves when every connection that was given up has really closed. */
  disconnected(): Promise<void>;
}

/** What belongs to a call beside its input. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** Sent as `X-Amzn-Trace-Id`; `undefined`: Lambda makes one. */
  readonly traceId: string | undefined;
}

/** Less than a function's time-out unless told otherwise (3 s): that no connection opens shall not look like a slow function. */
const CONNECT_TIMEOUT_MS = 2_000;
/** Between probes of a connection that is silent while a function works, ms: what stands between closes those that say nothing for minutes. */
const KEEP_ALIVE_MS = 30_000;

/** A client, and the connections that it uses: none are known of a user's own. */
class Line {
  readonly client: Sdk.LambdaClient;
  readonly agents: readonly HttpAgent[];

  constructor(client: Sdk.LambdaClient, agents: readonly HttpAgent[]) {
    this.client = client;
    this.agents = agents;
  }

  get config(): Sdk.LambdaClient['config'] {
    return this.client.config;
  }

  destroy(): void {
    this.client.destroy();
    for (const agent of this.agents) agent.destroy();
  }
}

let pool: SharedClients<Line> | undefined;

/** Loads the SDK and makes sure of a region. No call to AWS yet, but for a profile's own sources of credentials. */
export async function connect({ client, settings }: ResolvedLambdaTarget): Promise<OpenCalls<LambdaCalls>> {
  const sdk = await import('@aws-sdk/client-lambda');
  return openCalls<Line, LambdaCalls>(
    { client: client && new Line(client, []), settings },
    async () => (pool ??= await createPool(sdk)),
    (line) => ({
      invoke: (input, { signal, traceId }) => {
        const command = new sdk.InvokeCommand(input);
        if (traceId !== undefined) addTraceId(command, traceId);
        return line.client.send(command, { abortSignal: signal });
      },
      disconnected: async () => {
        await Promise.all(line.agents.flatMap(closing));
      },
    }),
  );
}

/** Puts the trace into the request: no field of its input stands for it. Signatures leave this header out, as proxies may change it. */
function addTraceId(command: Sdk.InvokeCommand, traceId: string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> };
      headers['x-amzn-trace-id'] = traceId;
      return next(args);
    },
    { name: 'addTraceId', step: 'build' },
  );
}

async function createPool(sdk: typeof Sdk): Promise<SharedClients<Line>> {
  const { NodeHttpHandler: Handler } = await import('@smithy/node-http-handler');

  /** Reads no more of an answer than Lambda may send. */
  class BoundedHandler extends Handler {
    override async handle(...call: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
      const { response } = await super.handle(...call);
      response.body = bounded(response.body as Readable, response.headers['content-length']);
      return { response };
    }
  }

  return new SharedClients((settings) => {
    const sockets = socketsFor(settings);
    const client = new sdk.LambdaClient({ ...clientConfig(settings), requestHandler: new BoundedHandler(sockets) });
    return new Line(client, [sockets.httpAgent, sockets.httpsAgent]);
  });
}

type Sockets = NodeHttpHandlerOptions & { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent };

/**
 * As many connections as there are invocations: the engine holds the limits, and one that waits for a connection would wait
 * while its time runs. A function may work for 15 minutes without a byte, so only a wish of the user's limits the answer.
 */
function socketsFor({ connectTimeoutMs, requestTimeoutMs }: AwsSettings): Sockets {
  const agent = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: Number.POSITIVE_INFINITY };
  return {
    connectionTimeout: connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs ?? 0,
    socketTimeout: 0,
    throwOnRequestTimeout: true,
    httpAgent: new HttpAgent(agent),
    httpsAgent: new HttpsAgent(agent),
  };
}

/** The connections of an agent that were given up and are not closed yet. */
function closing({ sockets }: HttpAgent): Promise<void>[] {
  return Object.values(sockets)
    .flatMap((open) => open ?? [])
    .filter((socket) => socket.destroyed && !socket.closed)
    .map(closed);
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

function bounded(body: Readable, length: string | undefined): Readable {
  const announced = Number(length);
  if (announced > RESPONSE_BYTES_MAX) {
    body.destroy();
    throw new AnswerTooLarge();
  }
  // Node gives no more than was announced.
  if (!Number.isNaN(announced)) return body;
  let bytes = 0;
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > RESPONSE_BYTES_MAX) done(new AnswerTooLarge());
      else done(null, chunk);
    },
  });
  // Errors reach whoever reads what is given back; either end closes the other.
  pipeline(body, limited, () => undefined);
  return limited;
}
