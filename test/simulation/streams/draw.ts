import { SeededRandom } from '../../../src/index.ts';
import type { Behaviour } from '../plan.ts';
import type { StreamAction, StreamFaults, StreamFields, StreamPlan, StreamSend } from './plan.ts';

/** When faults end, ms. */
const FAULTS_MS = 180_000;
/** When the last record is put, ms: some come after the faults. */
const TRAFFIC_MS = 200_000;

/** Draws a world. The same seed gives the same world, always. */
export function drawStreamPlan(seed: number): StreamPlan {
  const random = new SeededRandom(seed);
  const fields = drawFields(random);
  return {
    seed,
    shards: random.integer(1, 4),
    fields,
    factors: Array.from({ length: 3 }, () => random.pick([1, 2, 4, 10])),
    timeoutSeconds: random.pick([1, 3, 10]),
    reserved: random.pick([0, 0, 1, 3]) || undefined,
    behaviour: drawBehaviour(random),
    faults: drawFaults(random),
    traffic: drawTraffic(random, fields),
    actions: drawActions(random),
    startsAt: random.integer(0, 10_000),
    faultsEndAt: FAULTS_MS,
    latencyMs: random.pick([0, 0, 3, 20]),
    pageRecords: random.pick([1, 3, 20, 10_000]),
  };
}

function drawFields(random: SeededRandom): StreamFields {
  return {
    batchSize: random.pick([1, 2, 3, 5, 10, 100]),
    maximumBatchingWindowInSeconds: random.pick([0, 0, 0, 1, 5]),
    maximumRetryAttempts: random.pick([-1, -1, 0, 1, 3]),
    maximumRecordAgeInSeconds: random.pick([-1, -1, -1, 60, 120]),
    bisectBatchOnFunctionError: random.chance(0.4),
    partial: random.chance(0.4),
    checkpointIntervalMs: random.pick([0, 20, 20, 1000]),
    startingPosition: random.pick(['TRIM_HORIZON', 'TRIM_HORIZON', 'TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const),
  };
}

function drawBehaviour(random: SeededRandom): Behaviour {
  const rate = (most: number): number => (random.chance(0.5) ? 0 : random.next() * most);
  return {
    workMs: random.pick([
      [0, 0],
      [1, 50],
      [10, 900],
    ] as const),
    functionError: rate(0.3),
    timeout: rate(0.05),
    hang: rate(0.03),
    hangMs: random.pick([2000, 30_000]),
    partial: rate(0.4),
    odd: rate(0.1),
    throttled: rate(0.1),
    serviceError: rate(0.1),
    terminal: rate(0.02),
    lateEnd: rate(0.1),
  };
}

function drawFaults(random: SeededRandom): StreamFaults {
  const rate = (most: number): number => (random.chance(0.5) ? 0 : random.next() * most);
  const isStoreSound = random.chance(0.5);
  return {
    trouble: rate(0.1),
    readError: rate(0.1),
    slowRead: rate(0.05),
    emptyPage: rate(0.2),
    listError: rate(0.3),
    storeError: isStoreSound ? 0 : rate(0.2),
    storeLostReply: isStoreSound ? 0 : rate(0.2),
    destinationError: rate(0.6),
    destinationLostReply: rate(0.2),
  };
}

function drawTraffic(random: SeededRandom, fields: StreamFields): StreamSend[] {
  const keys = random.pick([1, 4, 12, 40]);
  const poison = random.pick([0, 0.02, 0.06]);
  let killers = fields.maximumRetryAttempts < 0 ? 0 : random.pick([0, 0, 1, 2]);
  const bursts = Array.from({ length: random.integer(2, 12) }, () => ({ at: random.integer(0, TRAFFIC_MS), count: random.integer(1, 30) }));
  const sends = bursts.flatMap(({ at, count }) => {
    const span = random.pick([0, 10, 5000]);
    return Array.from({ length: count }, () => ({ at: at + random.integer(0, span), key: `key ${String(random.integer(1, keys))}` }));
  });
  return sends
    .toSorted((a, b) => a.at - b.at)
    .map((send) => {
      const killer = killers > 0 && send.at > 15_000 && random.chance(0.1);
      if (killer) killers -= 1;
      return { ...send, poison: !killer && random.chance(poison), killer };
    });
}

function drawActions(random: SeededRandom): StreamAction[] {
  const at = (): number => random.integer(5000, FAULTS_MS);
  const some = (most: number, make: () => StreamAction): StreamAction[] => Array.from({ length: random.integer(0, most) }, make);
  const pick = (kind: 'split' | 'merge' | 'expire' | 'trim' | 'recreate') => (): StreamAction => ({ kind, at: at(), pick: random.next() });
  return [
    ...some(4, () => ({ kind: 'crash', at: at(), afterTouches: random.integer(0, 200), downMs: random.pick([0, 1000, 10_000]) })),
    ...some(2, () => ({ kind: 'stop', at: at(), timeoutMs: random.pick([0, 500, 20_000]), downMs: random.pick([0, 3000]) })),
    ...(random.chance(0.25) ? some(2, () => ({ kind: 'freeze', at: at(), forMs: random.integer(1000, 40_000) })) : []),
    ...some(3, pick('split')),
    ...some(3, pick('merge')),
    ...some(3, pick('expire')),
    ...some(3, pick('trim')),
    ...(random.chance(0.1) ? [pick('recreate')()] : []),
  ].toSorted((a, b) => a.at - b.at);
}
