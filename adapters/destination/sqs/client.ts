/** The calls to SQS that a destination makes. The SDK is loaded with the first one. */
import type * as Sdk from '@aws-sdk/client-sqs';
import { SourceError } from '../../../src/index.ts';
import { SharedClients } from '../../shared/aws-clients.ts';
import { clientConfig, type OpenCalls, openCalls } from '../../shared/aws-connection.ts';
import type { AwsSettings } from '../../shared/aws-settings.ts';
import type { QueueReference } from '../../shared/sqs-queue-reference.ts';
import type { ResolvedSqsDestination } from './options.ts';

/** The two things that are done with the queue. Each call is made once. Throws what the SDK throws. */
export interface DestinationQueue {
  attributes(): Promise<Sdk.GetQueueAttributesCommandOutput>;
  send(body: string, signal: AbortSignal): Promise<Sdk.SendMessageCommandOutput>;
}

let pool: SharedClients<Sdk.SQSClient> | undefined;

/** Loads the SDK and finds the queue. */
export async function connect({ queue, settings, client }: ResolvedSqsDestination): Promise<OpenCalls<DestinationQueue>> {
  const sdk = await import('@aws-sdk/client-sqs');
  const located = client === undefined ? await withEndpoint(sdk, settings, queue) : settings;
  return openCalls(
    { client, settings: located },
    // Requests go where they were sent by configuration, not where an answer points.
    () => (pool ??= new SharedClients((each) => new sdk.SQSClient({ ...clientConfig(each), useQueueUrlAsEndpoint: false, md5: false }))),
    async (each) => new Queue(sdk, each, await findUrl(sdk, each, queue)),
  );
}

/** Where no endpoint is configured, a queue URL on a host of its own says where the service is. */
async function withEndpoint(sdk: typeof Sdk, settings: AwsSettings, queue: QueueReference): Promise<AwsSettings> {
  if (queue.kind !== 'url' || queue.isRegional || settings.endpoint !== undefined) return settings;
  const { region } = settings;
  const probe = new sdk.SQSClient(region === undefined ? {} : { region });
  try {
    const configured = await probe.config.serviceConfiguredEndpoint?.();
    return { ...settings, endpoint: configured ?? queue.url.origin };
  } finally {
    probe.destroy();
  }
}

async function findUrl(sdk: typeof Sdk, client: Sdk.SQSClient, queue: QueueReference): Promise<string> {
  if (queue.kind === 'url') return queue.url.href;
  const owner = queue.kind === 'arn' ? { QueueOwnerAWSAccountId: queue.account } : undefined;
  const { QueueUrl } = await client.send(new sdk.GetQueueUrlCommand({ QueueName: queue.name, ...owner }));
  if (QueueUrl === undefined) throw new SourceError('unavailable', 'UnreadableAnswer', 'GetQueueUrl: the answer holds no URL');
  return QueueUrl;
}

class Queue implements DestinationQueue {
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.SQSClient;
  readonly #url: string;

  constructor(sdk: typeof Sdk, client: Sdk.SQSClient, url: string) {
    this.#sdk = sdk;
    this.#client = client;
    this.#url = url;
  }

  attributes(): Promise<Sdk.GetQueueAttributesCommandOutput> {
    return this.#client.send(new this.#sdk.GetQueueAttributesCommand({ QueueUrl: this.#url, AttributeNames: ['QueueArn'] }));
  }

  send(body: string, signal: AbortSignal): Promise<Sdk.SendMessageCommandOutput> {
    return this.#client.send(new this.#sdk.SendMessageCommand({ QueueUrl: this.#url, MessageBody: body }), { abortSignal: signal });
  }
}
