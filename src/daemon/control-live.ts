import type { MappingExplanation, MappingState, StateStore, StoredMapping } from '../contract/index.ts';
import type { CoreEngine } from '../engine/index.ts';
import { Latch } from '../kit/index.ts';
import { encodeDefinition, type MappingDefinition, ResourceRefusal } from '../resource/index.ts';
import { LiveMapping, type LiveParts } from './control-mapping.ts';
import { type OpeningContext, openDefinition } from './control-opening.ts';

/** What a control is made with. */
export interface ControlParts {
  readonly engine: CoreEngine;
  readonly store: StateStore;
  readonly context: OpeningContext;
}

/** The mappings that a daemon has now, whoever made them, and how they get into the store. */
export class LiveMappings {
  readonly #parts: ControlParts;
  readonly #live = new Map<string, LiveMapping>();
  readonly #byName = new Map<string, LiveMapping>();
  readonly #closing = new Latch();
  readonly #disabled = new Set<string>();
  readonly #stopListening: () => void;
  #liveParts: LiveParts | undefined;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.#stopListening = parts.engine.on('mapping.state', ({ mapping, to }) => {
      if (to === 'Enabled' || to === 'Disabled') this.#byName.get(mapping)?.moved();
    });
  }

  get all(): readonly LiveMapping[] {
    return [...this.#live.values()];
  }

  byUuid(uuid: string): LiveMapping | undefined {
    return this.#live.get(uuid);
  }

  byName(name: string): LiveMapping | undefined {
    return this.#byName.get(name);
  }

  /** Names of mappings that are switched off on purpose. */
  get disabled(): ReadonlySet<string> {
    return this.#disabled;
  }

  /** Mappings that the engine does not have because they cannot be carried out, such as one whose function is gone. */
  get unopened(): readonly MappingExplanation[] {
    return this.all.flatMap((mapping) => mapping.unopened ?? []);
  }

  /** The daemon is about to stop: nothing more is changed. */
  get isClosing(): boolean {
    return this.#closing.isSet;
  }

  stop(): void {
    this.#closing.set();
  }

  /** Gives back what mappings hold. The engine has stopped. */
  async close(): Promise<void> {
    this.stop();
    this.#stopListening();
    await Promise.all(this.all.map((mapping) => mapping.close()));
  }

  /** One that is stored; it is begun, accepted or adopted by the caller. */
  add(definition: MappingDefinition, version: number): LiveMapping {
    const mapping = new LiveMapping((this.#liveParts ??= this.#makeLiveParts()), definition, version);
    this.#live.set(definition.uuid, mapping);
    this.#byName.set(definition.name, mapping);
    this.noteSwitch(definition);
    return mapping;
  }

  /** A definition that counts from now on. */
  noteSwitch({ name, enabled }: MappingDefinition): void {
    if (enabled) this.#disabled.delete(name);
    else this.#disabled.add(name);
  }

  /** Stores a change of a mapping and has it carried out; `state` is what is said until then. Throws a ResourceRefusal. */
  async change(mapping: LiveMapping, definition: MappingDefinition, state: MappingState): Promise<void> {
    const version = await this.put(definition, mapping);
    this.noteSwitch(definition);
    mapping.accept(definition, version, state);
  }

  /** Stores a mapping that is new, or a change of `mapping`, and gives its version. Throws a ResourceRefusal. */
  async put(definition: MappingDefinition, mapping: LiveMapping | undefined): Promise<number> {
    if (this.#closing.isSet) throw new ResourceRefusal('ServiceException', 'The daemon is stopping.');
    const { store } = this.#parts;
    const data = encodeDefinition(definition);
    const expected = mapping === undefined ? 0 : await this.#versionOf(mapping);
    const version = await store.putMapping(definition.name, expected, data).catch((error: unknown) => {
      if (mapping !== undefined) mapping.doubt(data);
      // It may be stored, and nobody knows of it, so nobody could delete it.
      else store.removeMapping(definition.name).catch(() => undefined);
      throw error;
    });
    if (version !== undefined) return version;
    throw new ResourceRefusal(
      'ResourceConflictException',
      'Another process that shares the state store has changed this event source mapping.',
    );
  }

  /** What the store has under a name. */
  async stored(name: string): Promise<StoredMapping | undefined> {
    return (await this.#parts.store.listMappings()).find(({ id }) => id === name);
  }

  /** A write whose answer did not come may have been carried out; what another process wrote is another thing. */
  async #versionOf(mapping: LiveMapping): Promise<number> {
    if (mapping.doubtful !== undefined) {
      const stored = await this.stored(mapping.definition.name);
      mapping.settle(stored?.data === mapping.doubtful ? stored.version : mapping.version);
    }
    return mapping.version;
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
}
