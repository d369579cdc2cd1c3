/** A connection to one AWS service that opens with the first call and can be closed at any time. */
import { SourceError } from '../../src/index.ts';
import type { ClientUse, SharedClients } from './aws-clients.ts';
import { regionMissing } from './aws-options.ts';
import type { AwsSettings } from './aws-settings.ts';
import { type SocketSettings, socketSettings } from './aws-sockets.ts';

/** The calls that an adapter makes, and how they are given back. */
export interface OpenCalls<Calls> {
  readonly calls: Calls;
  /** Idempotent. */
  release(): void;
}

/** Opens once for all callers; an opening that failed is tried again by the next call. */
export class AwsConnection<Calls> {
  readonly #open: () => Promise<OpenCalls<Calls>>;
  readonly #toError: (thrown: unknown, call: string) => SourceError;
  #opening: Promise<OpenCalls<Calls>> | undefined;

  constructor(open: () => Promise<OpenCalls<Calls>>, toError: (thrown: unknown, call: string) => SourceError) {
    this.#open = open;
    this.#toError = toError;
  }

  /** Makes one call. `name` is the operation, for messages. Rejects with a SourceError. */
  async call<Answer>(name: string, make: (calls: Calls) => Promise<Answer>): Promise<Answer> {
    const opening = (this.#opening ??= this.#open());
    try {
      const { calls } = await opening.catch((error: unknown) => {
        if (this.#opening === opening) this.#opening = undefined;
        throw error;
      });
      return await make(calls);
    } catch (thrown) {
      throw this.#toError(thrown, name);
    }
  }

  /** Gives the connection back. Idempotent. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    await opening?.then(
      (open) => open.release(),
      () => undefined,
    );
  }
}

/** What every client of the SDK is told, beside its service's own. */
export interface CommonClientConfig extends Pick<AwsSettings, 'region' | 'endpoint' | 'credentials'> {
  readonly maxAttempts: 1;
  readonly cacheMiddleware: true;
  readonly logger: ClientLogger;
  readonly requestHandler: SocketSettings;
}

/** A logger as the SDK's clients take it. */
interface ClientLogger {
  readonly debug: (...content: unknown[]) => void;
  readonly info: (...content: unknown[]) => void;
  readonly warn: (...content: unknown[]) => void;
  readonly error: (...content: unknown[]) => void;
}

const nothing = (): void => undefined;
/** Says nothing, like the SDK's own. It really has no `info`, because for one that has the SDK copies every answer, record by record. */
const silent: Omit<ClientLogger, 'info'> = { debug: nothing, warn: nothing, error: nothing };
export const SILENT_LOGGER = silent as ClientLogger;

/** The settings as the SDK spells them. Every call is made once: what fails is for the engine to repeat. */
export function clientConfig(settings: AwsSettings): CommonClientConfig {
  const { region, endpoint, credentials } = settings;
  return {
    ...(region === undefined ? undefined : { region }),
    ...(endpoint === undefined ? undefined : { endpoint }),
    ...(credentials === undefined ? undefined : { credentials }),
    maxAttempts: 1,
    cacheMiddleware: true,
    logger: SILENT_LOGGER,
    requestHandler: socketSettings(settings, 0),
  };
}

/** The part of an SDK client that opening it needs. */
interface RegionalClient {
  readonly config: { readonly region: () => Promise<string> };
  destroy(): void;
}

/** What calls are made with: a client of the user's, or the settings of one that is shared. */
export interface ClientChoice<Client> {
  readonly client: Client | undefined;
  readonly settings: AwsSettings;
}

/**
 * The calls over the client that the user or the settings say. A client of the user's is destroyed by the user; `shared` gives
 * the service's own ones, and is asked only when one is needed.
 */
export async function openCalls<Client extends RegionalClient, Calls>(
  { client, settings }: ClientChoice<Client>,
  shared: () => SharedClients<Client> | Promise<SharedClients<Client>>,
  toCalls: (client: Client) => Calls | Promise<Calls>,
): Promise<OpenCalls<Calls>> {
  if (client !== undefined) return { calls: await toCalls(client), release: () => undefined };
  const use = await openShared(await shared(), settings);
  try {
    return { calls: await toCalls(use.client), release: () => use.release() };
  } catch (error) {
    use.release();
    throw error;
  }
}

/** A shared client whose region is known. */
async function openShared<Client extends RegionalClient>(
  clients: SharedClients<Client>,
  settings: AwsSettings,
): Promise<ClientUse<Client>> {
  const use = clients.use(settings);
  try {
    await ensureRegion(use.client);
    return use;
  } catch (error) {
    use.release();
    throw error;
  }
}

/** Asks the SDK's chain for the region, so that its absence is said in our words. */
async function ensureRegion(client: Pick<RegionalClient, 'config'>): Promise<void> {
  await client.config.region().catch((cause: unknown) => {
    throw new SourceError('invalid', 'RegionMissing', `region: ${regionMissing()}`, { cause });
  });
}
