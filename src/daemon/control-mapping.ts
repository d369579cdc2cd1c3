import { type Clock, ConfigError, type Logger, type MappingExplanation, type MappingState, type StateStore } from '../contract/index.ts';
import type { CoreEngine } from '../engine/index.ts';
import type { Latch } from '../kit/index.ts';
import { type Deferred, deferred, sleep } from '../kit/index.ts';
import type { Mapping } from '../mapping/index.ts';
import { configurationOf, type MappingDefinition } from '../resource/index.ts';
import { addToEngine, closeOpen, entryOf } from './control-opening.ts';
import type { OpenMapping } from './open-mappings.ts';
import { explainUnopened } from './unopened.ts';

/** Between tries to remove the state of a mapping from a store that fails, ms. */
const REMOVE_RETRY_MS = 1000;
/** AWS's text while nothing has been processed. */
const NONE_YET = 'No records processed';

/** What the mappings of a control share. */
export interface LiveParts {
  readonly engine: CoreEngine;
  readonly clock: Clock;
  readonly store: StateStore;
  readonly logger: Logger;
  /** Set when the daemon ends. */
  readonly closing: Latch;
  readonly open: (definition: MappingDefinition) => Promise<OpenMapping>;
  /** Ends long polls of an embedded queue, which lose nothing by it. */
  readonly hurry: (mapping: OpenMapping) => void;
  readonly onGone: (mapping: LiveMapping) => void;
}

/**
 * One mapping of the daemon: what it is to be, and what the engine has of it. Changes are accepted at once and carried out in the
 * background, one after another, always towards the last one: whatever comes between is passed over.
 */
export class LiveMapping {
  readonly #parts: LiveParts;
  #definition: MappingDefinition;
  #version: number;
  #doubtful: string | undefined;
  #lastModified: number;
  /** What the last answer said, until it has come to rest. */
  #transition: MappingState | undefined;
  #mapping: Mapping | undefined;
  #opened: OpenMapping | undefined;
  /** What the engine has. */
  #applied: MappingDefinition | undefined;
  #prepared: OpenMapping | undefined;
  #isStale = false;
  /** It has been deleted: its name may be another's by now. */
  #isGone = false;
  #working: Promise<void> | undefined;
  /** Ends a change that waits for its turn. */
  #turn: Promise<unknown> = Promise.resolve();
  #resultBefore: string | undefined;
  #problem: string | undefined;
  /** Since when, epoch ms. */
  #problemSince = 0;

  constructor(parts: LiveParts, definition: MappingDefinition, version: number) {
    this.#parts = parts;
    this.#definition = definition;
    this.#version = version;
    this.#lastModified = definition.lastModified;
  }

  get definition(): MappingDefinition {
    return this.#definition;
  }

  /** Its version in the store. */
  get version(): number {
    return this.#version;
  }

  /** What was to be stored last, while nobody knows whether it is. */
  get doubtful(): string | undefined {
    return this.#doubtful;
  }

  /** A write of `data` was not answered. */
  doubt(data: string): void {
    this.#doubtful = data;
  }

  /** It is known again which version the store has. */
  settle(version: number): void {
    this.#version = version;
    this.#doubtful = undefined;
  }

  get state(): MappingState {
    const { isDeleting, enabled } = this.#definition;
    if (isDeleting) return 'Deleting';
    const running = this.#mapping?.state ?? 'Disabled';
    const isAtRest = this.#working === undefined && running === (enabled ? 'Enabled' : 'Disabled');
    if (isAtRest) this.#transition = undefined;
    if (this.#transition !== undefined) return this.#transition;
    return enabled && running === 'Disabled' ? 'Creating' : running;
  }

  /** EventSourceMappingConfiguration as it is now. */
  get configuration(): Readonly<Record<string, unknown>> {
    return configurationOf(this.#definition, { state: this.state, lastModified: this.#lastModified, lastProcessingResult: this.#result });
  }

  get #result(): string | undefined {
    if (this.#problem !== undefined) return `PROBLEM: ${this.#problem}`;
    const result = this.#mapping?.lastProcessingResult;
    return result === undefined || result === NONE_YET ? this.#resultBefore : result;
  }

  /** Why the engine does not have it; `undefined` when it has it, or will. */
  get unopened(): MappingExplanation | undefined {
    if (this.#mapping !== undefined || this.#problem === undefined) return undefined;
    const { clock } = this.#parts;
    return explainUnopened(this.#definition, this.state, { text: this.#problem, since: this.#problemSince, at: clock.wall() });
  }

  /** The engine moved it. */
  moved(): void {
    this.#lastModified = this.#parts.clock.wall();
  }

  /** Runs changes one after another, each on what the one before has made. */
  inTurn<Value>(change: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Hands what was opened already to the engine, now. Throws a ConfigError. */
  adopt(opened: OpenMapping): void {
    this.#mapping = addToEngine(this.#parts.engine, opened, this.#definition);
    this.#opened = opened;
    this.#applied = this.#definition;
  }

  /** Takes a stored change; `state` is what is said until it has been carried out. `prepared`: its parts, where they are made already. */
  accept(definition: MappingDefinition, version: number, state: MappingState | undefined, prepared?: OpenMapping): void {
    this.#definition = definition;
    this.settle(version);
    this.#lastModified = definition.lastModified;
    this.#transition = state;
    void this.#discard();
    this.#prepared = prepared;
    this.begin();
  }

  /** Takes other tags, which are nothing to the engine. */
  retagged(definition: MappingDefinition, version: number): void {
    this.#definition = definition;
    this.settle(version);
  }

  /** Resolves when it is drained; it goes on from its stored position when `until` has resolved. */
  async hold(until: Promise<void>): Promise<void> {
    const drained = deferred();
    this.#hold = { until, drained };
    this.begin();
    // What ends meanwhile is drained by its end.
    await Promise.race([drained.promise, this.#working]);
  }

  #hold: { readonly until: Promise<void>; readonly drained: Deferred } | undefined;

  /** Begins to bring the engine to what the definition says. */
  begin(): void {
    this.#isStale = true;
    this.#working ??= this.#work();
  }

  /** Tries again what could not be carried out: what it names may be there now. */
  retry(): void {
    if (this.#working !== undefined || this.#problem !== undefined) this.begin();
  }

  /** Resolves when nothing is being carried out. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Closes what was made for it. The engine has stopped. */
  async close(): Promise<void> {
    await this.#working;
    for (const opened of [this.#opened, this.#prepared]) if (opened !== undefined) await closeOpen(opened);
  }

  async #work(): Promise<void> {
    // The answer comes before the change.
    await Promise.resolve();
    while (this.#isStale && !this.#isGone && !this.#isOver()) {
      this.#isStale = false;
      try {
        await this.#apply();
        this.#problem = undefined;
      } catch (error) {
        if (this.#isOver()) break;
        if (this.#problem === undefined) this.#problemSince = this.#parts.clock.wall();
        this.#problem = error instanceof Error ? error.message : String(error);
        const fields = { mapping: this.#definition.name, ...(error instanceof ConfigError ? { problem: this.#problem } : { err: error }) };
        this.#parts.logger.error(fields, 'a mapping cannot be carried out as it was asked for');
      }
    }
    this.#working = undefined;
  }

  #isOver(): boolean {
    return this.#parts.closing.isSet;
  }

  async #apply(): Promise<void> {
    const hold = this.#hold;
    this.#hold = undefined;
    if (hold !== undefined) {
      await this.#drain();
      hold.drained.resolve();
      await hold.until;
    }
    const wanted = this.#definition;
    if (wanted.isDeleting) return this.#delete();
    const applied = this.#applied;
    if (applied === undefined || isOther(applied, wanted)) return this.#replace(wanted);
    this.#applied = wanted;
    await this.#discard();
    if (applied.enabled !== wanted.enabled) await this.#switch(wanted.enabled);
  }

  /** Closes what was made and is not needed. */
  async #discard(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared === undefined) return;
    await closeOpen(prepared).catch((error: unknown) => {
      this.#parts.logger.warn({ mapping: this.#definition.name, err: error }, 'a part could not be closed');
    });
  }

  /** What it was is drained; what it is now goes on from the stored position. */
  async #replace(wanted: MappingDefinition): Promise<void> {
    const opened = this.#prepared ?? (await this.#parts.open(wanted));
    this.#prepared = undefined;
    await this.#drain();
    if (this.#parts.closing.isSet) return closeOpen(opened);
    this.#opened = opened;
    this.#mapping = addToEngine(this.#parts.engine, opened, wanted);
    this.#applied = wanted;
  }

  async #switch(enabled: boolean): Promise<void> {
    const mapping = this.#mapping;
    if (mapping === undefined) return;
    if (enabled) {
      // It may wait for its source for ever.
      mapping.enable().catch(() => undefined);
      return;
    }
    const disabled = mapping.disable();
    this.#hurry();
    await disabled;
  }

  async #drain(): Promise<void> {
    const { engine } = this.#parts;
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#resultBefore = this.#result;
    const removed = engine.remove(this.#definition.name);
    this.#hurry();
    await removed;
    this.#mapping = undefined;
    this.#opened = undefined;
    this.#applied = undefined;
    await closeOpen(opened);
  }

  #hurry(): void {
    const opened = this.#opened;
    if (opened !== undefined) this.#parts.hurry(opened);
  }

  async #delete(): Promise<void> {
    const { store, clock, closing, logger, onGone } = this.#parts;
    await this.#discard();
    await this.#drain();
    do {
      // It is drained, whatever the store does.
      this.#hold?.drained.resolve();
      try {
        await store.removeMapping(this.#definition.name);
        this.#isGone = true;
        onGone(this);
        return;
      } catch (error) {
        logger.warn({ mapping: this.#definition.name, err: error }, 'the state of a deleted mapping could not be removed yet');
      }
    } while (await sleep(clock, REMOVE_RETRY_MS, closing));
  }
}

/** Whether the engine would have to do something else. */
function isOther(applied: MappingDefinition, wanted: MappingDefinition): boolean {
  return JSON.stringify(withoutEnabled(entryOf(applied))) !== JSON.stringify(withoutEnabled(entryOf(wanted)));
}

function withoutEnabled({ Enabled: _enabled, ...rest }: Readonly<Record<string, unknown>>): object {
  return rest;
}
