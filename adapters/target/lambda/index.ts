/**
 * A function of AWS Lambda, or of anything that speaks its Invoke API, as a target: the door.
 *
 * - target.ts   invocations, each raced with its signal, and closing
 * - options.ts  what a user may say, and the checks
 * - client.ts   the call to Invoke, the SDK behind it and its connections
 * - outcome.ts  an answer, as an outcome
 * - directory.ts  whether a function is there
 * - errors.ts   what the SDK throws, as an outcome
 */
export { type LambdaDirectory, type LambdaDirectoryOptions, type LambdaFunction, lambdaDirectory } from './directory.ts';
export type { LambdaTargetOptions } from './options.ts';
export { lambda } from './target.ts';
