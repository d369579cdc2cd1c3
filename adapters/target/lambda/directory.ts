/** What is asked of Lambda about a function before it is invoked. */
import type * as Sdk from '@aws-sdk/client-lambda';
import { parseFunctionName, SourceError } from '../../../src/index.ts';
import { SharedClients } from '../../shared/aws-clients.ts';
import { AwsConnection, clientConfig, openCalls } from '../../shared/aws-connection.ts';
import { lambdaError } from './errors.ts';
import { type LambdaTargetOptions, resolveLambdaTarget } from './options.ts';

/** A function that is there. */
export interface LambdaFunction {
  /** With the version or alias that was asked for, and without where none was. */
  readonly arn: string;
  readonly timeoutSeconds: number;
}

/** How Lambda is reached. */
export type LambdaDirectoryOptions = Omit<LambdaTargetOptions, 'functionName' | 'qualifier' | 'client' | 'logger'>;

/** Functions of Lambda, or of what speaks its API. */
export interface LambdaDirectory {
  /** GetFunction; `undefined` when there is none of that name. Throws a SourceError. */
  find(functionName: string): Promise<LambdaFunction | undefined>;
  /** Idempotent. */
  close(): Promise<void>;
}

interface DirectoryCalls {
  getFunction(input: Sdk.GetFunctionCommandInput): Promise<Sdk.GetFunctionCommandOutput>;
}

let pool: SharedClients<Sdk.LambdaClient> | undefined;

/**
 * Makes a directory. Nothing is called yet.
 *
 * @throws ConfigError when a setting is wrong.
 */
export function lambdaDirectory(options: LambdaDirectoryOptions = {}): LambdaDirectory {
  const { settings } = resolveLambdaTarget(options);
  const connection = new AwsConnection<DirectoryCalls>(async () => {
    const sdk = await import('@aws-sdk/client-lambda');
    return openCalls<Sdk.LambdaClient, DirectoryCalls>(
      { client: undefined, settings },
      () => (pool ??= new SharedClients((own) => new sdk.LambdaClient(clientConfig(own)))),
      (client) => ({ getFunction: (input) => client.send(new sdk.GetFunctionCommand(input)) }),
    );
  }, lambdaError);
  return {
    find: async (functionName) => {
      try {
        const { Configuration } = await connection.call('GetFunction', (calls) => calls.getFunction({ FunctionName: functionName }));
        const { FunctionArn: arn, Timeout: timeoutSeconds = 3 } = Configuration ?? {};
        if (arn === undefined) throw new SourceError('unavailable', 'UnreadableAnswer', "GetFunction: the answer lacks the function's ARN");
        return { arn: qualifiedAs(functionName, arn), timeoutSeconds };
      } catch (error) {
        if (error instanceof SourceError && error.kind === 'not-found') return undefined;
        throw error;
      }
    },
    close: () => connection.close(),
  };
}

/** The ARN of the function with the qualifier that was asked for: services differ in which they answer. */
function qualifiedAs(functionName: string, arn: string): string {
  const asked = parseFunctionName(functionName);
  const base = arn.split(':').slice(0, 7).join(':');
  return typeof asked === 'string' || asked.qualifier === undefined ? base : `${base}:${asked.qualifier}`;
}
