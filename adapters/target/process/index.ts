/**
 * A function in processes of its own as a target: the door.
 *
 * - target.ts         invocations, handed to the pool of their function
 * - options.ts        what users may set, checked
 * - program.ts        what is started: a command, or a Node handler by the bootstrap
 * - pool.ts           the processes of one function: how many, which one takes what, who waits
 * - job.ts            one invocation on its way through the pool
 * - function-process.ts one process from its start to its end
 * - exit.ts           how a process came to its end, in Lambda's words
 * - runtime-api.ts    the Runtime API that one process is served
 * - request-body.ts   what a process sends, read up to a limit
 * - runtime-error.ts  an error as runtimes send it, as an outcome
 * - process-group.ts  starting and ending a process with all its children
 * - guard.ts         ends them when this process is gone
 * - environment.ts    the environment of a process
 * - output.ts         what a process prints, as log lines within limits
 * - report.ts         START, END and REPORT of an invocation
 * - memory.ts         how much memory a process has used
 * - file-watch.ts     tells when files of a Node handler change
 * - bootstrap/        what runs a Node handler inside its process
 */
export type { CommandProcessOptions, HandlerProcessOptions, ProcessTargetOptions } from './options.ts';
export { processTarget } from './target.ts';
