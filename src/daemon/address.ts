import { refuse } from '../mapping/index.ts';

/** Where the daemon listens. */
export interface ListenAddress {
  /** An address of the loopback interface. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** Where the daemon listens unless told otherwise. */
export const LISTEN_DEFAULT: ListenAddress = { host: '127.0.0.1', port: 4680 };

const ADDRESS = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<name>[^\s:[\]]+)):(?<port>\d{1,5})$/;
const PORT_MAX = 65_535;

/** Reads `HOST:PORT`; `field` is where it was written. Throws a ConfigError for everything that is not loopback. */
export function parseAddress(text: string, field: string): ListenAddress {
  const { v6, name = '', port: digits = '' } = ADDRESS.exec(text)?.groups ?? {};
  const port = Number(digits);
  if (digits === '' || port > PORT_MAX) {
    refuse(field, `must be a loopback address and port such as 127.0.0.1:4680 or [::1]:4680, but is ${JSON.stringify(text.slice(0, 60))}`);
  }
  if (v6 !== undefined ? v6 === '::1' : isLoopbackV4(name)) return { host: v6 ?? name, port };
  // Not by name: what localhost resolves to is not ours to know, and one socket is enough.
  if (name.toLowerCase() === 'localhost') return { host: '127.0.0.1', port };
  refuse(
    field,
    `is ${JSON.stringify(text.slice(0, 60))}, but only this machine may be served (127.0.0.1, [::1] or localhost): ` +
      'credentials for callers from elsewhere come with a later version; put a proxy that checks them in front until then',
  );
}

function isLoopbackV4(host: string): boolean {
  const parts = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)?.slice(1);
  return parts?.every((part) => Number(part) <= 255) ?? false;
}
