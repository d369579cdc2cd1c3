import { SeededRandom } from '../../src/index.ts';
import { drawActions, drawTraffic, drawWallJumps } from './draw-events.ts';
import { withOutages } from './draw-outages.ts';
import type { Behaviour, FaultRates, FunctionPlan, MappingFields, MappingPlan, Plan, QueuePlan } from './plan.ts';

const NO_FAULTS: FaultRates = {
  throttled: 0,
  lostRequest: 0,
  lostReply: 0,
  slow: 0,
  slowMs: 0,
  entryRetryable: 0,
  entryFinal: 0,
  duplicate: 0,
};

const SOUND: Behaviour = {
  workMs: [1, 200],
  functionError: 0,
  timeout: 0,
  hang: 0,
  hangMs: 0,
  partial: 0,
  odd: 0,
  throttled: 0,
  serviceError: 0,
  terminal: 0,
  lateEnd: 0,
};

/** Everything that happens in the world of one seed. */
export function drawPlan(seed: number): Plan {
  const random = new SeededRandom(Math.imul(seed, 0x9e3779b1));
  for (let turn = 0; turn < 4; turn += 1) random.next();
  if (random.chance(0.12)) return drawIsolation(seed, random);
  const plan = drawRough(seed, random);
  const rough = random.chance(0.06) ? clogged(plan) : plan;
  return withOutages(rough, new SeededRandom(Math.imul(seed, 0x85ebca6b)));
}

/** Handlers that do not stop and replies that come late: what was received waits until its deadline has passed. */
function clogged(plan: Plan): Plan {
  return {
    ...plan,
    faultsEndAt: Math.max(plan.faultsEndAt, 120_000),
    functions: plan.functions.map((definition) => ({
      ...definition,
      timeoutSeconds: 1,
      behaviour: { ...SOUND, hang: 0.4, hangMs: 120_000 },
    })),
    mappings: plan.mappings.map((mapping) => ({
      ...mapping,
      queue: { ...mapping.queue, maxReceiveCount: undefined },
      fields: {
        ...mapping.fields,
        ...(mapping.queue.fifo ? {} : { maximumBatchingWindowInSeconds: 1 }),
        scalingConfig: { maximumConcurrency: 2 },
      },
      faults: { ...NO_FAULTS, slow: 0.6, slowMs: 15_000 },
    })),
  };
}

function drawRough(seed: number, random: SeededRandom): Plan {
  const faultsEndAt = random.integer(20, 180) * 1000;
  const isMarathon = random.chance(0.02);
  const shared = random.chance(0.5);
  const count = isMarathon ? 1 : random.pick([1, 1, 2, 2, 3]);
  const functions: FunctionPlan[] = [];
  const mappings: MappingPlan[] = [];
  for (let index = 0; index < count; index += 1) {
    if (functions.length === 0 || !shared) functions.push(drawFunction(random, functions.length, faultsEndAt, isMarathon));
    const target = functions.at(-1);
    if (target === undefined) continue;
    mappings.push(drawMapping(random, index, target, faultsEndAt, isMarathon));
  }
  return {
    seed,
    functions,
    mappings,
    traffic: drawTraffic(random, mappings, faultsEndAt),
    actions: drawActions(random, mappings, faultsEndAt),
    faultsEndAt,
    wallJumps: random.chance(0.1) ? drawWallJumps(random, faultsEndAt) : [],
    stopTimeoutMs: random.pick([0, 500, 2000, 5000, 30_000]),
    bufferRecords: random.chance(0.1) ? random.integer(1, 25) : undefined,
    latencyMs: random.pick([0, 0, 5, 50]),
  };
}

/** A mapping in trouble beside one that is well, which must not feel it (R12). */
function drawIsolation(seed: number, random: SeededRandom): Plan {
  const faultsEndAt = random.integer(30, 90) * 1000;
  const shared = random.chance(0.5);
  const reserved = shared ? random.integer(1, 3) : undefined;
  const well: FunctionPlan = { name: 'f0', timeoutSeconds: 10, reserved, behaviour: SOUND };
  const functions = shared ? [well] : [well, drawFunction(random, 1, faultsEndAt, false)];
  const window = random.pick([0, 0, 1, 3]);
  const healthy: MappingPlan = {
    name: 'm0',
    queue: { name: 'q0', fifo: false, visibilitySeconds: 30, delaySeconds: 0, maxReceiveCount: undefined },
    functionName: 'f0',
    fields: { batchSize: random.integer(2, 10), maximumBatchingWindowInSeconds: window },
    faults: NO_FAULTS,
    missing: [],
    latencyBoundMs: window * 1000 + (shared ? 12_000 : 4000),
  };
  const other = drawMapping(random, 1, functions.at(-1) ?? well, faultsEndAt, false);
  // On a shared function only a source in trouble is foreign to the healthy mapping; slow handlers and replies take its share rightly.
  const bad = shared
    ? { ...other, queue: { ...other.queue, maxReceiveCount: undefined }, faults: { ...NO_FAULTS, throttled: 0.3, lostRequest: 0.3 } }
    : other;
  const missing: MappingPlan['missing'] = random.chance(0.7) ? [[random.integer(0, 20) * 1000, faultsEndAt]] : [];
  const mappings = [healthy, { ...bad, missing }];
  const traffic = drawTraffic(random, mappings, faultsEndAt).filter(({ mapping }) => !shared || mapping === 'm0');
  return {
    seed,
    functions,
    mappings,
    traffic: traffic.map((send) => (send.mapping === 'm0' ? { ...send, poison: false, padding: 0 } : send)),
    actions: [],
    faultsEndAt,
    wallJumps: [],
    stopTimeoutMs: 30_000,
    bufferRecords: undefined,
    latencyMs: random.pick([0, 5]),
  };
}

function drawFunction(random: SeededRandom, index: number, faultsEndAt: number, isMarathon: boolean): FunctionPlan {
  const timeoutSeconds = random.pick([1, 3, 3, 10, 60]);
  const rate = (most: number, share = 0.4): number => (random.chance(share) ? random.next() * most : 0);
  const behaviour: Behaviour = {
    workMs: random.pick([
      [1, 50],
      [1, 1000],
      [100, 900],
      [500, Math.min(8000, timeoutSeconds * 900)],
    ]),
    functionError: rate(0.3),
    timeout: rate(0.2),
    hang: isMarathon ? 1 : rate(0.1),
    hangMs: isMarathon ? 46_800_000 : Math.min(faultsEndAt, random.integer(5, 120) * 1000),
    partial: rate(0.5),
    odd: rate(0.5),
    throttled: rate(0.4),
    serviceError: rate(0.2),
    terminal: rate(0.1, 0.2),
    lateEnd: rate(0.5, 0.3),
  };
  const reserved = random.chance(0.5) ? random.pick([1, 1, 2, 3, 5]) : undefined;
  return { name: `f${String(index)}`, timeoutSeconds, reserved, behaviour };
}

function drawMapping(random: SeededRandom, index: number, target: FunctionPlan, faultsEndAt: number, isMarathon: boolean): MappingPlan {
  const fifo = random.chance(0.45);
  const queue: QueuePlan = {
    name: `q${String(index)}${fifo ? '.fifo' : ''}`,
    fifo,
    visibilitySeconds: isMarathon ? 3600 : random.pick([0, 1, 2, 3, 5, 10, 30, 60]),
    delaySeconds: random.chance(0.1) ? random.integer(1, 5) : 0,
    maxReceiveCount: random.chance(0.5) ? random.pick([1, 2, 3, 5]) : undefined,
  };
  const missing: (readonly [number, number])[] = [];
  if (random.chance(0.15))
    missing.push([random.chance(0.5) ? 0 : random.integer(1, 60) * 1000, random.integer(5, faultsEndAt / 1000) * 1000]);
  return {
    name: `m${String(index)}`,
    queue,
    functionName: target.name,
    fields: drawFields(random, fifo, isMarathon),
    faults: drawFaults(random),
    missing,
    latencyBoundMs: undefined,
  };
}

function drawFields(random: SeededRandom, fifo: boolean, isMarathon: boolean): MappingFields {
  const window = fifo ? 0 : random.pick([0, 0, 0, 1, 2, 5, 20]);
  const batchSize = window > 0 ? random.pick([1, 5, 10, 25, 100]) : random.pick([1, 2, 5, 10, 10]);
  const baseSeconds = random.pick([0, 1, 5]);
  return {
    batchSize,
    maximumBatchingWindowInSeconds: window,
    heartbeat: isMarathon || random.chance(0.6),
    ...(random.chance(0.5) ? { functionResponseTypes: ['ReportBatchItemFailures' as const] } : {}),
    ...(random.chance(0.35) ? { scalingConfig: { maximumConcurrency: random.pick([2, 2, 3, 6]) } } : {}),
    ...(fifo && random.chance(0.4) ? { groupQuarantine: true } : {}),
    ...(random.chance(0.2) ? { retryBackoff: { baseSeconds, maxSeconds: random.integer(5, 40) } } : {}),
    ...(random.chance(0.1) ? { abandonAfterSeconds: random.integer(0, 20) } : {}),
  };
}

function drawFaults(random: SeededRandom): FaultRates {
  if (random.chance(0.3)) return NO_FAULTS;
  const rate = (most: number): number => (random.chance(0.5) ? random.next() * most : 0);
  return {
    throttled: rate(0.2),
    lostRequest: rate(0.2),
    lostReply: rate(0.2),
    slow: rate(0.3),
    slowMs: random.pick([200, 2000, 15_000]),
    entryRetryable: rate(0.4),
    entryFinal: rate(0.2),
    duplicate: rate(0.3),
  };
}
