import type { SeededRandom } from '../../../src/index.ts';
import type { StreamMapping, StreamPlan, StreamSend } from './plan.ts';

const DAY_MS = 86_400_000;
/** How far a wall clock jumps in a world with windows, ms: far enough for late records. */
const JUMP_MS = 30_000;

/** Gives a world tumbling windows, filters, both or neither. */
export function drawKind(random: SeededRandom, plain: StreamPlan): StreamPlan {
  const kind = random.pick(['plain', 'plain', 'plain', 'plain', 'windows', 'windows', 'windows', 'filters', 'filters', 'both'] as const);
  const filtered = kind === 'filters' || kind === 'both' ? withFilters(random, plain) : plain;
  return kind === 'windows' || kind === 'both' ? withWindows(random, filtered) : filtered;
}

function withFilters(random: SeededRandom, plan: StreamPlan): StreamPlan {
  const wanted = random.pick([0, 0.2, 0.5, 0.9]);
  const kindOf = (): StreamSend['kind'] => (random.chance(wanted) ? 'order' : random.pick(['chat', 'chat', 'plain', 'no text'] as const));
  const traffic = plan.traffic.map((send) => ({ ...send, kind: kindOf() }));
  const mappings = plan.mappings.map((mapping, index) => {
    return { ...mapping, fields: { ...mapping.fields, isFiltered: index === 0 || random.chance(0.5) } };
  });
  return { ...plan, traffic, mappings };
}

function withWindows(random: SeededRandom, plan: StreamPlan): StreamPlan {
  const mappings = plan.mappings.map((mapping, index): StreamMapping => {
    const tumblingWindowInSeconds = index === 0 || random.chance(0.7) ? random.pick([1, 2, 5, 15, 60]) : 0;
    if (tumblingWindowInSeconds === 0) return mapping;
    return { ...mapping, factors: [1], fields: { ...mapping.fields, tumblingWindowInSeconds } };
  });
  const largeState = random.pick([0, 0, 0.02, 0.1]);
  return {
    ...plan,
    mappings,
    functions: plan.functions.map((fn) => ({ ...fn, largeState })),
    streams: plan.streams.map((stream) => ({ ...stream, retentionMs: DAY_MS })),
    wallJumps: plan.wallJumps.map(({ at, byMs }) => ({ at, byMs: Math.max(-JUMP_MS, Math.min(JUMP_MS, byMs)) })),
  };
}
