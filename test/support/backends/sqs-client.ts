import type { SQSClientConfig } from '@aws-sdk/client-sqs';

/** Options of an SQS client that talks to an emulator: any key will do, and the host of a queue's URL is ignored. */
export function emulatorClientOptions(endpoint: string): SQSClientConfig {
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    useQueueUrlAsEndpoint: false,
  };
}
