import { type MappingExplanation, SourceError } from '../../contract/index.ts';
import { explanationTable, refuse } from '../../mapping/index.ts';
import type { MappingClient } from '../catalog.ts';
import { CommandFailure, type CommandParts } from './command.ts';
import { DaemonPages } from './daemon-pages.ts';
import { type DaemonPlace, daemonPlace, notRunning, type PlaceOptions } from './daemon-place.ts';
import type { Request } from './mapping-fields.ts';
import { listTable, mappingTable } from './mapping-table.ts';

/** For people, or for programs. */
export type Outputs = 'table' | 'json';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** States that a mapping leaves by itself. */
const PASSING: readonly unknown[] = ['Creating', 'Enabling', 'Disabling', 'Updating', 'Deleting'];
/** Between two looks at a change that is not done. */
const LOOK_MS = 200;
/** How long a change may take without a word about it, ms. */
const SILENCE_MS = 1000;

/** What `millrace mapping` asks a running daemon for. */
export class MappingWork {
  readonly #client: MappingClient;
  readonly #pages: DaemonPages;
  readonly #place: DaemonPlace;
  readonly #outputs: Outputs;
  readonly #parts: CommandParts;

  private constructor(client: MappingClient, place: DaemonPlace, outputs: Outputs, parts: CommandParts) {
    this.#client = client;
    this.#place = place;
    this.#outputs = outputs;
    this.#parts = parts;
    this.#pages = new DaemonPages(place, parts.catalog.clock);
  }

  /** Calls nothing yet. Throws a ConfigError. */
  static async open(given: PlaceOptions, outputs: Outputs, parts: CommandParts): Promise<MappingWork> {
    const place = daemonPlace(given, parts.environment);
    return new MappingWork(await parts.catalog.api.mappings(place), place, outputs, parts);
  }

  close(): void {
    this.#client.close();
  }

  async list(filter: { readonly EventSourceArn?: string | undefined; readonly FunctionName?: string | undefined }): Promise<void> {
    const mappings = await this.#call(() => this.#client.list(filter));
    if (this.#outputs === 'json') this.#write(json({ EventSourceMappings: mappings }));
    else this.#write(listTable(mappings, await this.#names()));
  }

  async get(which: string): Promise<void> {
    const uuid = await this.#uuidOf(which);
    this.#show(await this.#call(() => this.#client.get(uuid)));
  }

  async explain(which: string): Promise<void> {
    const explanation = await this.#pages.read(`/mappings/${encodeURIComponent(which)}/explain`);
    this.#write(this.#outputs === 'json' ? json(explanation) : explanationTable(explanation as MappingExplanation));
  }

  async create(request: Request, isAwaited: boolean): Promise<void> {
    const created = await this.#call(() => this.#client.create(request));
    this.#show(isAwaited ? await this.#settled(String(created['UUID'])) : created);
  }

  async update(which: string, request: Request, isAwaited: boolean): Promise<void> {
    const uuid = await this.#uuidOf(which);
    const updated = await this.#call(() => this.#client.update(uuid, request));
    this.#show(isAwaited ? await this.#settled(uuid) : updated);
  }

  async delete(which: string, isAwaited: boolean): Promise<void> {
    const uuid = await this.#uuidOf(which);
    const deleted = await this.#call(() => this.#client.delete(uuid));
    if (isAwaited) await this.#settled(uuid);
    this.#show(deleted);
  }

  /** Looks until nothing changes by itself any more; the mapping as it is then, `{}` when it is gone. */
  async #settled(uuid: string): Promise<Request> {
    const { clock } = this.#parts.catalog;
    const began = clock.monotonic();
    let said: unknown;
    for (;;) {
      const mapping = await this.#call(() => this.#client.get(uuid), true);
      if (mapping === undefined || !PASSING.includes(mapping['State'])) return mapping ?? {};
      const state = mapping['State'];
      if (state !== said && clock.monotonic() - began > SILENCE_MS) {
        this.#parts.stderr.write(`waiting: ${uuid} is ${String(state)}\n`);
        said = state;
      }
      await new Promise<void>((resolve) => {
        clock.timer(LOOK_MS, resolve);
      });
    }
  }

  /** Names are of the daemon's file; the API knows UUIDs. */
  async #uuidOf(which: string): Promise<string> {
    if (UUID.test(which)) return which;
    const answer = await this.#pages.ask('/mappings');
    if (answer.status !== 200)
      refuse(which.slice(0, 200), 'is no UUID, and names are told to holders of a bearer token only; set MILLRACE_TOKEN');
    const mappings = mappingsOf(answer.text);
    const found = mappings.find(({ name }) => name === which);
    if (found !== undefined) return found.id;
    const names = mappings.map(({ name }) => name).filter((name) => !UUID.test(name));
    const there = names.length === 0 ? 'no mapping has a name' : `there are ${names.join(', ')}`;
    throw new CommandFailure(`there is no mapping ${which.slice(0, 200)}; ${there}; \`millrace mapping list\` shows all`);
  }

  /** Empty when the daemon does not tell them. */
  async #names(): Promise<ReadonlyMap<string, string>> {
    const { status, text } = await this.#pages.ask('/mappings');
    if (status !== 200) return new Map();
    return new Map(mappingsOf(text).flatMap(({ id, name }) => (id === name ? [] : [[id, name] as const])));
  }

  async #call<Answer>(ask: () => Promise<Answer>): Promise<Answer>;
  async #call<Answer>(ask: () => Promise<Answer>, mayBeGone: true): Promise<Answer | undefined>;
  async #call<Answer>(ask: () => Promise<Answer>, mayBeGone = false): Promise<Answer | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      const { code, message } = error;
      if (mayBeGone && error.kind === 'not-found') return undefined;
      if (/^E[A-Z]+$/.test(code)) throw new CommandFailure(notRunning(this.#place.endpoint, code), { cause: error });
      const hint =
        error.kind === 'denied' && !this.#place.isSigned ? '; sign requests by setting AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' : '';
      throw new CommandFailure(`${code}: ${message}${hint}`, { cause: error });
    }
  }

  #show(mapping: Request): void {
    this.#write(this.#outputs === 'json' ? json(mapping) : mappingTable(mapping));
  }

  #write(text: string): void {
    this.#parts.stdout.write(text);
  }
}

function mappingsOf(text: string): readonly { readonly id: string; readonly name: string }[] {
  return (JSON.parse(text) as { readonly mappings: readonly { readonly id: string; readonly name: string }[] }).mappings;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
