/**
 * Clients that sources with the same settings share: one chain of credentials and one set of kept connections for all,
 * however many mappings there are.
 */
import type { AwsSettings } from './aws-settings.ts';

/** The part of an SDK client that this file needs. */
interface Destroyable {
  destroy(): void;
}

interface Entry<Client> {
  readonly client: Client;
  users: number;
}

/** A client in use. */
export interface ClientUse<Client> {
  readonly client: Client;
  /** Gives it back; the last one to do so closes its connections. Idempotent. */
  release(): void;
}

/** Clients by their settings. */
export class SharedClients<Client extends Destroyable> {
  readonly #entries = new Map<string, Entry<Client>>();
  readonly #create: (settings: AwsSettings) => Client;

  constructor(create: (settings: AwsSettings) => Client) {
    this.#create = create;
  }

  use(settings: AwsSettings): ClientUse<Client> {
    const key = keyOf(settings);
    const entry = this.#entries.get(key) ?? { client: this.#create(settings), users: 0 };
    this.#entries.set(key, entry);
    entry.users += 1;
    let released = false;
    return {
      client: entry.client,
      release: () => {
        if (released) return;
        released = true;
        entry.users -= 1;
        if (entry.users > 0) return;
        this.#entries.delete(key);
        entry.client.destroy();
      },
    };
  }
}

let lastIdentity = 0;
const identities = new WeakMap<object, number>();

/** Credentials count as the same when they are the same object or function, so that no secret stands in a key. */
function keyOf({ region, endpoint, credentials, connectTimeoutMs, requestTimeoutMs }: AwsSettings): string {
  let identity = 0;
  if (credentials !== undefined) {
    identity = identities.get(credentials) ?? (lastIdentity += 1);
    identities.set(credentials, identity);
  }
  return JSON.stringify([region, endpoint, identity, connectTimeoutMs, requestTimeoutMs]);
}
