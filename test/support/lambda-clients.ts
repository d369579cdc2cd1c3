/** The same calls to Lambda's API by three real clients. */
import * as sdk from '@aws-sdk/client-lambda';
import { awsLambda, Boto } from './aws-clients.ts';

/** What a client made of an answer. */
export interface ClientAnswer {
  readonly status: number | undefined;
  /** The members of the answer, without metadata; times as epoch seconds where a client reads them. */
  readonly result: Record<string, unknown>;
  /** Of a refusal. */
  readonly code?: string;
  readonly message?: string;
  /** The member Type of a refusal's body, where the client tells it. */
  readonly type?: string | undefined;
}

/** A client: operations by their name in the API, such as `CreateEventSourceMapping`. */
export interface ApiClient {
  readonly name: string;
  /** Whether it tells the member Type of errors, and the status of answers. */
  readonly tellsAll: boolean;
  call(operation: string, args?: Readonly<Record<string, unknown>>): Promise<ClientAnswer>;
  close(): Promise<void>;
}

type AnyCommand = new (input: object) => sdk.GetEventSourceMappingCommand;

/** `@aws-sdk/client-lambda`. */
export function sdkClient(endpoint: string): ApiClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new sdk.LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return {
    name: '@aws-sdk/client-lambda',
    tellsAll: true,
    call: async (operation, args = {}) => {
      const Command = (sdk as unknown as Record<string, AnyCommand>)[`${operation}Command`];
      if (Command === undefined) throw new Error(`no operation ${operation}`);
      try {
        const { $metadata, ...result } = (await client.send(new Command(args))) as unknown as Record<string, unknown> &
          sdk.GetFunctionCommandOutput;
        return { status: $metadata.httpStatusCode, result };
      } catch (error) {
        if (!(error instanceof sdk.LambdaServiceException)) throw error;
        const { Type: type } = error as { readonly Type?: string };
        return { status: error.$metadata.httpStatusCode, result: {}, code: error.name, message: error.message, type };
      }
    },
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
}

/** boto3, in one process. */
export function botoClient(python: string, endpoint: string): ApiClient {
  const boto = new Boto(python, endpoint);
  return {
    name: 'boto3',
    tellsAll: true,
    call: async (operation, args) => {
      const answer = await boto.call(operation.replaceAll(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase(), args);
      return 'result' in answer ? answer : { result: {}, ...answer, type: answer.type ?? undefined };
    },
    close: () => boto.close(),
  };
}

/** The AWS CLI, a process for each call. */
export function cliClient(python: string, endpoint: string): ApiClient {
  return {
    name: 'the AWS CLI',
    tellsAll: false,
    call: async (operation, args = {}) => {
      const command = operation.replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      const { code: exit, json, stderr } = await awsLambda(python, endpoint, command, '--cli-input-json', JSON.stringify(args));
      if (exit === 0) return { status: undefined, result: json };
      const [, code, message] = /An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: (.*)/s.exec(stderr) ?? [];
      if (code === undefined || message === undefined) throw new Error(`aws lambda ${command}: ${stderr}`);
      return { status: undefined, result: {}, code, message: message.trimEnd() };
    },
    close: () => Promise.resolve(),
  };
}
