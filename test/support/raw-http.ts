import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** All of it. */
  readonly text: string;
}

/** Headers with their names: a record, or a list where one comes twice. */
export type RawHeaders = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

/** Sends a request exactly as it is written here, which no client would do, and reads to the end of the connection. */
export function exchange(
  url: string,
  { method = 'GET', target, headers, body = '' }: { method?: string; target: string; headers: RawHeaders; body?: string | Uint8Array },
): Promise<RawAnswer> {
  const list = Array.isArray(headers) ? (headers as readonly (readonly [string, string])[]) : Object.entries(headers);
  const bytes = Buffer.from(body);
  const length = bytes.length > 0 && !list.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const lines = [
    ...list,
    ...(length ? [['content-length', String(bytes.length)] as const] : []),
    ['connection', 'close'] as const,
  ] as readonly (readonly [string, string])[];
  const head = `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return send(url, Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
}

/** Sends these bytes and reads to the end of the connection. */
export function send(url: string, bytes: string | Uint8Array): Promise<RawAnswer> {
  const socket = open(url);
  socket.write(bytes);
  return answerOf(socket);
}

/** A connection to this server. */
export function open(url: string): Socket {
  const { protocol, hostname, port } = new URL(url);
  const to = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  return protocol === 'https:' ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
}

/** What comes until the connection ends. */
export function answerOf(socket: Socket): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    // A connection that was reset may have answered before.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(read(Buffer.concat(parts).toString()));
    });
  });
}

function read(text: string): RawAnswer {
  const at = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, Math.max(at, 0)).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: at === -1 ? '' : text.slice(at + 4), text };
}
