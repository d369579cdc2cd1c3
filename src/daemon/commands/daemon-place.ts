import type { Command } from 'commander';
import { REGION_DEFAULT } from '../../engine/index.ts';
import { refuse } from '../../mapping/index.ts';
import { LISTEN_DEFAULT } from '../address.ts';
import { withoutUser } from '../start-content.ts';
import type { Environment } from '../substitute.ts';

/** Where the running daemon is, as options say it. */
export interface PlaceOptions {
  readonly endpoint?: string;
  readonly region?: string;
}

/** Where the running daemon is, and who asks. */
export interface DaemonPlace {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** What requests of the Lambda API are signed for. */
  readonly region: string;
  /** Whether there are credentials to sign them with. */
  readonly isSigned: boolean;
  /** Bearer token of the pages. */
  readonly token: string | undefined;
}

const TOKEN = /^[\x21-\x7e]+$/;
const ENDPOINT_DEFAULT = `http://${LISTEN_DEFAULT.host}:${String(LISTEN_DEFAULT.port)}`;

/** For the help of commands that ask a daemon. */
export const PLACE_HELP = `
Environment: MILLRACE_ENDPOINT is where the daemon is; MILLRACE_TOKEN its bearer token (explain, send, mappings by name); AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, sign requests of the API, and AWS_REGION is the region they are signed for;
NODE_EXTRA_CA_CERTS names the certificate of a daemon that has one of its own.`;

/** Adds the option that says where the daemon is. */
export function withEndpoint(command: Command): Command {
  return command.option('--endpoint <url>', `where the daemon is (default: MILLRACE_ENDPOINT, or ${ENDPOINT_DEFAULT})`);
}

/** Reads options and environment. Throws a ConfigError. */
export function daemonPlace({ endpoint, region }: PlaceOptions, environment: Environment): DaemonPlace {
  const byVariable = filled(environment['MILLRACE_ENDPOINT']);
  const url = endpoint ?? byVariable ?? ENDPOINT_DEFAULT;
  const field = endpoint === undefined ? 'MILLRACE_ENDPOINT' : '--endpoint';
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    refuse(field, `must be a URL such as ${ENDPOINT_DEFAULT}, but is ${JSON.stringify(withoutUser(url).slice(0, 100))}`);
  }
  if (withoutUser(url) !== url) refuse(field, 'must not hold a user or password; the daemon takes signatures and bearer tokens');
  const token = filled(environment['MILLRACE_TOKEN']?.trim());
  // Before anything that shows what it cannot send.
  if (token !== undefined && !TOKEN.test(token))
    refuse('MILLRACE_TOKEN', 'must be the token and nothing else: visible characters, without spaces');
  const { AWS_REGION: one, AWS_DEFAULT_REGION: other, AWS_ACCESS_KEY_ID: key, AWS_PROFILE: profile } = environment;
  return {
    endpoint: url.replace(/\/+$/, ''),
    region: region ?? filled(one) ?? filled(other) ?? REGION_DEFAULT,
    isSigned: filled(key) !== undefined || filled(profile) !== undefined,
    token,
  };
}

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** What to do when nobody answers. */
export function notRunning(endpoint: string, code: string): string {
  return (
    `no daemon answers at ${endpoint} (${code}); start one with \`millrace start --config millrace.yaml\`, ` +
    'or say where it is with --endpoint or MILLRACE_ENDPOINT'
  );
}
