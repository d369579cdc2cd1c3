import { basename } from 'node:path';
import type { MappingExplanation, MappingState } from '../contract/index.ts';
import { parseFunctionName } from '../engine/index.ts';
import { deferred } from '../kit/index.ts';
import type { MappingApi } from '../manage/index.ts';
import {
  addTags,
  applyUpdate,
  byCreation,
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
import { type ControlParts, LiveMappings } from './control-live.ts';
import type { LiveMapping } from './control-mapping.ts';
import { closeOpen } from './control-opening.ts';
import { Reconciler } from './control-reconcile.ts';
import type { OpenMapping } from './open-mappings.ts';
import type { MappingPlan } from './plan-mappings.ts';

/** What an update makes of a mapping. */
interface Updated {
  readonly definition: MappingDefinition;
  readonly movedTo: KnownFunction | undefined;
  readonly isChanged: boolean;
}

type Configuration = Readonly<Record<string, unknown>>;

/**
 * The mappings of a daemon as resources: stored with versions, shown, changed and removed over the API, and made to agree with
 * the file. What the API has made is resumed at the start of the daemon.
 */
export class Control implements MappingApi {
  readonly #parts: ControlParts;
  readonly #finder: FunctionFinder;
  readonly #mappings: LiveMappings;
  readonly #reconciler: Reconciler;
  /** What was let through and is not stored yet: no second one of the same pair may come between. */
  readonly #coming = new Set<MappingDefinition>();

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.#finder = new FunctionFinder(parts.engine, parts.context);
    this.#mappings = new LiveMappings(parts);
    this.#reconciler = new Reconciler(parts, this.#mappings);
  }

  /** Names of mappings that are switched off on purpose. */
  get disabled(): ReadonlySet<string> {
    return this.#mappings.disabled;
  }

  /** Mappings that the engine does not have because they cannot be carried out, such as one whose function is gone. */
  get unopened(): readonly MappingExplanation[] {
    return this.#mappings.unopened;
  }

  /** Reads what is stored. To be called once, before anything else. Rejects when the store cannot be read. */
  load(): Promise<void> {
    return this.#reconciler.load();
  }

  /** Throws a ConfigError when mappings of a file have names that are those of others: nothing is taken away from these. */
  refuseTaken(plans: readonly MappingPlan[]): void {
    this.#reconciler.refuseTaken(plans);
  }

  /**
   * Makes the mappings of a file what the file says: new ones are created, changed ones changed, and those that this file once had and has no more
   * removed with their positions. `opened` are those of `plans` whose parts are made already; the others are opened when they are needed.
   * Throws a ConfigError for what the engine refuses and for what {@link refuseTaken} does. What a stop comes into is left to the next start.
   */
  reconcile(file: string, plans: readonly MappingPlan[], opened?: ReadonlyMap<string, OpenMapping>): Promise<void> {
    return this.#reconciler.reconcile(file, plans, opened);
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
    const held = functionNames.length === 0 ? [] : this.#mappings.all.filter(uses);
    await Promise.all(held.map((mapping) => mapping.hold(changed.promise)));
    try {
      await change();
    } finally {
      changed.resolve();
    }
  }

  /** Tries again what could not be carried out: what it names may have come with another configuration. */
  retry(): void {
    for (const mapping of this.#mappings.all) mapping.retry();
  }

  /** Begins what the API made in an earlier run, and finishes what it deleted. */
  resume(): void {
    this.#reconciler.resume();
  }

  /** Changes nothing more: the daemon is about to stop. What has been accepted is carried out at its next start. */
  stop(): void {
    this.#mappings.stop();
  }

  /** Gives back what mappings hold. The engine has stopped. */
  async close(): Promise<void> {
    await this.#mappings.close();
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
      const version = await this.#mappings.put(definition, undefined).catch(async (error: unknown) => {
        if (opened !== undefined) await closeOpen(opened);
        throw error;
      });
      const mapping = this.#mappings.add(definition, version);
      mapping.accept(definition, version, stateOfCreate(enabled), opened);
      return mapping.configuration;
    });
  }

  list(query: ListQuery): Configuration {
    const request = readList(query);
    const wanted = request.functionName === undefined ? undefined : this.#wanted(request.functionName);
    const all = this.#mappings.all.toSorted((one, other) => byCreation(one.definition, other.definition));
    const { items, nextMarker } = pageOf(all, request, wanted);
    return {
      EventSourceMappings: items.map((mapping) => mapping.configuration),
      ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
    };
  }

  /** What a name leaves out is as it is here; of functions that are elsewhere it is as Lambda says, unless the configuration says it. */
  #wanted(functionName: string): WantedFunction {
    const { places, aws, lambda, known } = this.#parts.context.config;
    const parsed = parseFunctionName(functionName);
    // No function has such a name.
    if (typeof parsed === 'string') return { name: '', qualifier: undefined, partition: undefined, region: undefined, account: undefined };
    const isHere = places.lambda === 'no' || known.functions.includes(parsed.name);
    const region = isHere ? places.region : (lambda.region ?? aws.region);
    const account = isHere ? places.accountId : aws.accountId;
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
    const mapping = this.#mappings.byUuid(uuid);
    if (mapping === undefined) throw unknownMapping();
    return mapping;
  }

  #findTagged(resource: string, uuid: string): LiveMapping {
    const mapping = this.#mappings.byUuid(uuid.toLowerCase());
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
      const version = await this.#mappings.put(definition, mapping);
      mapping.retagged(definition, version);
    });
  }

  async #change(mapping: LiveMapping, definition: MappingDefinition, state: MappingState): Promise<Configuration> {
    await this.#mappings.change(mapping, definition, state);
    return mapping.configuration;
  }

  /** Runs `work` while no other mapping may come to have the source and the function of this one. */
  async #claiming<Value>(definition: MappingDefinition, work: () => Promise<Value>): Promise<Value> {
    const others = [...this.#mappings.all.map((mapping) => mapping.definition), ...this.#coming];
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
}

/** What a file says is changed in the file: at the next start it would be undone. */
function refuseOwned({ owner, name }: MappingDefinition): void {
  if (owner.kind !== 'file') return;
  throw new ResourceRefusal(
    'ResourceConflictException',
    `The event source mapping is ${name} of the configuration file ${basename(owner.file)}; change it there. Only Enabled and tags can be changed over the API.`,
  );
}
