import process from 'node:process';
import { Connection } from './connection.js';

const connection = new Connection(process.env['AWS_LAMBDA_RUNTIME_API'] ?? '');
const root = '/2018-06-01/runtime';

/** @typedef {import('./connection.js').Answer} Answer */
/** @typedef {import('./failure.js').Failure} Failure */

/**
 * Asks for the next invocation.
 *
 * @returns {Promise<Answer>}
 */
export async function nextInvocation() {
  const answer = await connection.send('GET', `${root}/invocation/next`);
  if (answer.headers['lambda-runtime-aws-request-id'] === undefined) throw new Error('the Runtime API gives no invocation');
  return answer;
}

/**
 * Answers an invocation, and asks for the next in the same breath.
 *
 * @param {string} requestId
 * @param {string | Failure} answer
 * @returns {Promise<Answer>}
 */
export function answerAndNext(requestId, answer) {
  return connection.together(() => {
    const sent =
      typeof answer === 'string'
        ? connection.send('POST', `${root}/invocation/${requestId}/response`, answer)
        : postError(requestId, answer);
    // Refused or lost: the next invocation does not come either, and tells.
    sent.catch(() => undefined);
    return nextInvocation();
  });
}

/**
 * @param {string} requestId
 * @param {Failure} failure
 * @returns {Promise<Answer>}
 */
export function postError(requestId, failure) {
  return postFailure(`/invocation/${requestId}/error`, failure);
}

/**
 * @param {Failure} failure
 * @returns {Promise<Answer>}
 */
export function postInitError(failure) {
  return postFailure('/init/error', failure);
}

/**
 * @param {string} path
 * @param {Failure} failure
 */
function postFailure(path, failure) {
  const header = `lambda-runtime-function-error-type: ${headerText(failure.errorType)}\r\n`;
  return connection.send('POST', `${root}${path}`, JSON.stringify(failure), header);
}

/** @param {string} text */
function headerText(text) {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 256);
}
