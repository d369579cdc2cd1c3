/** The few calls to SQS that a source makes, and how they are made. The SDK is loaded with the first one. */
import { setMaxListeners } from 'node:events';
import type * as Sdk from '@aws-sdk/client-sqs';
import { QUEUE_WAIT_SECONDS_MAX, SourceError } from '../../../src/index.ts';
import { type ClientUse, SharedClients } from '../../shared/aws-clients.ts';
import { SILENT_LOGGER } from '../../shared/aws-connection.ts';
import type { AwsSettings } from '../../shared/aws-settings.ts';
import { answerTimeoutMs, socketSettings } from '../../shared/aws-sockets.ts';
import { REGION_MISSING, type ResolvedSqsOptions } from './options.ts';

const LONGEST_WAIT_MS = QUEUE_WAIT_SECONDS_MAX * 1_000;

type ReceiveInput = Sdk.ReceiveMessageCommandInput;
type ReceiveHandler = (command: { readonly input: ReceiveInput }) => Promise<{ readonly output: Sdk.ReceiveMessageCommandOutput }>;

/** Calls as SQS names them. Each is made once: the engine decides about repeating. Throws what the SDK throws. */
export interface SqsCalls {
  /** The endpoint that somebody configured; `undefined`: AWS's own. */
  readonly endpoint: string | undefined;
  receive(input: ReceiveInput, signal: AbortSignal): Promise<Sdk.ReceiveMessageCommandOutput>;
  deleteBatch(input: Sdk.DeleteMessageBatchCommandInput): Promise<Sdk.DeleteMessageBatchCommandOutput>;
  changeVisibilityBatch(input: Sdk.ChangeMessageVisibilityBatchCommandInput): Promise<Sdk.ChangeMessageVisibilityBatchCommandOutput>;
  attributes(input: Sdk.GetQueueAttributesCommandInput): Promise<Sdk.GetQueueAttributesCommandOutput>;
  queueUrl(input: Sdk.GetQueueUrlCommandInput): Promise<Sdk.GetQueueUrlCommandOutput>;
  close(): void;
}

/** Loads the SDK and finds out where the queue's service is. No call to AWS yet, but for a profile's own sources of credentials. */
export async function connect(options: ResolvedSqsOptions): Promise<SqsCalls> {
  const sdk = await import('@aws-sdk/client-sqs');
  if (options.client !== undefined) return new BorrowedClient(sdk, options.client);
  const settings = await locate(sdk, options);
  const { receives, others } = (pools ??= createPools(sdk));
  return new OwnClients(sdk, settings, receives.use(settings), others.use(settings));
}

/** Long polls and all the rest never share a socket or a queue for one. */
interface Pools {
  readonly receives: SharedClients<Sdk.SQSClient>;
  readonly others: SharedClients<Sdk.SQSClient>;
}
let pools: Pools | undefined;

function createPools(sdk: typeof Sdk): Pools {
  const create = (settings: AwsSettings, waitMs: number): Sdk.SQSClient =>
    new sdk.SQSClient({
      ...reach(settings),
      // A receive that is repeated out of sight would hide what the lost reply held; so the engine repeats, not the SDK.
      maxAttempts: 1,
      retryMode: 'standard',
      // Requests go where they were sent by configuration, not where an answer points.
      useQueueUrlAsEndpoint: false,
      // Compared in message.ts, at a fraction of the cost.
      md5: false,
      cacheMiddleware: true,
      logger: SILENT_LOGGER,
      requestHandler: socketSettings(settings, waitMs),
    });
  return {
    receives: new SharedClients((settings) => create(settings, LONGEST_WAIT_MS)),
    others: new SharedClients((settings) => create(settings, 0)),
  };
}

/** The settings as the SDK spells them. */
function reach({ region, endpoint, credentials }: AwsSettings): Sdk.SQSClientConfig {
  return {
    ...(region === undefined ? undefined : { region }),
    ...(endpoint === undefined ? undefined : { endpoint }),
    ...(credentials === undefined ? undefined : { credentials }),
  };
}

/** Completes region and endpoint from the environment and the profile; last, a queue URL on a host of its own is its endpoint. */
async function locate(sdk: typeof Sdk, { queue, settings }: ResolvedSqsOptions): Promise<AwsSettings> {
  const probe = new sdk.SQSClient(reach(settings));
  try {
    const region = await probe.config.region().catch((cause: unknown) => {
      throw new SourceError('invalid', 'RegionMissing', `region: ${REGION_MISSING}`, { cause });
    });
    const configured = settings.endpoint ?? (await probe.config.serviceConfiguredEndpoint?.());
    const endpoint = configured ?? (queue.kind === 'url' && !queue.isRegional ? queue.url.origin : undefined);
    return { ...settings, region, ...(endpoint === undefined ? undefined : { endpoint }) };
  } finally {
    probe.destroy();
  }
}

/** Every open receive listens to its signal, which many share; Node would warn at the eleventh. */
function allowManyListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

/** What both kinds of client do alike. */
abstract class Calls {
  protected readonly sdk: typeof Sdk;
  readonly #client: Sdk.SQSClient;

  constructor(sdk: typeof Sdk, client: Sdk.SQSClient) {
    this.sdk = sdk;
    this.#client = client;
  }

  deleteBatch(input: Sdk.DeleteMessageBatchCommandInput): Promise<Sdk.DeleteMessageBatchCommandOutput> {
    return this.#client.send(new this.sdk.DeleteMessageBatchCommand(input));
  }

  changeVisibilityBatch(input: Sdk.ChangeMessageVisibilityBatchCommandInput): Promise<Sdk.ChangeMessageVisibilityBatchCommandOutput> {
    return this.#client.send(new this.sdk.ChangeMessageVisibilityBatchCommand(input));
  }

  attributes(input: Sdk.GetQueueAttributesCommandInput): Promise<Sdk.GetQueueAttributesCommandOutput> {
    return this.#client.send(new this.sdk.GetQueueAttributesCommand(input));
  }

  queueUrl(input: Sdk.GetQueueUrlCommandInput): Promise<Sdk.GetQueueUrlCommandOutput> {
    return this.#client.send(new this.sdk.GetQueueUrlCommand(input));
  }
}

class OwnClients extends Calls implements SqsCalls {
  readonly endpoint: string | undefined;
  readonly #settings: AwsSettings;
  readonly #receives: ClientUse<Sdk.SQSClient>;
  readonly #others: ClientUse<Sdk.SQSClient>;
  /** By signal and wait. The SDK's own cache of handlers does not take a signal, and building one anew for every receive costs a seventh of all its work. */
  readonly #handlers = new WeakMap<AbortSignal, Map<number, ReceiveHandler>>();

  constructor(sdk: typeof Sdk, settings: AwsSettings, receives: ClientUse<Sdk.SQSClient>, others: ClientUse<Sdk.SQSClient>) {
    super(sdk, others.client);
    this.endpoint = settings.endpoint;
    this.#settings = settings;
    this.#receives = receives;
    this.#others = others;
  }

  async receive(input: ReceiveInput, signal: AbortSignal): Promise<Sdk.ReceiveMessageCommandOutput> {
    const command = new this.sdk.ReceiveMessageCommand(input);
    const { output } = await this.#handlerFor(command, signal)(command);
    return output;
  }

  close(): void {
    this.#receives.release();
    this.#others.release();
  }

  #handlerFor(command: Sdk.ReceiveMessageCommand, signal: AbortSignal): ReceiveHandler {
    const waitMs = (command.input.WaitTimeSeconds ?? 0) * 1_000;
    let handlers = this.#handlers.get(signal);
    if (handlers === undefined) {
      allowManyListeners(signal);
      handlers = new Map();
      this.#handlers.set(signal, handlers);
    }
    let handler = handlers.get(waitMs);
    if (handler === undefined) {
      const { middlewareStack, config } = this.#receives.client;
      const options = { abortSignal: signal, requestTimeout: answerTimeoutMs(this.#settings, waitMs) };
      handler = command.resolveMiddleware(middlewareStack, config, options);
      handlers.set(waitMs, handler);
    }
    return handler;
  }
}

class BorrowedClient extends Calls implements SqsCalls {
  readonly endpoint = undefined;
  readonly #client: Sdk.SQSClient;

  constructor(sdk: typeof Sdk, client: Sdk.SQSClient) {
    super(sdk, client);
    this.#client = client;
  }

  receive(input: ReceiveInput, signal: AbortSignal): Promise<Sdk.ReceiveMessageCommandOutput> {
    allowManyListeners(signal);
    return this.#client.send(new this.sdk.ReceiveMessageCommand(input), { abortSignal: signal });
  }

  close(): void {
    // Its owner destroys it.
  }
}
