/**
 * `npm run bench -- [SUITE ...] [--json FILE] [--short] [--strict] [--rounds N] [--only TEXT]`: how fast Millrace is,
 * as ratios to peers and limits that are measured in the same run. Nothing here passes or fails, unless --strict is given.
 *
 * - options.ts         what the command takes
 * - measurement.ts     what is measured, and what is made of it
 * - statistics.ts      medians and spreads
 * - rounds.ts          contestants in turns, round after round
 * - child.ts           one measurement in a process of its own
 * - span.ts            what passed while it was taken
 * - calm.ts            waits for others to leave the machine alone
 * - pinning.ts         which core does what
 * - report.ts          what people read, and the JSON
 * - machine.ts         what was measured where
 * - engine-suite.ts    the engine without a network; engine-worker.ts runs in the child
 * - sqs-suite.ts       SQS on ElasticMQ; sqs-worker.ts runs in the child, sqs-contestants.ts are those compared
 * - sqs-filler.ts      the producer
 * - streams-engine-suite.ts  the engine between a stream and a function, without a network; streams-engine-worker.ts runs in the child
 * - lanes-suite.ts     few keys and many, with handlers that take time; lanes-worker.ts runs in the child
 * - memory-suite.ts    a function that hangs, a stream without end; memory-worker.ts runs in the child
 * - kinesis-suite.ts   Kinesis on kinesalite; stream-worker.ts runs in the child, kinesis-contestants.ts are those compared
 * - kafka-suite.ts    Kafka on a broker; stream-worker.ts again, kafka-contestants.ts are those compared
 * - dynamodb-suite.ts  DynamoDB Streams on DynamoDB Local; stream-worker.ts again, dynamodb-contestants.ts are those compared
 * - stream-contestants.ts  contestants on a real stream that stay and read it again and again, and their bars
 * - stream-readers.ts  what those have in common
 * - filter-suite.ts    compiled filters beside JSON.parse; filter-worker.ts runs in the child
 * - targets-suite.ts   one invocation through each target beside the bare transport; targets-worker.ts runs in the child, targets-peers.ts are the transports
 * - api-suite.ts      Lambda's API of the built daemon: a thousand mappings, answers under load; api-daemon.ts is that daemon, api-worker.ts one with a producer inside
 * - workers.ts         which of them runs in the child of which suite
 */
import { writeFile } from 'node:fs/promises';
import { apiSuite } from './api-suite.ts';
import { dynamodbSuite } from './dynamodb-suite.ts';
import { engineSuite } from './engine-suite.ts';
import { filterSuite } from './filter-suite.ts';
import { kafkaSuite } from './kafka-suite.ts';
import { kinesisSuite } from './kinesis-suite.ts';
import { lanesSuite } from './lanes-suite.ts';
import { describeMachine } from './machine.ts';
import type { SuiteReport } from './measurement.ts';
import { memorySuite } from './memory-suite.ts';
import { type BenchOptions, type SuiteName, USAGE, usageOr } from './options.ts';
import { asText } from './report.ts';
import { sqsSuite } from './sqs-suite.ts';
import { streamsEngineSuite } from './streams-engine-suite.ts';
import { targetsSuite } from './targets-suite.ts';
import { workers } from './workers.ts';

const suites: Readonly<Record<SuiteName, (options: BenchOptions) => Promise<SuiteReport>>> = {
  engine: engineSuite,
  'streams-engine': streamsEngineSuite,
  lanes: lanesSuite,
  memory: memorySuite,
  sqs: sqsSuite,
  kinesis: kinesisSuite,
  'dynamodb-streams': dynamodbSuite,
  kafka: kafkaSuite,
  filter: filterSuite,
  targets: targetsSuite,
  api: apiSuite,
};

async function measure(options: BenchOptions): Promise<boolean> {
  const machine = describeMachine();
  const reports: SuiteReport[] = [];
  for (const name of options.suites) {
    const report = await suites[name](options);
    reports.push(report);
    process.stdout.write(`${asText(report)}\n`);
    // After every suite, so that a run that is cut short leaves what it has.
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ machine, suites: reports }, undefined, 2)}\n`);
  }
  if (options.json !== undefined) process.stdout.write(`\nwritten to ${options.json}\n`);
  return reports.every(({ bars }) => bars.every(({ held }) => held));
}

async function main(words: readonly string[]): Promise<number> {
  const [first, second, job = ''] = words;
  if (first === 'worker') {
    const { work } = await workers[second as SuiteName]();
    await work(job);
    return 0;
  }
  const options = usageOr(words);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${USAGE}\n`);
    return 2;
  }
  const held = await measure(options);
  return held || !options.strict ? 0 : 1;
}

// What a measurement leaves behind, such as open long polls, is not waited for.
process.exit(await main(process.argv.slice(2)));
