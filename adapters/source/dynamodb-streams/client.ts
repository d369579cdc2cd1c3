/** The three calls to DynamoDB Streams that a source makes. The SDK is loaded with the first one. */
import { setMaxListeners } from 'node:events';
import type * as Sdk from '@aws-sdk/client-dynamodb-streams';
import { SharedClients } from '../../shared/aws-clients.ts';
import { clientConfig, type OpenCalls, openCalls } from '../../shared/aws-connection.ts';
import type { ResolvedStreamOptions } from './options.ts';

/** Calls as the service names them. Each is made once. Throws what the SDK throws. */
export interface StreamCalls {
  describe(input: Sdk.DescribeStreamCommandInput): Promise<Sdk.DescribeStreamCommandOutput>;
  iterator(input: Sdk.GetShardIteratorCommandInput, signal: AbortSignal): Promise<Sdk.GetShardIteratorCommandOutput>;
  records(input: Sdk.GetRecordsCommandInput, signal: AbortSignal): Promise<Sdk.GetRecordsCommandOutput>;
}

let pool: SharedClients<Sdk.DynamoDBStreamsClient> | undefined;

/** Loads the SDK and makes sure of a region. No call to AWS yet, but for a profile's own sources of credentials. */
export async function connect(options: ResolvedStreamOptions): Promise<OpenCalls<StreamCalls>> {
  const sdk = await import('@aws-sdk/client-dynamodb-streams');
  return openCalls(
    options,
    () => (pool ??= new SharedClients((each) => new sdk.DynamoDBStreamsClient(clientConfig(each)))),
    (client) => new Calls(sdk, client),
  );
}

class Calls implements StreamCalls {
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.DynamoDBStreamsClient;

  constructor(sdk: typeof Sdk, client: Sdk.DynamoDBStreamsClient) {
    this.#sdk = sdk;
    this.#client = client;
  }

  describe(input: Sdk.DescribeStreamCommandInput): Promise<Sdk.DescribeStreamCommandOutput> {
    return this.#client.send(new this.#sdk.DescribeStreamCommand(input));
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
