import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { socketSettings } from '../../adapters/shared/aws-sockets.ts';
import { emulatorClientOptions, startElasticMq } from '../support/backends/index.ts';
import { calmest, type Patience } from './calm.ts';
import { type Child, startChild } from './child.ts';
import { versionOf } from './machine.ts';
import { type Bar, type Comparison, type Contestant, OTHERS, type SuiteReport, type Summary } from './measurement.ts';
import type { BenchOptions } from './options.ts';
import { moveAway, pinningNote } from './pinning.ts';
import { alternate } from './rounds.ts';
import type { Passed } from './span.ts';
import { fill } from './sqs-filler.ts';
import type { SqsJob } from './sqs-worker.ts';
import { bar, best, per } from './statistics.ts';

const SETTINGS = [1, 4, 16] as const;
const CONCURRENCY = 16;
const BATCH = 10;
/** The handler that takes time, ms. */
const HANDLER_MS = 50;
/** What the slots can do at most while each works on its handler, messages/s. */
const HANDLER_CEILING = (CONCURRENCY * BATCH * 1000) / HANDLER_MS;
/** The queue is filled to the upper limit whenever it is below the lower one, which is more than anybody takes in a turn. */
const QUEUE_MIN = 35_000;
const QUEUE_MAX = 80_000;
/** ElasticMQ keeps what was deleted in its memory until the visibility timeout would have ended. */
const VISIBILITY_SECONDS = 30;
const RATE = 'messages/s';
const CPU = 'CPU us/message';

/** The broker and the queue. */
interface Place {
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly client: SQSClient;
  /** Process id. */
  readonly broker: number;
  readonly patience: Patience;
}

/** SQS on ElasticMQ: Millrace beside sqs-consumer and beside a loop that only receives and deletes. */
export async function sqsSuite(options: BenchOptions): Promise<SuiteReport> {
  // Here and in the children: what the SDK has to say about Node's age is no part of a measurement.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const broker = await startElasticMq();
  moveAway(broker.pid);
  const client = new SQSClient({ ...emulatorClientOptions(broker.endpoint), requestHandler: socketSettings({}, 0) });
  try {
    const create = new CreateQueueCommand({ QueueName: 'bench', Attributes: { VisibilityTimeout: String(VISIBILITY_SECONDS) } });
    const { QueueUrl: queueUrl = '' } = await client.send(create);
    const place: Place = {
      endpoint: broker.endpoint,
      queueUrl,
      client,
      broker: broker.pid,
      patience: { partners: [broker.pid], waitMs: options.waitMs },
    };
    const comparisons: Comparison[] = [];
    for (const handlerMs of [0, HANDLER_MS]) {
      const title = handlerMs === 0 ? 'no-op handler' : `${String(handlerMs)} ms handler`;
      if (!title.includes(options.only)) continue;
      const contestants = contestantsOf(place, handlerMs, options);
      comparisons.push(await alternate({ title, conditions: conditions(handlerMs), contestants, rounds: options.rounds }));
    }
    await client.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    return {
      suite: 'sqs',
      notes: [
        pinningNote(),
        'All use the same time-outs, sockets and caching of the SDK; the peers share one client, Millrace has its own two.',
      ],
      comparisons,
      bars: comparisons.flatMap(barsOf),
    };
  } finally {
    client.destroy();
    await broker.stop();
  }
}

function conditions(handlerMs: number): string {
  const handler = handlerMs === 0 ? 'a handler that does nothing' : `a handler of ${String(handlerMs)} ms a batch`;
  return `ElasticMQ, messages of 200 bytes, batches of ${String(BATCH)}, ${handler}, the queue filled before, everybody warm and at full concurrency`;
}

function contestantsOf(place: Place, handlerMs: number, options: BenchOptions): Contestant[] {
  const one = (contestant: SqsJob['contestant'], parallel: number): Contestant => {
    const { endpoint, queueUrl, broker } = place;
    const times = options.short ? { warmUpMs: 3000, measureMs: 1000 } : { warmUpMs: 5000, measureMs: 2000 };
    const name = nameOf(contestant, parallel);
    return persistent(place, name, { contestant, endpoint, queueUrl, parallel, handlerMs, ...times, broker });
  };
  const settings = options.short ? [CONCURRENCY] : SETTINGS;
  return [
    one('millrace', CONCURRENCY),
    ...settings.map((parallel) => one('sqs-consumer', parallel)),
    ...settings.map((parallel) => one('bare', parallel)),
  ];
}

/** A contestant whose process stays: it is warmed up once, and works only in its turns. */
function persistent(place: Place, name: string, job: SqsJob): Contestant {
  let child: Child | undefined;
  const measureOnce = async (): Promise<Passed> => {
    if (child === undefined) throw new Error(`${name} has not been started`);
    const passed = await child.ask('measure');
    if ((await waiting(place)) === 0) throw new Error(`${name}: the queue ran dry, so the measurement says nothing`);
    return passed;
  };
  return {
    name,
    prepare: async () => {
      await fillUp(place);
      child = startChild('sqs', job);
      await child.ask('warm');
    },
    measure: async () => {
      const sitting = { what: name, patience: place.patience, prepare: () => fillUp(place), measure: measureOnce };
      const passed = await calmest(sitting);
      return {
        [RATE]: per(passed, 'messages', 'seconds'),
        [CPU]: per(passed, 'cpuMicros', 'messages'),
        'messages/batch': per(passed, 'messages', 'batches'),
        [OTHERS]: 100 * passed.othersCores,
      };
    },
    end: async () => child?.end(),
  };
}

/** Fills the queue when a turn might empty it; not before each, because the producer would disturb the turns. */
async function fillUp(place: Place): Promise<void> {
  const count = await waiting(place);
  if (count < QUEUE_MIN) await fill(place.client, place.queueUrl, QUEUE_MAX - count);
}

function nameOf(contestant: SqsJob['contestant'], parallel: number): string {
  switch (contestant) {
    case 'millrace':
      return `Millrace, MaximumConcurrency ${String(parallel)}`;
    case 'sqs-consumer':
      return `sqs-consumer ${versionOf('sqs-consumer')}, ${String(parallel)}`;
    case 'bare':
      return `bare SDK loop, ${String(parallel)}`;
  }
}

async function waiting({ client, queueUrl }: Place): Promise<number> {
  const ask = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages'] });
  const { Attributes } = await client.send(ask);
  return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
}

function barsOf({ title, contestants }: Comparison): Bar[] {
  const find = (prefix: string): Summary[] => contestants.filter(({ name }) => name.startsWith(prefix));
  const [ours] = find('Millrace');
  const peer = best(find('sqs-consumer'), RATE);
  const loop = best(find('bare'), RATE);
  const loop16 = find(nameOf('bare', CONCURRENCY))[0];
  if (ours === undefined || peer === undefined || loop === undefined || loop16 === undefined) return [];
  const against = (theirs: Summary, figure: string): string => `${title}: ${figure}, Millrace / ${theirs.name}`;
  const faster = bar({ name: against(peer, RATE), figure: RATE, ours, theirs: peer, least: 1 });
  if (title === 'no-op handler') {
    return [
      faster,
      bar({ name: against(loop, RATE), figure: RATE, ours, theirs: loop, least: 0.95 }),
      bar({ name: against(loop, CPU), figure: CPU, ours, theirs: loop, most: 1.1 }),
    ];
  }
  const name = `${against(loop16, RATE)} or ${String(HANDLER_CEILING)}/s, whichever is lower`;
  return [faster, bar({ name, figure: RATE, ours, theirs: loop16, least: 0.9, cap: HANDLER_CEILING })];
}
