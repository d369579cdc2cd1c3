import type { SeededRandom } from '../../../src/index.ts';
import type { Outage, StreamAction, StreamMapping, StreamOfPlan, StreamPlan, StreamSend } from './plan.ts';

/** When faults end, ms. */
export const FAULTS_MS = 180_000;
/** When the last record is put, ms: some come after the faults. */
const TRAFFIC_MS = 200_000;
/** No killer comes before this, ms: it would end every process that has stored nothing yet. */
const KILLERS_FROM_MS = 15_000;
/** Sizes at and around what an event takes, bytes: three, two and one of them fill it to the last byte. */
const SIZES = [1_000_000, 2_097_147, 3_145_721, 6_291_442, 6_291_443, 9_000_000];

export function drawTraffic(random: SeededRandom, streams: readonly StreamOfPlan[], mappings: readonly StreamMapping[]): StreamSend[] {
  const keys = random.pick([1, 4, 12, 40]);
  const poison = random.pick([0, 0.02, 0.06]);
  const large = random.pick([0, 0, 0, 0.05, 0.3]);
  const first = mappings[0];
  let killers = first === undefined || first.fields.maximumRetryAttempts < 0 ? 0 : random.pick([0, 0, 1, 2]);
  const bursts = Array.from({ length: random.integer(2, 10) }, () => ({ at: random.integer(0, TRAFFIC_MS), count: random.integer(1, 30) }));
  const sends = bursts.flatMap(({ at, count }) => {
    const span = random.pick([0, 10, 5000]);
    const stream = random.pick(streams).name;
    return Array.from({ length: count }, () => ({
      at: at + random.integer(0, span),
      stream,
      key: `key ${String(random.integer(1, keys))}`,
      bytes: random.chance(large) ? random.pick(SIZES) : 0,
    }));
  });
  return sends
    .toSorted((a, b) => a.at - b.at)
    .map((send) => {
      const killer = killers > 0 && send.at > KILLERS_FROM_MS && send.stream === first?.stream && random.chance(0.1);
      if (killer) killers -= 1;
      return { ...send, poison: !killer && random.chance(poison), killer, kind: 'order' };
    });
}

export function drawActions(random: SeededRandom, streams: readonly StreamOfPlan[], isShort: boolean): StreamAction[] {
  const at = (): number => random.integer(5000, FAULTS_MS);
  const some = (most: number, make: () => StreamAction): StreamAction[] => Array.from({ length: random.integer(0, most) }, make);
  const pick = (kind: 'split' | 'merge' | 'expire' | 'trim' | 'recreate') => (): StreamAction => {
    return { kind, at: at(), stream: random.pick(streams).name, pick: random.next() };
  };
  const long = isShort ? [20_000, 60_000, 90_000] : [];
  return [
    ...some(4, () => ({ kind: 'crash', at: at(), afterTouches: random.integer(0, 200), downMs: random.pick([0, 1000, 10_000, ...long]) })),
    ...some(2, () => ({ kind: 'stop', at: at(), timeoutMs: random.pick([0, 500, 20_000]), downMs: random.pick([0, 3000, ...long]) })),
    ...(random.chance(0.25) ? some(2, () => ({ kind: 'freeze', at: at(), forMs: random.integer(1000, 40_000) })) : []),
    ...some(3, pick('split')),
    ...some(3, pick('merge')),
    ...some(3, pick('expire')),
    ...some(3, pick('trim')),
    ...(random.chance(0.15) ? [pick('recreate')()] : []),
  ].toSorted((a, b) => a.at - b.at);
}

/** With a short retention some of them outlast it. */
export function drawOutages(random: SeededRandom, isShort: boolean): Outage[] {
  if (!random.chance(isShort ? 0.6 : 0.15)) return [];
  return Array.from({ length: random.integer(1, 2) }, () => {
    const from = random.integer(5000, FAULTS_MS - 20_000);
    const what = random.pick(['reads', 'functions', 'functions', 'destinations'] as const);
    return { what, from, to: Math.min(FAULTS_MS, from + random.pick([10_000, 60_000, 110_000])) };
  });
}

/**
 * The stream and the engine have one wall clock here. Steps back are for TRIM_HORIZON and long retention only: what arrives before
 * the instant that a start names need not be read, and trimming is judged by arrivals.
 */
export function drawWallJumps(random: SeededRandom, mappings: readonly StreamMapping[], isShort: boolean): StreamPlan['wallJumps'] {
  if (!random.chance(0.3)) return [];
  const mayStepBack = !isShort && mappings.every(({ fields }) => fields.startingPosition === 'TRIM_HORIZON');
  return Array.from({ length: random.integer(1, 3) }, () => {
    const ahead = random.pick([1000, 30_000, 3_600_000]);
    return { at: random.integer(1000, FAULTS_MS), byMs: mayStepBack && random.chance(0.5) ? -ahead : ahead };
  });
}
