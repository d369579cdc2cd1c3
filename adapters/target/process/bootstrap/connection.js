import { connect } from 'node:net';

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Readonly<Record<string, string>>} headers names in lower case
 * @property {string} text
 */

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One connection to the Runtime API that stays open. Requests may be sent behind each other without waiting: the answers come
 * in order. It speaks as much HTTP as the server at its other end needs, in half the time of a client for all servers: every
 * answer has a content-length.
 */
export class Connection {
  #socket;
  #host;
  /** @type {{ resolve: (answer: Answer) => void, reject: (error: Error) => void }[]} */
  #waiting = [];
  /** @type {Buffer[]} */
  #chunks = [];
  #bytes = 0;
  /** How many bytes there must be before it is worth another look. */
  #wanted = 0;

  /** @param {string} host HOST:PORT */
  constructor(host) {
    const [name = '', port = ''] = host.split(':');
    this.#host = host;
    this.#socket = connect({ host: name, port: Number(port) });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (/** @type {Buffer} */ chunk) => {
      this.#take(chunk);
    });
    this.#socket.on('error', (error) => {
      this.#fail(error);
    });
    this.#socket.on('close', () => {
      this.#fail(new Error('the Runtime API has closed the connection'));
    });
  }

  /**
   * Sends a request; resolves with its answer.
   *
   * @param {string} method
   * @param {string} path
   * @param {string} [body]
   * @param {string} [more] header lines
   * @returns {Promise<Answer>}
   */
  send(method, path, body, more = '') {
    const length = body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n`;
    // While an answer is awaited it keeps the process alive; a handler that works shall do that itself.
    this.#socket.ref();
    this.#socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${length}${more}\r\n${body ?? ''}`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /**
   * Sends what `requests` sends in one piece.
   *
   * @template Result
   * @param {() => Result} requests
   * @returns {Result}
   */
  together(requests) {
    this.#socket.cork();
    try {
      return requests();
    } finally {
      this.#socket.uncork();
    }
  }

  /** @param {Buffer} chunk */
  #take(chunk) {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes > 0 && this.#bytes >= this.#wanted) {
      const all = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
      this.#chunks = [all];
      const end = all.indexOf(HEAD_END);
      if (end < 0) return;
      const from = end + HEAD_END.length;
      const { status, headers } = headOf(all.toString('latin1', 0, end));
      const to = from + Number(headers['content-length'] ?? 0);
      this.#wanted = to;
      if (all.length < to) return;
      const rest = all.subarray(to);
      this.#wanted = 0;
      this.#bytes = rest.length;
      this.#chunks = rest.length === 0 ? [] : [rest];
      const first = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#socket.unref();
      first?.resolve({ status, headers, text: all.toString('utf8', from, to) });
      if (rest.length > 0) chunk = rest;
    }
  }

  /** @param {Error} error */
  #fail(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/**
 * @param {string} head
 * @returns {{ status: number, headers: Record<string, string> }}
 */
function headOf(head) {
  const [first = '', ...lines] = head.split('\r\n');
  /** @type {Record<string, string>} */
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(' ')[1]), headers };
}
