import type { IncomingMessage } from 'node:http';

/** A request's body: its text, or how long it is when it is longer than may be taken. */
export type RequestBody = { readonly text: string } | { readonly tooLong: number };

/** Reads a body to its end and keeps no more than `limit` bytes of it. Calls back once, not at all when the connection breaks. */
export function readBody(request: IncomingMessage, limit: number, done: (body: RequestBody) => void): void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
    else chunks = [];
  });
  request.once('end', () => {
    const [first] = chunks;
    if (bytes > limit) done({ tooLong: bytes });
    else done({ text: chunks.length === 1 && first !== undefined ? first.toString('utf8') : Buffer.concat(chunks).toString('utf8') });
  });
  // Its process has ended, or gave up: whoever waits for the answer sees it by the process.
  request.on('error', () => undefined);
}
