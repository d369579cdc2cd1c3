import { existsSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { named } from './failure.js';

/**
 * @typedef {object} CallContext What a handler receives beside the event.
 * @property {boolean} callbackWaitsForEmptyEventLoop whether an answer by callback waits until nothing is left to do
 * @property {string} awsRequestId
 * @property {string} invokedFunctionArn
 * @property {string} functionName
 * @property {string} functionVersion
 * @property {string} memoryLimitInMB
 * @property {string} logGroupName
 * @property {string} logStreamName
 * @property {undefined} identity
 * @property {undefined} clientContext
 * @property {() => number} getRemainingTimeInMillis
 */

/** @typedef {(event: unknown, context: object, callback: (error?: unknown, value?: unknown) => void) => unknown} Handler */

/**
 * Loads the module and gives the handler. Throws errors with the names of Lambda's runtime.
 *
 * @param {import('./main.js').HandlerPlace} place
 * @returns {Promise<Handler>}
 */
export async function load({ file, exportName }) {
  const module = await importFile(file);
  const found = within(module, exportName) ?? within(module['default'], exportName);
  if (typeof found === 'function') return /** @type {Handler} */ (found);
  if (found !== undefined)
    throw named('Runtime.HandlerNotFound', `the export ${exportName} of ${file} is no function, but ${kindOf(found)}`);
  const names = Object.keys(module);
  const there = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
  throw named('Runtime.HandlerNotFound', `${file} has no export ${exportName}; ${there}`);
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, unknown>>}
 */
async function importFile(file) {
  try {
    /** @type {unknown} */
    const module = await import(pathToFileURL(file).href);
    return /** @type {Record<string, unknown>} */ (module);
  } catch (error) {
    if (!existsSync(file)) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`, error);
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error ? error.code : undefined;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND')
      throw named('Runtime.ImportModuleError', `Error: ${error.message}`, error);
    if (error instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`, error);
    throw error;
  }
}

/**
 * @param {unknown} value
 * @param {string} path
 * @returns {unknown}
 */
function within(value, path) {
  let at = value;
  for (const name of path.split('.')) {
    if ((typeof at !== 'object' && typeof at !== 'function') || at === null) return undefined;
    at = /** @type {Record<string, unknown>} */ (at)[name];
  }
  return at;
}

/** @param {unknown} value */
function kindOf(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

/**
 * Calls the handler and gives what it answers with: by its promise, by a value, by the callback or the old methods of the
 * context. One that does none of this has answered with nothing once there is nothing left to do.
 *
 * @param {Handler} handler
 * @param {unknown} event
 * @param {CallContext} context
 * @returns {Promise<unknown>}
 */
export function call(handler, event, context) {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const nothingTold = () => resolve(null);
    let onEmpty = nothingTold;
    const whenEmpty = () => {
      onEmpty();
    };
    process.once('beforeExit', whenEmpty);
    /** @param {() => void} settle */
    const settleNow = (settle) => {
      process.off('beforeExit', whenEmpty);
      settle();
    };
    /** @type {(error?: unknown, value?: unknown) => void} */
    const callback = (error, value) => {
      if (isAnswered) return;
      isAnswered = true;
      const settle = () => (error === undefined || error === null ? resolve(value) : reject(asError(error)));
      if (context.callbackWaitsForEmptyEventLoop) onEmpty = settle;
      else settleNow(settle);
    };
    /** @param {unknown} value */
    const succeed = (value) => {
      callback(null, value);
    };
    /** @param {unknown} error */
    const fail = (error) => {
      callback(error ?? new Error('handled'));
    };
    /** @param {unknown} error */
    const refuse = (error) => {
      settleNow(() => reject(asError(error)));
    };
    const given = Object.assign(context, { done: callback, succeed, fail });
    try {
      const result = handler(event, given, callback);
      if (isThenable(result)) {
        onEmpty = () =>
          reject(named('Runtime.NodeJsExit', 'the promise of the handler can never settle: nothing is left that could do it'));
        Promise.resolve(result).then((value) => settleNow(() => resolve(value)), refuse);
      } else if (result !== undefined && handler.length < 3 && onEmpty === nothingTold) {
        if (isData(result)) settleNow(() => resolve(result));
        // Whatever began the work, such as a request or a timer: the context may tell more, and then that counts.
        else onEmpty = () => resolve(result);
      }
    } catch (error) {
      refuse(error);
    }
  });
}

/**
 * What is thrown keeps its identity; only the compiler wants an error.
 *
 * @param {unknown} thrown
 */
function asError(thrown) {
  return /** @type {Error} */ (thrown);
}

/**
 * Whether a value is an answer as it stands.
 *
 * @param {unknown} value
 */
function isData(value) {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  const prototype = /** @type {unknown} */ (Object.getPrototypeOf(value));
  return prototype === null || prototype === Object.prototype || Array.isArray(value);
}

/**
 * @param {unknown} value
 * @returns {value is PromiseLike<unknown>}
 */
function isThenable(value) {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
