import type { Clock } from '../../contract/index.ts';
import { refuse } from '../../mapping/index.ts';
import { CommandFailure } from './command.ts';
import { type DaemonPages, type PageAnswer, refused } from './daemon-pages.ts';

/** Where bodies may go: the path, and what the key is called there. */
export const PARTS = {
  queue: { path: (name: string) => `/queues/${name}/messages`, key: 'MessageGroupId', many: 'messages', one: 'message' },
  stream: { path: (name: string) => `/streams/${name}/records`, key: 'PartitionKey', many: 'records', one: 'record' },
  topic: { path: (name: string) => `/topics/${name}/records`, key: 'Key', many: 'records', one: 'record' },
} as const;

/** One of {@link PARTS}. */
export type PartKind = keyof typeof PARTS;

/** Where bodies go, and how. */
export interface SendPlace {
  readonly kind: PartKind;
  readonly name: string;
  readonly key: string | undefined;
  /** The field of each body that has its key. */
  readonly keyFrom: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  /** A line of JSON for each, instead of a sum. */
  readonly isJson: boolean;
}

/** What sending works with. */
export interface SendingParts {
  readonly pages: Pick<DaemonPages, 'ask'>;
  readonly clock: Clock;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** How often is told how far it is, ms. */
const PROGRESS_MS = 1000;
/** Between two tries of a body that the daemon has no room for yet; doubles, ms. */
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 1000;
/** How long one body may be refused for want of room, ms. */
const PATIENCE_MS = 60_000;

/** Sends bodies in their order, each after the one before is taken. */
export class Sending {
  readonly #place: SendPlace;
  readonly #parts: SendingParts;
  #sent = 0;

  constructor(place: SendPlace, parts: SendingParts) {
    this.#place = place;
    this.#parts = parts;
  }

  /** Throws a CommandFailure that says how many were taken. What was taken is not sent again. */
  async all(bodies: AsyncIterable<string>): Promise<void> {
    const { clock, stdout, stderr } = this.#parts;
    const { kind, name, isJson } = this.#place;
    let toldAt = clock.monotonic();
    let hasTold = false;
    for await (const body of bodies) {
      const answer = await this.#taken(body);
      this.#sent += 1;
      if (isJson && !stdout.write(`${answer.trimEnd()}\n`) && stdout.writable) await drained(stdout);
      if (clock.monotonic() - toldAt < PROGRESS_MS) continue;
      toldAt = clock.monotonic();
      hasTold = true;
      stderr.write(`sent ${this.#count()} so far\n`);
    }
    if (!isJson) stdout.write(`sent ${this.#count()} to ${kind} ${name}\n`);
    else if (hasTold) stderr.write(`sent ${this.#count()}\n`);
  }

  /** What the daemon answered when it took a body; waits while there is no room. */
  async #taken(body: string): Promise<string> {
    const { clock, pages } = this.#parts;
    const path = this.#pathOf(body);
    const until = clock.monotonic() + PATIENCE_MS;
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      const answer = await this.#asked(() => pages.ask(path, body));
      if (answer.status === 201) return answer.text;
      if (answer.status !== 429 || clock.monotonic() > until) throw this.#failure(refused(answer));
      const waitMs = Math.min(Math.max(pauseMs, (answer.retryAfterSeconds ?? 0) * 1000), PATIENCE_MS);
      await new Promise<void>((resolve) => {
        clock.timer(waitMs, resolve);
      });
    }
  }

  async #asked(ask: () => Promise<PageAnswer>): Promise<PageAnswer> {
    try {
      return await ask();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    if (!(error instanceof CommandFailure) || this.#sent === 0) return error;
    return new CommandFailure(`${error.message}\n  taken before: ${this.#count()}`, { cause: error });
  }

  #pathOf(body: string): string {
    const { kind, name, key, keyFrom, query } = this.#place;
    const { path, key: keyName } = PARTS[kind];
    const own = keyFrom === undefined ? key : keyIn(body, keyFrom, this.#sent + 1);
    const search = new URLSearchParams({ ...query, ...(own === undefined ? {} : { [keyName]: own }) }).toString();
    return `${path(encodeURIComponent(name))}${search === '' ? '' : `?${search}`}`;
  }

  #count(): string {
    const { one, many } = PARTS[this.#place.kind];
    return this.#sent === 1 ? `1 ${one}` : `${this.#sent.toLocaleString('en')} ${many}`;
  }
}

/** Resolves when there is room again, or nobody reads any more. */
function drained(stdout: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'error', 'close']) stdout.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'error', 'close']) stdout.on(event, done);
  });
}

/** The text of a field of a body. Throws a ConfigError when there is none. */
function keyIn(body: string, field: string, number: number): string {
  let value: unknown;
  try {
    value = JSON.parse(body) as unknown;
  } catch {
    refuse('--key-from', `needs bodies of JSON, and number ${String(number)} is none`);
  }
  for (const name of field.split('.')) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return refuse('--key-from', `body number ${String(number)} has no text or number in ${field}`);
}
