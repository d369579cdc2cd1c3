/**
 * What runs a Node handler in a process of its own: `node main.js FILE EXPORT`. It speaks the Lambda Runtime API like any
 * other runtime. Plain JavaScript, so that Node runs it as it is, from the package and from the sources.
 *
 * - api.js      the calls of the Runtime API
 * - connection.js the connection they are made on
 * - handler.js  finds the handler, calls it in any of its styles
 * - context.js  what the handler receives beside the event
 * - failure.js  whatever was thrown, as the Runtime API wants it
 *
 * @typedef {object} HandlerPlace Where the handler is.
 * @property {string} file absolute path of the module
 * @property {string} exportName what it exports; dots lead into objects
 */
import process from 'node:process';
import { answerAndNext, nextInvocation, postError, postInitError } from './api.js';
import { contextOf } from './context.js';
import { failureOf, named } from './failure.js';
import { call, load } from './handler.js';

/** @type {(value: unknown) => string | undefined} */
const jsonOf = (value) => JSON.stringify(value);

/** Exit codes of Lambda's Node runtime. */
const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;
const PARENT_LOOK_MS = 1_000;

/** @type {'starting' | 'busy' | 'idle'} */
let phase = 'starting';
let requestId = '';

const { ppid } = process;
// Whoever started this process was killed: nobody will ever read an answer.
setInterval(() => {
  if (process.ppid !== ppid) process.exit(1);
}, PARENT_LOOK_MS).unref();

/** Waits until all that was printed has left this process, so that it is logged under its own invocation. */
async function printed() {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
  }
}

/**
 * @param {unknown} error
 * @param {number} code
 */
async function die(error, code) {
  const failure = failureOf(error);
  try {
    await printed();
    if (phase === 'starting') await postInitError(failure);
    else if (phase === 'busy') await postError(requestId, failure);
    // No invocation is there to tell it of: work that was left behind.
    else process.stderr.write(`${failure.stackTrace.join('\n') || `${failure.errorType}: ${failure.errorMessage}`}\n`);
  } finally {
    process.exit(code);
  }
}

process.on('uncaughtException', (error) => {
  void die(error, EXIT_UNCAUGHT_EXCEPTION);
});
process.on('unhandledRejection', (reason) => {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  void die(named('Runtime.UnhandledPromiseRejection', `${error.name}: ${error.message}`, error), EXIT_UNHANDLED_REJECTION);
});

async function main() {
  const [file = '', exportName = ''] = process.argv.slice(2);
  /** @type {import('./handler.js').Handler} */
  let handler;
  try {
    handler = await load({ file, exportName });
  } catch (error) {
    await die(error, 1);
    return;
  }
  phase = 'idle';
  let next = await nextInvocation();
  for (;;) {
    const { headers, text } = next;
    phase = 'busy';
    requestId = headers['lambda-runtime-aws-request-id'] ?? '';
    process.env['_X_AMZN_TRACE_ID'] = headers['lambda-runtime-trace-id'] ?? '';
    const answer = await answerOf(handler, text, headers);
    if (process.stdout.writableLength > 0 || process.stderr.writableLength > 0) await printed();
    phase = 'idle';
    next = await answerAndNext(requestId, answer);
  }
}

/**
 * The answer as JSON, or what went wrong.
 *
 * @param {import('./handler.js').Handler} handler
 * @param {string} event
 * @param {Readonly<Record<string, string>>} headers
 */
async function answerOf(handler, event, headers) {
  try {
    const value = await call(handler, JSON.parse(event), contextOf(headers));
    // As Lambda does it: what has no JSON of its own is null.
    return jsonOf(value) ?? 'null';
  } catch (error) {
    return failureOf(error);
  }
}

main().catch((/** @type {unknown} */ error) => {
  // Only the Runtime API itself fails here: it is gone, and so is the reason to run.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
