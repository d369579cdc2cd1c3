/** The calls to SNS that a destination makes. The SDK is loaded with the first one. */
import type * as Sdk from '@aws-sdk/client-sns';
import type { SourceError } from '../../../src/index.ts';
import { SharedClients } from '../../shared/aws-clients.ts';
import { clientConfig, type OpenCalls, openCalls } from '../../shared/aws-connection.ts';
import { codeMap, toSourceError } from '../../shared/aws-errors.ts';
import type { ResolvedSnsDestination } from './options.ts';

/** The two things that are done with the topic. Each call is made once. Throws what the SDK throws. */
export interface TopicCalls {
  attributes(): Promise<Sdk.GetTopicAttributesCommandOutput>;
  publish(message: string, signal: AbortSignal): Promise<Sdk.PublishCommandOutput>;
}

/** SNS says most codes in two ways: as its query protocol does and as the SDK's classes do. */
const SNS_CODES = codeMap({
  'not-found': ['NotFound', 'NotFoundException', 'ResourceNotFound', 'ResourceNotFoundException'],
  // A key that is disabled or gone is mended at the key, not here; the topic is asked again meanwhile.
  denied: [
    'AuthorizationErrorException',
    'InvalidSecurityException',
    'KMSAccessDenied',
    'KMSAccessDeniedException',
    'KMSDisabled',
    'KMSDisabledException',
    'KMSInvalidState',
    'KMSInvalidStateException',
    'KMSNotFound',
    'KMSNotFoundException',
    'KMSOptInRequired',
  ],
  throttled: ['KMSThrottling', 'KMSThrottlingException', 'Throttled'],
  unavailable: ['InternalErrorException'],
});

/** What a call threw, as the engine knows it. */
export function snsError(thrown: unknown, call: string): SourceError {
  return toSourceError(thrown, call, SNS_CODES);
}

let pool: SharedClients<Sdk.SNSClient> | undefined;

/** Loads the SDK. No call to SNS yet. */
export async function connect(options: ResolvedSnsDestination): Promise<OpenCalls<TopicCalls>> {
  const sdk = await import('@aws-sdk/client-sns');
  return openCalls(
    options,
    () => (pool ??= new SharedClients((each) => new sdk.SNSClient(clientConfig(each)))),
    (client) => new Topic(sdk, client, options.topicArn),
  );
}

class Topic implements TopicCalls {
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.SNSClient;
  readonly #arn: string;

  constructor(sdk: typeof Sdk, client: Sdk.SNSClient, arn: string) {
    this.#sdk = sdk;
    this.#client = client;
    this.#arn = arn;
  }

  attributes(): Promise<Sdk.GetTopicAttributesCommandOutput> {
    return this.#client.send(new this.#sdk.GetTopicAttributesCommand({ TopicArn: this.#arn }));
  }

  publish(message: string, signal: AbortSignal): Promise<Sdk.PublishCommandOutput> {
    return this.#client.send(new this.#sdk.PublishCommand({ TopicArn: this.#arn, Message: message }), { abortSignal: signal });
  }
}
