import process from 'node:process';

/**
 * Lambda's context of one invocation, without `done`, `fail` and `succeed`: they belong to the call.
 *
 * @param {Readonly<Record<string, string>>} headers
 * @returns {import('./handler.js').CallContext}
 */
export function contextOf(headers) {
  const { env } = process;
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    awsRequestId: headers['lambda-runtime-aws-request-id'] ?? '',
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'] ?? '',
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'] ?? '',
    functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'] ?? '',
    memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? '',
    logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'] ?? '',
    logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '',
    identity: undefined,
    clientContext: undefined,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}
