import { SeededRandom } from '../../../src/index.ts';
import { drawRemote, REMOTE_SHARE } from '../draw-outages.ts';
import type { Behaviour } from '../plan.ts';
import type { Outage, StreamFields, StreamFunction } from '../streams/plan.ts';
import type { TopicAction, TopicFaults, TopicOfPlan, TopicPlan, TopicSend } from './plan.ts';

const DAY_MS = 86_400_000;
/** When faults end, ms. */
const FAULTS_MS = 180_000;
/** When the last record is produced, ms: some come after the faults. */
const TRAFFIC_MS = 200_000;
/** No killer comes before this, ms. */
const KILLERS_FROM_MS = 15_000;
/** Sizes at and around what an event takes, bytes. */
const SIZES = [1_000_000, 2_000_000, 3_145_000, 6_200_000, 6_291_456, 9_000_000];
/** The most processes of a world. */
const PROCESSES_MAX = 3;

/** Draws a world. The same seed gives the same world, always. */
export function drawTopicPlan(seed: number): TopicPlan {
  const plan = drawPlain(seed);
  const random = new SeededRandom(Math.imul(seed, 0x85ebca6b));
  for (let turn = 0; turn < 4; turn += 1) random.next();
  return random.chance(REMOTE_SHARE) ? { ...plan, fn: { ...plan.fn, remote: drawRemote(FAULTS_MS, random) } } : plan;
}

/** A world whose function is in the processes of the engines. */
function drawPlain(seed: number): TopicPlan {
  const random = new SeededRandom(seed ^ 0x70_91_c5);
  const topic = drawTopic(random);
  const fn = drawFunction(random);
  const fields = drawFields(random);
  const faults = drawFaults(random);
  const processes = Array.from({ length: random.pick([1, 2, 2, 2, 3, 3]) }, (_, index) =>
    index === 0 ? random.integer(0, 5000) : random.integer(0, 60_000),
  );
  return {
    seed,
    topic,
    fn,
    mappings: [{ name: 'm1', stream: topic.name, functionName: fn.name, fields, factors: drawFactors(random) }],
    faults,
    outages: drawOutages(random, faults.storeError > 0),
    traffic: drawTraffic(random, fields),
    actions: drawActions(random, processes.length),
    wallJumps: [],
    processes,
    faultsEndAt: FAULTS_MS,
    latencyMs: random.pick([0, 0, 3, 20]),
    pageRecords: random.pick([1, 3, 20, 10_000]),
    bufferRecords: random.chance(0.2) && fields.maximumBatchingWindowInSeconds <= 5 ? random.pick([5, 30]) : undefined,
  };
}

function drawTopic(random: SeededRandom): TopicOfPlan {
  return {
    name: 'orders',
    partitions: random.integer(1, 6),
    retentionMs: random.chance(0.2) ? random.pick([45_000, 70_000]) : DAY_MS,
    sessionTimeoutMs: random.pick([6000, 10_000, 30_000]),
    // Just before the number of digits grows.
    firstOffset: random.pick([0, 0, 5, 95, 9990]),
    isCommittedOnly: random.chance(0.3),
  };
}

function drawFunction(random: SeededRandom): StreamFunction {
  return {
    name: 'work1',
    timeoutSeconds: random.pick([1, 3, 10]),
    reserved: random.pick([0, 0, 0, 1, 3]) || undefined,
    behaviour: drawBehaviour(random),
    largeState: 0,
  };
}

function drawFactors(random: SeededRandom): number[] {
  if (random.chance(0.6)) return [random.pick([1, 1, 2, 4, 10, 100])];
  return Array.from({ length: 4 }, () => random.pick([1, 2, 4, 10, 100]));
}

function drawFields(random: SeededRandom): StreamFields {
  return {
    batchSize: random.pick([1, 2, 3, 5, 10, 100]),
    maximumBatchingWindowInSeconds: random.pick([0, 0, 0, 1, 1, 5, 30]),
    maximumRetryAttempts: random.pick([-1, -1, 0, 1, 3]),
    maximumRecordAgeInSeconds: random.pick([-1, -1, -1, 60, 120]),
    bisectBatchOnFunctionError: random.chance(0.4),
    partial: random.chance(0.4),
    checkpointIntervalMs: random.pick([0, 20, 1000, 1000]),
    startingPosition: random.pick(['TRIM_HORIZON', 'TRIM_HORIZON', 'TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const),
    onDestinationFailure: random.pick(['hold', 'hold', 'drop'] as const),
    onTrimmed: random.pick(['stop', 'resumeAtTrimHorizon'] as const),
    tumblingWindowInSeconds: 0,
    isFiltered: random.chance(0.2),
  };
}

function drawBehaviour(random: SeededRandom): Behaviour {
  const rate = (most: number): number => (random.chance(0.5) ? 0 : random.next() * most);
  return {
    workMs: random.pick([
      [0, 0],
      [1, 50],
      [10, 900],
      [500, 9000],
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

function drawFaults(random: SeededRandom): TopicFaults {
  const rate = (most: number): number => (random.chance(0.5) ? 0 : random.next() * most);
  const areCommitsSound = random.chance(0.5);
  const areReadsSound = random.chance(0.3);
  const storeError = areCommitsSound ? 0 : rate(0.2);
  return {
    trouble: areReadsSound ? 0 : rate(0.1),
    readError: areReadsSound ? 0 : rate(0.1),
    slowRead: areReadsSound ? 0 : rate(0.05),
    emptyPage: rate(0.2),
    listError: rate(0.3),
    storeError,
    storeLostReply: areCommitsSound ? 0 : rate(0.2),
    commitPart: storeError > 0 ? rate(0.2) : 0,
    destinationError: rate(0.6),
    destinationLostReply: rate(0.2),
    destinationHang: rate(0.3),
  };
}

function drawOutages(random: SeededRandom, mayCommitsFail: boolean): Outage[] {
  if (!random.chance(mayCommitsFail ? 0.7 : 0.2)) return [];
  return Array.from({ length: random.integer(1, 2) }, () => {
    const from = random.integer(5000, FAULTS_MS - 20_000);
    const what = mayCommitsFail ? 'commits' : random.pick(['reads', 'functions', 'functions', 'destinations'] as const);
    return { what, from, to: Math.min(FAULTS_MS, from + random.pick([10_000, 60_000])) };
  });
}

function drawTraffic(random: SeededRandom, fields: StreamFields): TopicSend[] {
  const keys = random.pick([1, 4, 12, 40]);
  const keyless = random.pick([0, 0, 0.2, 1]);
  const poison = random.pick([0, 0.02, 0.06]);
  const large = random.pick([0, 0, 0, 0.05, 0.3]);
  const wanted = fields.isFiltered ? random.pick([0, 0.5, 0.9]) : 1;
  let killers = fields.maximumRetryAttempts < 0 ? 0 : random.pick([0, 0, 1, 2]);
  const bursts = Array.from({ length: random.integer(2, 12) }, () => ({ at: random.integer(0, TRAFFIC_MS), count: random.integer(1, 40) }));
  const sends = bursts.flatMap(({ at, count }) => {
    const span = random.pick([0, 10, 5000]);
    return Array.from({ length: count }, () => ({
      at: at + random.integer(0, span),
      pick: random.next(),
      key: random.chance(keyless) ? undefined : random.integer(1, keys),
      bytes: random.chance(large) ? random.pick(SIZES) : 0,
    }));
  });
  return sends
    .toSorted((a, b) => a.at - b.at)
    .map((send) => {
      const killer = killers > 0 && send.at > KILLERS_FROM_MS && random.chance(0.1);
      if (killer) killers -= 1;
      const kind = killer || random.chance(wanted) ? 'order' : random.pick(['chat', 'plain', 'no text'] as const);
      return { ...send, poison: !killer && random.chance(poison), killer, kind };
    });
}

function drawActions(random: SeededRandom, processes: number): TopicAction[] {
  const at = (): number => random.integer(5000, FAULTS_MS);
  const some = (most: number, make: () => TopicAction): TopicAction[] => Array.from({ length: random.integer(0, most) }, make);
  const process = (): number => random.integer(0, Math.min(processes, PROCESSES_MAX) - 1);
  const touches = (): number => random.integer(0, 60);
  const topic = (kind: 'add' | 'trim' | 'skip' | 'abort') => (): TopicAction => {
    return { kind, at: at(), pick: random.next(), count: random.integer(1, 3) };
  };
  const member = (kind: 'expire' | 'rebalance') => (): TopicAction => ({ kind, at: at(), process: process(), afterTouches: touches() });
  return [
    ...some(4, () => ({
      kind: 'crash',
      at: at(),
      process: process(),
      afterTouches: random.integer(0, 200),
      downMs: random.pick([0, 1000, 10_000, 40_000]),
    })),
    ...some(4, () => ({
      kind: 'stop',
      at: at(),
      process: process(),
      timeoutMs: random.pick([0, 500, 20_000]),
      downMs: random.pick([0, 3000, 20_000]),
    })),
    ...(random.chance(0.3) ? some(2, () => ({ kind: 'freeze', at: at(), process: process(), forMs: random.integer(1000, 40_000) })) : []),
    ...some(6, member('rebalance')),
    ...(random.chance(0.5) ? some(3, member('expire')) : []),
    ...(random.chance(0.3) ? some(2, topic('add')) : []),
    ...some(3, topic('trim')),
    ...some(4, topic('skip')),
    ...some(4, topic('abort')),
  ].toSorted((a, b) => a.at - b.at);
}
