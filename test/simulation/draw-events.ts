import type { SeededRandom } from '../../src/index.ts';
import type { Action, MappingPlan, Plan, Send } from './plan.ts';

/** Bursts and trickles of messages until the faults end. */
export function drawTraffic(random: SeededRandom, mappings: readonly MappingPlan[], untilMs: number): Send[] {
  const sends: Send[] = [];
  for (const mapping of mappings) {
    const groups = random.pick([1, 2, 5, 20]);
    const poisonRate = random.chance(0.35) ? random.next() * 0.15 : 0;
    const large = random.chance(0.04) ? random.integer(1, 4) : 0;
    const bursts = random.integer(1, 6);
    for (let burst = 0; burst < bursts; burst += 1) {
      let at = random.integer(0, untilMs);
      const count = random.pick([1, 3, 8, 20, 30]);
      const gapMs = random.pick([0, 0, 20, 300, 2500]);
      for (let index = 0; index < count; index += 1) {
        sends.push({ ...drawSend(random, mapping, groups), at, poison: random.chance(poisonRate) });
        at = Math.min(untilMs, at + random.integer(0, gapMs));
      }
    }
    for (let index = 0; index < large; index += 1) {
      const padding = random.pick([300_000, 524_000, 700_000, 1_048_500]);
      sends.push({ ...drawSend(random, mapping, groups), at: random.integer(0, untilMs), padding });
    }
  }
  return sends.sort((a, b) => a.at - b.at);
}

function drawSend(random: SeededRandom, mapping: MappingPlan, groups: number): Send {
  const { fifo } = mapping.queue;
  return {
    at: 0,
    mapping: mapping.name,
    group: fifo ? `g${String(random.integer(0, groups - 1))}` : undefined,
    delaySeconds: !fifo && random.chance(0.05) ? random.integer(1, 15) : 0,
    poison: false,
    padding: 0,
  };
}

/** Crashes, stops and changes of mappings. */
export function drawActions(random: SeededRandom, mappings: readonly MappingPlan[], untilMs: number): Action[] {
  const actions: Action[] = [];
  const times = random.pick([0, 0, 1, 2, 4, 8]);
  for (let index = 0; index < times; index += 1) {
    const at = random.integer(0, untilMs);
    const kind = random.pick(['crash', 'crash', 'disable', 'disable', 'stop'] as const);
    const timeoutMs = random.pick([0, 0, 300, 2000, 10_000, 30_000]);
    const pauseMs = random.pick([0, 100, 5000]);
    if (kind === 'crash') actions.push({ kind, at, afterTouches: random.integer(0, 60), downMs: pauseMs });
    else if (kind === 'disable') actions.push({ kind, at, mapping: random.pick(mappings).name, timeoutMs, pauseMs });
    else {
      const secondMs = random.chance(0.3) ? random.integer(0, 1000) : undefined;
      actions.push({ kind, at, timeoutMs, secondMs, downMs: pauseMs });
    }
  }
  return actions.sort((a, b) => a.at - b.at);
}

/** Steps of the wall clock, either way, up to years. */
export function drawWallJumps(random: SeededRandom, untilMs: number): Plan['wallJumps'] {
  const sizes = [1000, 60_000, 3_600_000, 86_400_000, 31_536_000_000];
  return Array.from({ length: random.integer(1, 5) }, () => ({
    at: random.integer(0, untilMs),
    byMs: random.pick(sizes) * random.pick([-1, 1]),
  }));
}
