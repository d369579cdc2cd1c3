import { ConfigError, type StoredMapping } from '../contract/index.ts';
import { byCreation, decodeDefinition, encodeDefinition, type MappingDefinition } from '../resource/index.ts';
import { definitionOfPlan } from './control-file.ts';
import type { ControlParts, LiveMappings } from './control-live.ts';
import type { LiveMapping } from './control-mapping.ts';
import { closeOpen } from './control-opening.ts';
import type { OpenMapping } from './open-mappings.ts';
import type { MappingPlan } from './plan-mappings.ts';
import { Problems } from './problems.ts';

/** A definition and its version in the store. */
interface Stored {
  readonly definition: MappingDefinition;
  readonly version: number;
}

const NEWER =
  'is that of a stored mapping which this version of Millrace cannot read; it stays as it is: run the newer version that stored it, or give this one another name';
const OF_API =
  'is the UUID of an event source mapping that was made over the API; give this one another name, or delete that one over the API first';

/** Makes the mappings of a daemon agree with its file, and takes up those that are stored. */
export class Reconciler {
  readonly #parts: ControlParts;
  readonly #mappings: LiveMappings;
  #stored = new Map<string, Stored>();
  /** Names of stored mappings that this version cannot read. */
  readonly #foreign = new Set<string>();

  constructor(parts: ControlParts, mappings: LiveMappings) {
    this.#parts = parts;
    this.#mappings = mappings;
  }

  /** Reads what is stored. To be called once, before anything else. Rejects when the store cannot be read. */
  async load(): Promise<void> {
    for (const { id, version, data } of await this.#parts.store.listMappings()) {
      try {
        this.#stored.set(id, { definition: decodeDefinition(data), version });
      } catch (error) {
        // It belongs to a newer version, so it stays as it is.
        this.#foreign.add(id);
        this.#parts.context.logger.error({ mapping: id, err: error }, 'a stored mapping cannot be read and is left alone');
      }
    }
  }

  /** Throws a ConfigError when mappings of a file have names that are those of others: nothing is taken away from these. */
  refuseTaken(plans: readonly MappingPlan[]): void {
    const problems = new Problems();
    for (const { at, name } of plans) {
      if (this.#foreign.has(name)) problems.add(`${at}.Name`, NEWER);
      const { definition } = this.#mappings.byName(name) ?? this.#stored.get(name) ?? {};
      if (definition !== undefined && isOfApi(definition)) problems.add(`${at}.Name`, OF_API);
    }
    problems.throwIfAny();
  }

  /**
   * Makes the mappings of a file what the file says: new ones are created, changed ones changed, and those that this file once had and has no more
   * removed with their positions. `opened` are those of `plans` whose parts are made already; the others are opened when they are needed.
   * Throws a ConfigError for what the engine refuses and for what {@link refuseTaken} does. What a stop comes into is left to the next start.
   */
  async reconcile(file: string, plans: readonly MappingPlan[], opened: ReadonlyMap<string, OpenMapping> = new Map()): Promise<void> {
    const left = new Map(opened);
    try {
      await this.#follow(file, plans, left);
    } finally {
      await Promise.all([...left.values()].map(closeOpen));
    }
  }

  /** Takes out of `opened` what is in use from then on. */
  async #follow(file: string, plans: readonly MappingPlan[], opened: Map<string, OpenMapping>): Promise<void> {
    this.refuseTaken(plans);
    const names = new Set(plans.map(({ name }) => name));
    for (const { definition } of [...this.#stored.values(), ...this.#mappings.all]) {
      if (isOfFile(definition, file) && !names.has(definition.name) && !this.#mappings.isClosing) await this.#forget(definition);
    }
    for (const plan of plans) {
      const isCarriedOut = !this.#mappings.isClosing && (await this.#reconcileOne(file, plan, opened.get(plan.name)));
      if (isCarriedOut) opened.delete(plan.name);
    }
  }

  /** Begins what the API made in an earlier run, and finishes what it deleted. */
  resume(): void {
    const stored = [...this.#stored.values()].toSorted((one, other) => byCreation(one.definition, other.definition));
    this.#stored = new Map();
    for (const { definition, version } of stored) {
      // Those of other files are for the daemons of these files.
      if (definition.owner.kind === 'file' && !definition.isDeleting) continue;
      this.#mappings.add(definition, version).begin();
    }
  }

  async #forget(definition: MappingDefinition): Promise<void> {
    const mapping = this.#mappings.byUuid(definition.uuid);
    if (mapping !== undefined) {
      await mapping.inTurn(async () => {
        if (mapping.definition.isDeleting || this.#mappings.isClosing) return;
        const lastModified = this.#parts.context.catalog.clock.wall();
        await this.#mappings.change(mapping, { ...mapping.definition, isDeleting: true, lastModified }, 'Deleting');
      });
      return;
    }
    this.#stored.delete(definition.name);
    await this.#parts.store.removeMapping(definition.name);
  }

  /** Whether what was made for it is in use now. */
  async #reconcileOne(file: string, plan: MappingPlan, opened: OpenMapping | undefined): Promise<boolean> {
    const known = this.#mappings.byName(plan.name);
    // What is being removed takes its positions with it first: the same name is another mapping then.
    if (known?.definition.isDeleting === true) await known.settled();
    const live = this.#mappings.byName(plan.name);
    if (live !== undefined) return live.inTurn(() => this.#reconcileLive(live, file, plan, opened));
    const stored = this.#stored.get(plan.name);
    if (stored?.definition.isDeleting === true) await this.#forget(stored.definition);
    const before = stored?.definition.isDeleting === true ? undefined : stored;
    const definition = this.#definitionOf(file, plan, before?.definition);
    const version = definition === before?.definition ? before.version : await this.#putOfFile(definition, before?.version ?? 0, plan.at);
    if (this.#mappings.isClosing) return false;
    this.#stored.delete(plan.name);
    const mapping = this.#mappings.add(definition, version);
    if (opened === undefined) mapping.begin();
    else mapping.adopt(opened);
    return true;
  }

  /** In turn with what the API changes of it. */
  async #reconcileLive(live: LiveMapping, file: string, plan: MappingPlan, opened: OpenMapping | undefined): Promise<boolean> {
    const before = live.definition;
    // Only a stop leaves what is being removed; the next start finishes it.
    const definition = before.isDeleting || this.#mappings.isClosing ? before : this.#definitionOf(file, plan, before);
    if (definition === before) return false;
    live.accept(definition, await this.#putOfFile(definition, live.version, plan.at), 'Updating', opened);
    this.#mappings.noteSwitch(definition);
    return true;
  }

  #definitionOf(file: string, plan: MappingPlan, before: MappingDefinition | undefined): MappingDefinition {
    const { config, catalog } = this.#parts.context;
    const owner = { kind: 'file' as const, file };
    return definitionOfPlan({ plan, owner, config, before, now: catalog.clock.wall(), uuid: catalog.random.uuid() });
  }

  /** A process that shares the store and has a mapping of the same name may have been faster; the last one to start has it. */
  async #putOfFile(definition: MappingDefinition, expectedVersion: number, at: string): Promise<number> {
    let expected = expectedVersion;
    for (;;) {
      const version = await this.#parts.store.putMapping(definition.name, expected, encodeDefinition(definition));
      if (version !== undefined) return version;
      const stored = await this.#mappings.stored(definition.name);
      if (stored !== undefined) refuseToReplace(stored, at);
      expected = stored?.version ?? 0;
    }
  }
}

function isOfFile({ owner }: MappingDefinition, file: string): boolean {
  return owner.kind === 'file' && owner.file === file;
}

function isOfApi({ owner, isDeleting }: MappingDefinition): boolean {
  return owner.kind === 'api' && !isDeleting;
}

/** Throws a ConfigError when a mapping of a file may not take the place of what is stored under its name. */
function refuseToReplace({ data }: StoredMapping, at: string): void {
  const refuse = (message: string): never => {
    throw new ConfigError([{ field: `${at}.Name`, message }]);
  };
  let definition: MappingDefinition;
  try {
    definition = decodeDefinition(data);
  } catch {
    return refuse(NEWER);
  }
  if (isOfApi(definition)) refuse(OF_API);
}
