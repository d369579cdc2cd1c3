import type { Clock, EngineListener, ErrorExplanation, Finding, MappingSnapshot } from '../contract/index.ts';
import { lagOf } from './lag.ts';
import { LossForecast } from './loss-forecast.ts';
import type { Measured, MeasuredLag, MeterListener } from './meter-listener.ts';
import { Recollection } from './recollection.ts';
import { EVENT_LOOP_DELAY_MS, Watchdog } from './watchdog.ts';

/** What an observatory works with. */
export interface ObservatoryParts {
  readonly clock: Clock;
  readonly meters: MeterListener;
  /** Tells what the watchdog finds. */
  readonly tell: EngineListener;
}

interface Forecast {
  readonly forecast: LossForecast;
  secondsToLoss: number | undefined;
}

/** Looks at all mappings of an engine now and then: the watchdog, the forecasts of loss, the metrics that show how things are. */
export class Observatory {
  readonly #parts: ObservatoryParts;
  readonly #recollection: Recollection;
  readonly #watchdog = new Watchdog();
  /** By mapping, then by shard. */
  readonly #forecasts = new Map<string, Map<string, Forecast>>();

  constructor(parts: ObservatoryParts) {
    this.#parts = parts;
    this.#recollection = new Recollection(parts.clock);
  }

  /** Takes note of what happens. */
  get listener(): EngineListener {
    return this.#recollection.listener;
  }

  get findings(): readonly Finding[] {
    return this.#watchdog.findings;
  }

  findingsOf(mapping: string): readonly Finding[] {
    return this.#watchdog.findingsOf(mapping);
  }

  lastErrorOf(mapping: string, shardId?: string): ErrorExplanation | undefined {
    return this.#recollection.lastErrorOf(mapping, shardId);
  }

  batchAgeOf(mapping: string): number | undefined {
    return this.#recollection.batchAgeOf(mapping);
  }

  secondsToLossOf(mapping: string, shardId: string): number | undefined {
    return this.#forecasts.get(mapping)?.get(shardId)?.secondsToLoss;
  }

  #eventLoopDelayMs: number | undefined;

  /** How long the process did not get round to its work before the last look, ms, where that was too long. */
  get eventLoopDelayMs(): number | undefined {
    return this.#eventLoopDelayMs;
  }

  /**
   * One look at all mappings. `eventLoopDelayMs`: the longest delay since the last look, where somebody measures it. What is not
   * among them is forgotten.
   */
  look(mappings: readonly MappingSnapshot[], eventLoopDelayMs?: number): readonly Finding[] {
    const { clock, meters, tell } = this.#parts;
    const now = clock.monotonic();
    const wall = clock.wall();
    this.#eventLoopDelayMs = eventLoopDelayMs !== undefined && eventLoopDelayMs > EVENT_LOOP_DELAY_MS ? eventLoopDelayMs : undefined;
    const lags = mappings.map((mapping) => this.#measure(mapping, now, wall));
    const shardsOf = new Map(mappings.map(({ name, shards }) => [name, new Set(shards.map(({ shardId }) => shardId))]));
    this.#recollection.keepOnly(shardsOf);
    for (const [name, forecasts] of this.#forecasts) {
      const there = shardsOf.get(name);
      if (there === undefined) this.#forecasts.delete(name);
      else for (const shardId of forecasts.keys()) if (!there.has(shardId)) forecasts.delete(shardId);
    }
    const secondsToLossOf = (mapping: string, shardId: string): number | undefined => this.secondsToLossOf(mapping, shardId);
    const { found, over } = this.#watchdog.look(mappings, { now, wall, eventLoopDelayMs, secondsToLossOf });
    for (const finding of found) tell('watchdog.finding', withoutInstant(finding, false));
    for (const finding of over) tell('watchdog.finding', withoutInstant(finding, true));
    const { findings } = this;
    const counts = new Map<string | undefined, number>();
    for (const { mapping } of findings) counts.set(mapping, (counts.get(mapping) ?? 0) + 1);
    meters.measure(
      mappings.map((mapping, index): Measured => ({ mapping, findings: counts.get(mapping.name) ?? 0, shards: lags[index] ?? new Map() })),
      eventLoopDelayMs,
    );
    return findings;
  }

  #measure({ name, shards, retentionMs }: MappingSnapshot, now: number, wall: number): ReadonlyMap<string, MeasuredLag> {
    if (shards.length === 0) return NO_SHARDS;
    const forecasts = this.#forecasts.get(name) ?? new Map<string, Forecast>();
    this.#forecasts.set(name, forecasts);
    return new Map(
      shards.map((shard): [string, MeasuredLag] => {
        const lag = lagOf(shard, now, wall);
        const known = forecasts.get(shard.shardId) ?? { forecast: new LossForecast(), secondsToLoss: undefined };
        forecasts.set(shard.shardId, known);
        const lagMs = lag.seconds === undefined ? undefined : lag.seconds * 1000;
        known.secondsToLoss = retentionMs === undefined ? undefined : known.forecast.look(lagMs, retentionMs, now);
        return [shard.shardId, { lag, secondsToLoss: known.secondsToLoss }];
      }),
    );
  }
}

const NO_SHARDS: ReadonlyMap<string, MeasuredLag> = new Map();

function withoutInstant({ kind, mapping, part, text, severity }: Finding, isOver: boolean): Omit<Finding, 'foundAt'> & { isOver: boolean } {
  return { kind, mapping, part, text, severity, isOver };
}
