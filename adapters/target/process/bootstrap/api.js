import { Agent, request } from 'node:http';
import process from 'node:process';

const [host = '', port = ''] = (process.env['AWS_LAMBDA_RUNTIME_API'] ?? '').split(':');
const agent = new Agent({ keepAlive: true });
const root = '/2018-06-01/runtime';

/** @typedef {import('node:http').IncomingHttpHeaders} Headers */
/** @typedef {import('./failure.js').Failure} Failure */

/**
 * @param {string} method
 * @param {string} path
 * @param {string} [body]
 * @param {Record<string, string>} [more]
 * @returns {Promise<{ headers: Headers, text: string }>}
 */
function exchange(method, path, body, more = {}) {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? more : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), ...more };
    const sent = request({ host, port, agent, method, path: `${root}${path}`, headers }, (response) => {
      /** @type {Buffer[]} */
      const chunks = [];
      response.on('data', (/** @type {Buffer} */ chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ headers: response.headers, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** @returns {Promise<{ headers: Headers, event: string }>} */
export async function nextInvocation() {
  const { headers, text } = await exchange('GET', '/invocation/next');
  if (headers['lambda-runtime-aws-request-id'] === undefined) throw new Error('the Runtime API gives no invocation');
  return { headers, event: text };
}

/**
 * @param {string} requestId
 * @param {string} answer
 */
export async function postResponse(requestId, answer) {
  await exchange('POST', `/invocation/${requestId}/response`, answer);
}

/**
 * @param {string} requestId
 * @param {Failure} failure
 */
export async function postError(requestId, failure) {
  await postFailure(`/invocation/${requestId}/error`, failure);
}

/** @param {Failure} failure */
export async function postInitError(failure) {
  await postFailure('/init/error', failure);
}

/**
 * @param {string} path
 * @param {Failure} failure
 */
async function postFailure(path, failure) {
  await exchange('POST', path, JSON.stringify(failure), { 'lambda-runtime-function-error-type': headerText(failure.errorType) });
}

/** @param {string} text */
function headerText(text) {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 256);
}
