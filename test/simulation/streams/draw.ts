import { SeededRandom } from '../../../src/index.ts';
import { drawRemote, REMOTE_SHARE } from '../draw-outages.ts';
import type { Behaviour } from '../plan.ts';
import { drawActions, drawOutages, drawTraffic, drawWallJumps, FAULTS_MS } from './draw-events.ts';
import { drawKind } from './draw-kind.ts';
import type { StreamFaults, StreamFields, StreamFunction, StreamMapping, StreamOfPlan, StreamPlan } from './plan.ts';

const DAY_MS = 86_400_000;

/** Draws a world. The same seed gives the same world, always. */
export function drawStreamPlan(seed: number): StreamPlan {
  const plan = drawKind(new SeededRandom(seed ^ 0x3c1d), drawPlain(seed));
  const random = new SeededRandom(Math.imul(seed, 0x85ebca6b));
  for (let turn = 0; turn < 4; turn += 1) random.next();
  if (!random.chance(REMOTE_SHARE)) return plan;
  return { ...plan, functions: plan.functions.map((fn) => ({ ...fn, remote: drawRemote(FAULTS_MS, random) })) };
}

/** A world with neither tumbling windows nor filters. */
function drawPlain(seed: number): StreamPlan {
  const random = new SeededRandom(seed);
  // Short enough for an engine that is down, or kept from reading, to come too late.
  const isShort = random.chance(0.3);
  const retentionMs = isShort ? random.pick([45_000, 70_000]) : DAY_MS;
  const streams = Array.from({ length: random.pick([1, 1, 1, 2]) }, (_, index): StreamOfPlan => {
    return { name: index === 0 ? 'orders' : 'clicks', shards: random.integer(1, 4), retentionMs };
  });
  const functions = Array.from({ length: random.pick([1, 1, 2]) }, (_, index) => drawFunction(random, index));
  const count = random.pick([1, 1, 1, 1, 2, 3]);
  const mappings = Array.from({ length: Math.max(count, streams.length) }, (_, index): StreamMapping => {
    const stream = streams[index]?.name ?? random.pick(streams).name;
    const functionName = functions[index]?.name ?? random.pick(functions).name;
    return { name: `m${String(index + 1)}`, stream, functionName, fields: drawFields(random), factors: drawFactors(random) };
  });
  return {
    seed,
    streams,
    functions,
    mappings,
    faults: drawFaults(random),
    outages: drawOutages(random, isShort),
    traffic: drawTraffic(random, streams, mappings),
    actions: drawActions(random, streams, isShort),
    wallJumps: drawWallJumps(random, mappings, isShort),
    startsAt: random.integer(0, 10_000),
    faultsEndAt: FAULTS_MS,
    latencyMs: random.pick([0, 0, 3, 20]),
    pageRecords: random.pick([1, 3, 20, 10_000]),
    // A batch that waits for its window keeps what it holds: with long windows such a world would take days.
    bufferRecords:
      random.chance(0.2) && mappings.every(({ fields }) => fields.maximumBatchingWindowInSeconds <= 5)
        ? random.pick([1, 5, 30])
        : undefined,
  };
}

function drawFunction(random: SeededRandom, index: number): StreamFunction {
  return {
    name: `work${String(index + 1)}`,
    timeoutSeconds: random.pick([1, 3, 10]),
    reserved: random.pick([0, 0, 0, 1, 3]) || undefined,
    behaviour: drawBehaviour(random),
    largeState: 0,
  };
}

function drawFactors(random: SeededRandom): number[] {
  if (random.chance(0.25)) return [10, 4, 10];
  return Array.from({ length: 3 }, () => random.pick([1, 2, 4, 10]));
}

function drawFields(random: SeededRandom): StreamFields {
  return {
    batchSize: random.pick([1, 2, 3, 5, 10, 100]),
    maximumBatchingWindowInSeconds: random.pick([0, 0, 0, 0, 1, 1, 5, 5, 30, 300]),
    maximumRetryAttempts: random.pick([-1, -1, 0, 1, 3]),
    maximumRecordAgeInSeconds: random.pick([-1, -1, -1, 60, 120]),
    bisectBatchOnFunctionError: random.chance(0.4),
    partial: random.chance(0.4),
    checkpointIntervalMs: random.pick([0, 20, 20, 1000]),
    startingPosition: random.pick(['TRIM_HORIZON', 'TRIM_HORIZON', 'TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const),
    onDestinationFailure: random.pick(['hold', 'hold', 'drop'] as const),
    onTrimmed: random.pick(['stop', 'resumeAtTrimHorizon'] as const),
    tumblingWindowInSeconds: 0,
    isFiltered: false,
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
  const areReadsSound = random.chance(0.3);
  return {
    trouble: areReadsSound ? 0 : rate(0.1),
    readError: areReadsSound ? 0 : rate(0.1),
    slowRead: areReadsSound ? 0 : rate(0.05),
    emptyPage: rate(0.2),
    listError: rate(0.3),
    storeError: isStoreSound ? 0 : rate(0.2),
    storeLostReply: isStoreSound ? 0 : rate(0.2),
    destinationError: rate(0.6),
    destinationLostReply: rate(0.2),
    destinationHang: rate(0.3),
  };
}
