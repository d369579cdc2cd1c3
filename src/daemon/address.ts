import { isIP } from 'node:net';
import { refuse } from '../mapping/index.ts';

/** Where the daemon listens. */
export interface ListenAddress {
  /** An IP address. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** Where the daemon listens unless told otherwise. */
export const LISTEN_DEFAULT: ListenAddress = { host: '127.0.0.1', port: 4680 };

const ADDRESS = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<name>[^\s:[\]]+)):(?<port>\d{1,5})$/;
const PORT_MAX = 65_535;

/** Reads `HOST:PORT`; `field` is where it was written. Throws a ConfigError for what is no address of a machine. */
export function parseAddress(text: string, field: string): ListenAddress {
  const { v6, name = '', port: digits = '' } = ADDRESS.exec(text)?.groups ?? {};
  const port = Number(digits);
  // Not by name: what a name resolves to is not ours to know, and one socket is enough.
  const host = v6 ?? (name.toLowerCase() === 'localhost' ? '127.0.0.1' : name);
  if (digits === '' || port > PORT_MAX || isIP(host) !== (v6 === undefined ? 4 : 6)) {
    refuse(field, `must be an IP address and port such as 127.0.0.1:4680 or [::1]:4680, but is ${JSON.stringify(text.slice(0, 60))}`);
  }
  return { host, port };
}
