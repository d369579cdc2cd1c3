/**
 * `npm run bench -- [engine] [sqs] [--json FILE] [--short] [--strict] [--rounds N] [--only TEXT]`: how fast Millrace is,
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
 */
import { writeFile } from 'node:fs/promises';
import { engineSuite } from './engine-suite.ts';
import { describeMachine } from './machine.ts';
import type { SuiteReport } from './measurement.ts';
import { type BenchOptions, type SuiteName, USAGE, usageOr } from './options.ts';
import { asText } from './report.ts';
import { sqsSuite } from './sqs-suite.ts';

const suites: Readonly<Record<SuiteName, (options: BenchOptions) => Promise<SuiteReport>>> = { engine: engineSuite, sqs: sqsSuite };

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
    const { work } = await (second === 'engine' ? import('./engine-worker.ts') : import('./sqs-worker.ts'));
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
