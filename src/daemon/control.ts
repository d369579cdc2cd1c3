import { basename } from 'node:path';
import { ConfigError, type MappingExplanation, type MappingState, type StateStore, type StoredMapping } from '../contract/index.ts';
import { type CoreEngine, parseFunctionName } from '../engine/index.ts';
import { deferred, Latch } from '../kit/index.ts';
import type { MappingApi } from '../manage/index.ts';
import {
  addTags,
  applyUpdate,
  byCreation,
  decodeDefinition,
  encodeDefinition,
  type ListQuery,
  type MappingDefinition,
  mappingNotFound,
  pageOf,
  ResourceRefusal,
  readCreate,
  readList,
  readTagged,
  readTagResource,
  readUntagResource,
  readUpdate,
  refuseConflict,
  refuseInUse,
  stateOfCreate,
  stateOfUpdate,
  type Tags,
  type UpdateRequest,
  unknownMapping,
  type WantedFunction,
} from '../resource/index.ts';
import { refuseLocalSecrets } from './api-secrets.ts';
import { checkOpening, FunctionFinder, type KnownFunction, openChecked } from './control-checks.ts';
import { definitionOfPlan } from './control-file.ts';
import { LiveMapping, type LiveParts } from './control-mapping.ts';
import { closeOpen, type OpeningContext, openDefinition } from './control-opening.ts';
import type { OpenMapping } from './open-mappings.ts';
import type { MappingPlan } from './plan-mappings.ts';
import { Problems } from './problems.ts';

/** What a control is made with. */
export interface ControlParts {
  readonly engine: CoreEngine;
  readonly store: StateStore;
  readonly context: OpeningContext;
}

/** A definition and its version in the store. */
interface Stored {
  readonly definition: MappingDefinition;
  readonly version: number;
}

/** What an update makes of a mapping. */
interface Updated {
  readonly definition: MappingDefinition;
  readonly movedTo: KnownFunction | undefined;
  readonly isChanged: boolean;
}

const NEWER =
  'is that of a stored mapping which this version of Millrace cannot read; it stays as it is: run the newer version that stored it, or give this one another name';
const OF_API =
  'is the UUID of an event source mapping that was made over the API; give this one another name, or delete that one over the API first';

type Configuration = Readonly<Record<string, unknown>>;

/**
 * The mappings of a daemon as resources: stored with versions, shown, changed and removed over the API, and made to agree with
 * the file. What the API has made is resumed at the start of the daemon.
 */
export class Control implements MappingApi {
  readonly #parts: ControlParts;
  readonly #finder: FunctionFinder;
  readonly #live = new Map<string, LiveMapping>();
  readonly #byName = new Map<string, LiveMapping>();
  /** What was let through and is not stored yet: no second one of the same pair may come between. */
  readonly #coming = new Set<MappingDefinition>();
  readonly #closing = new Latch();
  readonly #disabled = new Set<string>();
  readonly #stopListening: () => void;
  #liveParts: LiveParts | undefined;
  #stored = new Map<string, Stored>();
  /** Names of stored mappings that this version cannot read. */
  readonly #foreign = new Set<string>();

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.#finder = new FunctionFinder(parts.engine, parts.context);
    this.#stopListening = parts.engine.on('mapping.state', ({ mapping, to }) => {
      if (to === 'Enabled' || to === 'Disabled') this.#byName.get(mapping)?.moved();
    });
  }

  /** Names of mappings that are switched off on purpose. */
  get disabled(): ReadonlySet<string> {
    return this.#disabled;
  }

  /** Mappings that the engine does not have because they cannot be carried out, such as one whose function is gone. */
  get unopened(): readonly MappingExplanation[] {
    return [...this.#live.values()].flatMap((mapping) => mapping.unopened ?? []);
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
      const { definition } = this.#byName.get(name) ?? this.#stored.get(name) ?? {};
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
    this.refuseTaken(plans);
    const names = new Set(plans.map(({ name }) => name));
    for (const { definition } of [...this.#stored.values(), ...this.#live.values()]) {
      if (isOfFile(definition, file) && !names.has(definition.name) && !this.#closing.isSet) await this.#forget(definition);
    }
    for (const plan of plans) {
      const made = opened.get(plan.name);
      const isCarriedOut = !this.#closing.isSet && (await this.#reconcileOne(file, plan, made));
      if (!isCarriedOut && made !== undefined) await closeOpen(made);
    }
  }

  /**
   * Runs `change` while no mapping uses any of the functions: those that do are drained before and go on from their stored positions
   * after it, whoever made them.
   */
  async holding(functionNames: readonly string[], change: () => Promise<void>): Promise<void> {
    const uses = ({ definition }: LiveMapping): boolean => {
      const parsed = parseFunctionName(definition.functionArn);
      return typeof parsed !== 'string' && functionNames.includes(parsed.name);
    };
    const changed = deferred();
    const held = functionNames.length === 0 ? [] : [...this.#live.values()].filter(uses);
    await Promise.all(held.map((mapping) => mapping.hold(changed.promise)));
    try {
      await change();
    } finally {
      changed.resolve();
    }
  }

  /** Tries again what could not be carried out: what it names may have come with another configuration. */
  retry(): void {
    for (const mapping of this.#live.values()) mapping.retry();
  }

  /** Begins what the API made in an earlier run, and finishes what it deleted. */
  resume(): void {
    const stored = [...this.#stored.values()].toSorted((one, other) => byCreation(one.definition, other.definition));
    this.#stored = new Map();
    for (const { definition, version } of stored) {
      // Those of other files are for the daemons of these files.
      if (definition.owner.kind === 'file' && !definition.isDeleting) continue;
      this.#add(definition, version).begin();
    }
  }

  /** Changes nothing more: the daemon is about to stop. What has been accepted is carried out at its next start. */
  stop(): void {
    this.#closing.set();
  }

  /** Gives back what mappings hold. The engine has stopped. */
  async close(): Promise<void> {
    this.stop();
    this.#stopListening();
    await Promise.all([...this.#live.values()].map((mapping) => mapping.close()));
    await this.#finder.close();
  }

  async create(body: unknown): Promise<Configuration> {
    const { clock, random } = this.#parts.context.catalog;
    const [uuid, now] = [random.uuid(), clock.wall()];
    const { functionName, source, enabled, tags, fields } = readCreate(body, { now, uuid });
    const target = await this.#finder.find(functionName);
    const times = { createdAt: now, lastModified: now };
    const identity = { uuid, name: uuid, owner: { kind: 'api' as const }, isDeleting: false };
    const definition: MappingDefinition = { ...identity, ...times, source, functionArn: target.arn, enabled, fields, tags };
    refuseLocalSecrets(definition, this.#parts.context.config.api);
    return this.#claiming(definition, async () => {
      const opened = await openChecked(definition, target, this.#parts.context);
      const version = await this.#put(definition, undefined).catch(async (error: unknown) => {
        // The answer may have been lost: nobody knows of it, so nobody could delete it.
        this.#parts.store.removeMapping(definition.name).catch(() => undefined);
        if (opened !== undefined) await closeOpen(opened);
        throw error;
      });
      const mapping = this.#add(definition, version);
      mapping.accept(definition, version, stateOfCreate(enabled), opened);
      return mapping.configuration;
    });
  }

  list(query: ListQuery): Configuration {
    const request = readList(query);
    const wanted = request.functionName === undefined ? undefined : this.#wanted(request.functionName);
    const all = [...this.#live.values()].toSorted((one, other) => byCreation(one.definition, other.definition));
    const { items, nextMarker } = pageOf(all, request, wanted);
    return {
      EventSourceMappings: items.map((mapping) => mapping.configuration),
      ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
    };
  }

  /** What a name leaves out is as it is here. */
  #wanted(functionName: string): WantedFunction {
    const { places } = this.#parts.context.config;
    const parsed = parseFunctionName(functionName);
    const { region, account } = { region: places.region, account: places.accountId };
    // No function has such a name.
    if (typeof parsed === 'string') return { name: '', qualifier: undefined, partition: undefined, region, account };
    return { ...parsed, region: parsed.region ?? region, account: parsed.account ?? account };
  }

  get(uuid: string): Configuration {
    return this.#find(uuid).configuration;
  }

  async update(uuid: string, body: unknown): Promise<Configuration> {
    const request = readUpdate(body);
    const mapping = this.#find(uuid);
    return mapping.inTurn(async () => {
      refuseInUse('update', mapping.definition);
      const { definition, movedTo, isChanged } = await this.#updated(mapping.definition, request);
      if (definition.owner.kind === 'api') refuseLocalSecrets(definition, this.#parts.context.config.api);
      const state = stateOfUpdate(mapping.definition, definition.enabled);
      if (movedTo === undefined) {
        if (isChanged) await checkOpening(definition, this.#parts.context);
        return this.#change(mapping, definition, state);
      }
      return this.#claiming(definition, async () => {
        // Asked as at its creation, and made anew when it has been drained.
        const asked = await openChecked(definition, movedTo, this.#parts.context);
        if (asked !== undefined) await closeOpen(asked);
        return this.#change(mapping, definition, state);
      });
    });
  }

  async delete(uuid: string): Promise<Configuration> {
    const mapping = this.#find(uuid);
    return mapping.inTurn(() => {
      refuseInUse('delete', mapping.definition);
      refuseOwned(mapping.definition);
      return this.#change(mapping, { ...mapping.definition, isDeleting: true, lastModified: this.#now }, 'Deleting');
    });
  }

  async tag(resource: string, body: unknown): Promise<void> {
    const { uuid, tags } = readTagResource(resource, body);
    await this.#retag(resource, uuid, (before) => addTags(before, tags));
  }

  async untag(resource: string, keys: readonly string[] | undefined): Promise<void> {
    const { uuid, keys: gone } = readUntagResource(resource, keys);
    await this.#retag(resource, uuid, (before) => Object.fromEntries(Object.entries(before).filter(([key]) => !gone.includes(key))));
  }

  tags(resource: string): Tags {
    return this.#findTagged(resource, readTagged(resource)).definition.tags;
  }

  get #now(): number {
    return this.#parts.context.catalog.clock.wall();
  }

  #find(uuid: string): LiveMapping {
    const mapping = this.#live.get(uuid);
    if (mapping === undefined) throw unknownMapping();
    return mapping;
  }

  #findTagged(resource: string, uuid: string): LiveMapping {
    const mapping = this.#live.get(uuid.toLowerCase());
    if (mapping?.configuration['EventSourceMappingArn'] !== resource) throw mappingNotFound(resource);
    return mapping;
  }

  /** What a mapping is after an update; `movedTo`: its function where that is another one. */
  async #updated(before: MappingDefinition, request: UpdateRequest): Promise<Updated> {
    const { fields, isChanged } = applyUpdate(before, request);
    const target = request.functionName === undefined ? undefined : await this.#finder.find(request.functionName);
    const functionArn = target?.arn ?? before.functionArn;
    const movedTo = functionArn === before.functionArn ? undefined : target;
    if (isChanged || movedTo !== undefined) refuseOwned(before);
    const definition = { ...before, fields, functionArn, enabled: request.enabled ?? before.enabled, lastModified: this.#now };
    return { definition, movedTo, isChanged };
  }

  async #retag(resource: string, uuid: string, change: (before: Tags) => Tags): Promise<void> {
    const mapping = this.#findTagged(resource, uuid);
    await mapping.inTurn(async () => {
      const definition = { ...mapping.definition, tags: change(mapping.definition.tags) };
      const version = await this.#put(definition, mapping);
      mapping.retagged(definition, version);
    });
  }

  async #change(mapping: LiveMapping, definition: MappingDefinition, state: MappingState): Promise<Configuration> {
    const version = await this.#put(definition, mapping);
    this.#noteSwitch(definition);
    mapping.accept(definition, version, state);
    return mapping.configuration;
  }

  /** Writes a mapping that is new, or changes `mapping`. */
  async #put(definition: MappingDefinition, mapping: LiveMapping | undefined): Promise<number> {
    if (this.#closing.isSet) throw new ResourceRefusal('ServiceException', 'The daemon is stopping.');
    const { store } = this.#parts;
    const data = encodeDefinition(definition);
    const expected = mapping === undefined ? 0 : await this.#versionOf(mapping);
    const version = await store.putMapping(definition.name, expected, data).catch((error: unknown) => {
      mapping?.doubt(data);
      throw error;
    });
    if (version !== undefined) return version;
    throw new ResourceRefusal(
      'ResourceConflictException',
      'Another process that shares the state store has changed this event source mapping.',
    );
  }

  /** A write whose answer did not come may have been carried out; what another process wrote is another thing. */
  async #versionOf(mapping: LiveMapping): Promise<number> {
    if (mapping.doubtful !== undefined) {
      const stored = await this.#rowOf(mapping.definition.name);
      mapping.settle(stored?.data === mapping.doubtful ? stored.version : mapping.version);
    }
    return mapping.version;
  }

  async #rowOf(name: string): Promise<StoredMapping | undefined> {
    return (await this.#parts.store.listMappings()).find(({ id }) => id === name);
  }

  /** A process that shares the store and has a mapping of the same name may have been faster; the last one to start has it. */
  async #putOfFile(definition: MappingDefinition, expectedVersion: number, at: string): Promise<number> {
    let expected = expectedVersion;
    for (;;) {
      const version = await this.#parts.store.putMapping(definition.name, expected, encodeDefinition(definition));
      if (version !== undefined) return version;
      const stored = await this.#rowOf(definition.name);
      if (stored !== undefined) refuseToReplace(stored, at);
      expected = stored?.version ?? 0;
    }
  }

  /** Runs `work` while no other mapping may come to have the source and the function of this one. */
  async #claiming<Value>(definition: MappingDefinition, work: () => Promise<Value>): Promise<Value> {
    const others = [...[...this.#live.values()].map((mapping) => mapping.definition), ...this.#coming];
    refuseConflict(
      definition,
      others.filter(({ uuid }) => uuid !== definition.uuid),
    );
    this.#coming.add(definition);
    try {
      return await work();
    } finally {
      this.#coming.delete(definition);
    }
  }

  #add(definition: MappingDefinition, version: number): LiveMapping {
    const mapping = new LiveMapping((this.#liveParts ??= this.#makeLiveParts()), definition, version);
    this.#live.set(definition.uuid, mapping);
    this.#byName.set(definition.name, mapping);
    this.#noteSwitch(definition);
    return mapping;
  }

  #noteSwitch({ name, enabled }: MappingDefinition): void {
    if (enabled) this.#disabled.delete(name);
    else this.#disabled.add(name);
  }

  /** Made once for all. */
  #makeLiveParts(): LiveParts {
    const { engine, store, context } = this.#parts;
    const { clock } = context.catalog;
    return {
      engine,
      store,
      clock,
      logger: context.logger,
      closing: this.#closing,
      open: (definition) => openDefinition(definition, context),
      hurry: (mapping) => {
        const { source } = mapping.plan;
        const queue = source.kind === 'embedded-queue' ? context.embedded.queues.get(source.queue) : undefined;
        queue?.endReceives();
        // Once more for those that were just about to wait.
        void clock.turn().then(() => queue?.endReceives());
      },
      onGone: ({ definition: { uuid, name } }) => {
        this.#live.delete(uuid);
        this.#byName.delete(name);
        this.#disabled.delete(name);
      },
    };
  }

  async #forget(definition: MappingDefinition): Promise<void> {
    const mapping = this.#live.get(definition.uuid);
    if (mapping !== undefined) {
      await mapping.inTurn(async () => {
        if (mapping.definition.isDeleting || this.#closing.isSet) return;
        await this.#change(mapping, { ...mapping.definition, isDeleting: true, lastModified: this.#now }, 'Deleting');
      });
      return;
    }
    this.#stored.delete(definition.name);
    await this.#parts.store.removeMapping(definition.name);
  }

  /** Whether what was made for it is in use now. */
  async #reconcileOne(file: string, plan: MappingPlan, opened: OpenMapping | undefined): Promise<boolean> {
    const known = this.#byName.get(plan.name);
    // What is being removed takes its positions with it first: the same name is another mapping then.
    if (known?.definition.isDeleting === true) await known.settled();
    const live = this.#byName.get(plan.name);
    if (live !== undefined) return live.inTurn(() => this.#reconcileLive(live, file, plan, opened));
    const stored = this.#stored.get(plan.name);
    if (stored?.definition.isDeleting === true) await this.#forget(stored.definition);
    const before = stored?.definition.isDeleting === true ? undefined : stored;
    const definition = this.#definitionOf(file, plan, before?.definition);
    const version = definition === before?.definition ? before.version : await this.#putOfFile(definition, before?.version ?? 0, plan.at);
    if (this.#closing.isSet) return false;
    this.#stored.delete(plan.name);
    const mapping = this.#add(definition, version);
    if (opened === undefined) mapping.begin();
    else mapping.adopt(opened);
    return true;
  }

  /** In turn with what the API changes of it. */
  async #reconcileLive(live: LiveMapping, file: string, plan: MappingPlan, opened: OpenMapping | undefined): Promise<boolean> {
    const before = live.definition;
    // Only a stop leaves what is being removed; the next start finishes it.
    const definition = before.isDeleting || this.#closing.isSet ? before : this.#definitionOf(file, plan, before);
    if (definition === before) return false;
    live.accept(definition, await this.#putOfFile(definition, live.version, plan.at), 'Updating', opened);
    this.#noteSwitch(definition);
    return true;
  }

  #definitionOf(file: string, plan: MappingPlan, before: MappingDefinition | undefined): MappingDefinition {
    const { config, catalog } = this.#parts.context;
    const owner = { kind: 'file' as const, file };
    return definitionOfPlan({ plan, owner, config, before, now: catalog.clock.wall(), uuid: catalog.random.uuid() });
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

/** What a file says is changed in the file: at the next start it would be undone. */
function refuseOwned({ owner, name }: MappingDefinition): void {
  if (owner.kind !== 'file') return;
  throw new ResourceRefusal(
    'ResourceConflictException',
    `The event source mapping is ${name} of the configuration file ${basename(owner.file)}; change it there. Only Enabled and tags can be changed over the API.`,
  );
}
