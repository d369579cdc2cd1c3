/** The four calls to Kinesis that a source makes. The SDK is loaded with the first one. */
import { setMaxListeners } from 'node:events';
import type * as Sdk from '@aws-sdk/client-kinesis';
import { SharedClients } from '../../shared/aws-clients.ts';
import { clientConfig, type OpenCalls, openCalls } from '../../shared/aws-connection.ts';
import { socketSettings } from '../../shared/aws-sockets.ts';
import type { ResolvedKinesisOptions } from './options.ts';

/** Calls as Kinesis names them. Each is made once. Throws what the SDK throws. */
export interface KinesisCalls {
  describe(input: Sdk.DescribeStreamSummaryCommandInput): Promise<Sdk.DescribeStreamSummaryCommandOutput>;
  listShards(input: Sdk.ListShardsCommandInput): Promise<Sdk.ListShardsCommandOutput>;
  iterator(input: Sdk.GetShardIteratorCommandInput, signal: AbortSignal): Promise<Sdk.GetShardIteratorCommandOutput>;
  records(input: Sdk.GetRecordsCommandInput, signal: AbortSignal): Promise<Sdk.GetRecordsCommandOutput>;
}

let pool: SharedClients<Sdk.KinesisClient> | undefined;

/** Loads the SDK and makes sure of a region. No call to AWS yet, but for a profile's own sources of credentials. */
export async function connect(options: ResolvedKinesisOptions): Promise<OpenCalls<KinesisCalls>> {
  const sdk = await import('@aws-sdk/client-kinesis');
  return openCalls(
    options,
    async () => (pool ??= await createPool(sdk)),
    (client) => new Calls(sdk, client),
  );
}

/**
 * The SDK would use HTTP/2, which Kinesis needs for SubscribeToShard only. For calls it has no time-out for connecting and
 * opens a session for each call in flight anyway; over HTTP/1.1 AWS and emulators are reached in one and the same way.
 */
async function createPool(sdk: typeof Sdk): Promise<SharedClients<Sdk.KinesisClient>> {
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  return new SharedClients(
    (settings) => new sdk.KinesisClient({ ...clientConfig(settings), requestHandler: new NodeHttpHandler(socketSettings(settings, 0)) }),
  );
}

class Calls implements KinesisCalls {
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.KinesisClient;

  constructor(sdk: typeof Sdk, client: Sdk.KinesisClient) {
    this.#sdk = sdk;
    this.#client = client;
  }

  describe(input: Sdk.DescribeStreamSummaryCommandInput): Promise<Sdk.DescribeStreamSummaryCommandOutput> {
    return this.#client.send(new this.#sdk.DescribeStreamSummaryCommand(input));
  }

  listShards(input: Sdk.ListShardsCommandInput): Promise<Sdk.ListShardsCommandOutput> {
    return this.#client.send(new this.#sdk.ListShardsCommand(input));
  }

  iterator(input: Sdk.GetShardIteratorCommandInput, signal: AbortSignal): Promise<Sdk.GetShardIteratorCommandOutput> {
    // Every shard of a mapping may listen to the same signal; Node would warn at the eleventh.
    setMaxListeners(0, signal);
    return this.#client.send(new this.#sdk.GetShardIteratorCommand(input), { abortSignal: signal });
  }

  records(input: Sdk.GetRecordsCommandInput, signal: AbortSignal): Promise<Sdk.GetRecordsCommandOutput> {
    return this.#client.send(new this.#sdk.GetRecordsCommand(input), { abortSignal: signal });
  }
}
