import type { InvocationContext } from '../../../src/index.ts';
import type { ResolvedProcessTarget } from './options.ts';

/** What a process gets of ours without being asked for: where programs are, and how people here write. */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LANGUAGE',
  'LC_ALL',
  'LC_CTYPE',
  'LC_MESSAGES',
  'LC_COLLATE',
];

/** The function that a process is for, as the first invocation names it. */
export type FunctionIdentity = Pick<InvocationContext, 'functionName' | 'functionVersion' | 'invokedFunctionArn'>;

/** The whole environment of a process that is served at `api`, HOST:PORT. `stream` names its log. */
export function environmentOf(target: ResolvedProcessTarget, of: FunctionIdentity, api: string, stream: string): Record<string, string> {
  const region = of.invokedFunctionArn.split(':')[3] ?? '';
  return {
    ...Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...target.env,
    AWS_LAMBDA_RUNTIME_API: api,
    AWS_LAMBDA_FUNCTION_NAME: of.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: of.functionVersion,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(target.memorySize),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${of.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: stream,
    _HANDLER: target.program.handler,
    LAMBDA_TASK_ROOT: target.program.folder ?? target.cwd,
  };
}

/** A name of Lambda's shape for the log of one process. */
export function logStreamName(version: string, now: Date, id: string): string {
  return `${now.toISOString().slice(0, 10).replaceAll('-', '/')}/[${version}]${id}`;
}
