import { prometheusMeter } from '../../adapters/meter/prometheus/index.ts';
import { signatureVerifier } from '../../adapters/signature/sigv4/index.ts';
import { type EmbeddedQueue, embeddedQueue } from '../../adapters/source/embedded-queue/index.ts';
import type { Clock } from '../../src/contract/index.ts';
import type { CoreEngine } from '../../src/engine/index.ts';
import { Secret } from '../../src/kit/index.ts';
import { type Access, type ManageServer, manageServer, type SecuritySettings } from '../../src/manage/index.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { exchange, type RawAnswer } from './raw-http.ts';
import { signedHeaders, type Unsigned } from './signing.ts';

/** Credentials of the tests. None of their secrets may ever be seen in what a server says. */
export const KEYS = {
  manage: { accessKeyId: 'AKIAMANAGE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  read: { accessKeyId: 'AKIAREAD', secretAccessKey: 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY' },
} as const;
export const TOKENS = { manage: 'token-of-who-manages-0001', read: 'token-of-who-reads-only-0002' } as const;
export const SECRETS: readonly string[] = [...Object.values(KEYS).map(({ secretAccessKey }) => secretAccessKey), ...Object.values(TOKENS)];

/** Everything that these credentials open. */
export async function access(): Promise<Access> {
  const roles = ['manage', 'read'] as const;
  return {
    keys: roles.map((role) => ({ accessKeyId: KEYS[role].accessKeyId, secretAccessKey: new Secret(KEYS[role].secretAccessKey), role })),
    tokens: roles.map((role) => ({ token: new Secret(TOKENS[role]), role })),
    region: 'us-east-1',
    verifier: await signatureVerifier(),
  };
}

/** What the stub of the API was asked to do. */
export interface Asked {
  readonly operation: string;
  readonly value: unknown;
}

/** A server with a queue and a stub behind Lambda's API, and what it was asked. */
export interface GuardedServer {
  readonly url: string;
  readonly host: string;
  readonly queue: EmbeddedQueue;
  /** What got through to the API. */
  readonly asked: Asked[];
  /** The wall clock, epoch ms; settable. */
  now: number;
  /** The series of the meter. */
  metrics(): Promise<string>;
  /** Sends a signed request exactly as it is. */
  signed(request: Omit<Partial<Unsigned>, 'target'> & { readonly target: string; readonly role?: 'manage' | 'read' }): Promise<RawAnswer>;
  secure: ManageServer['secure'];
  close(): Promise<void>;
}

/** What a server invokes; by default it has no functions. */
type Functions = Pick<CoreEngine, 'functions' | 'findFunction' | 'invoke'>;
const NONE: Functions = { functions: [], findFunction: () => undefined, invoke: () => Promise.resolve(undefined) };

/** Starts one. */
export async function guardedServer(security: SecuritySettings, functions: Functions = NONE): Promise<GuardedServer> {
  const state = { now: Date.now() };
  const clock: Clock = { ...systemClock, wall: () => state.now };
  const queue = embeddedQueue({ name: 'orders' });
  const asked: Asked[] = [];
  const take = (operation: string, value: unknown): { UUID: string } => {
    asked.push({ operation, value });
    return { UUID: 'u' };
  };
  const meter = prometheusMeter();
  const server = manageServer({
    mappings: () => [],
    disabled: new Set(),
    queues: new Map([['orders', queue]]),
    streams: new Map(),
    topics: new Map(),
    phase: () => 'running',
    meter,
    clock,
    random: systemRandom,
    security,
    lambda: {
      since: 0,
      mappings: {
        create: (body) => Promise.resolve(take('create', body)),
        list: (query) => ({ ...take('list', query), EventSourceMappings: [] }),
        get: (uuid) => take('get', uuid),
        update: (uuid, body) => Promise.resolve(take('update', [uuid, body])),
        delete: (uuid) => Promise.resolve(take('delete', uuid)),
        tag: (resource, body) => Promise.resolve(void take('tag', [resource, body])),
        untag: (resource, keys) => Promise.resolve(void take('untag', [resource, keys])),
        tags: (resource) => {
          take('tags', resource);
          return {};
        },
      },
      functions,
    },
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const { host } = new URL(url);
  return {
    url,
    host,
    queue,
    asked,
    get now() {
      return state.now;
    },
    set now(at) {
      state.now = at;
    },
    metrics: () => meter.metrics(),
    signed: ({ role = 'manage', method = 'GET', body = '', target, ...rest }) =>
      exchange(url, {
        method,
        target,
        body,
        headers: signedHeaders({ ...KEYS[role], host, at: state.now, method, body, target, ...rest }),
      }),
    secure: (settings) => {
      server.secure(settings);
    },
    close: () => server.close(),
  };
}
