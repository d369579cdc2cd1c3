/** `npm run simulate -- --seeds N --from S`, or `--seed S --trace`: see CONTRIBUTING.md. */
import { parseArgs } from 'node:util';
import { describeFailure, Progress } from './report.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    /** Ends at the first failing seed. */
    first: { type: 'boolean', default: false },
  },
});

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} must be a whole number, and is ${text}\n`);
  process.exit(2);
}

const from = whole('from', values.seed ?? values.from);
const seeds = values.seed === undefined ? whole('seeds', values.seeds) : 1;
const write = values.trace ? (line: string): void => void process.stdout.write(`${line}\n`) : undefined;
const progress = new Progress(seeds, (line) => void process.stdout.write(`${line}\n`));

for (let seed = from; seed < from + seeds; seed += 1) {
  const result = await simulate(seed, write);
  progress.add(result);
  if (values.trace) process.stdout.write(`trace ${result.hash}\n`);
  if (result.verdict === undefined) continue;
  process.stdout.write(`${describeFailure(result)}\n`);
  if (values.first) break;
}
process.stdout.write(`${progress.summary}\n`);
process.exitCode = progress.failed > 0 ? 1 : 0;
