/** `npm run simulate -- --seeds N --from S`, or `--seed S --trace`: see CONTRIBUTING.md. */
import { parseArgs } from 'node:util';
import { describeFailure, Progress } from './report.ts';
import { type Result, simulate } from './simulate.ts';
import { simulateStreams } from './streams/simulate.ts';
import { simulateTopics } from './topics/simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    /** Which worlds: of queues, of streams, of topics, or all, where a seed passes only if all do. */
    kind: { type: 'string', default: 'all' },
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

const KINDS = { queues: simulate, streams: simulateStreams, topics: simulateTopics } as const;

/** The worlds of one seed, and which of them failed. */
async function runSeed(seed: number, write?: (line: string) => void): Promise<{ readonly kind: string; readonly result: Result }> {
  const kinds = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((kind) => values.kind === 'all' || values.kind === kind);
  let last: { readonly kind: string; readonly result: Result } | undefined;
  for (const kind of kinds) {
    const result = await KINDS[kind](seed, write);
    if (result.allowed !== undefined) progress.allow(result.allowed);
    const messages = result.messages + (last?.result.messages ?? 0);
    last = { kind, result: { ...result, messages, lasted: result.lasted + (last?.result.lasted ?? 0) } };
    if (result.verdict !== undefined) break;
  }
  if (last !== undefined) return last;
  process.stderr.write(`--kind must be queues, streams, topics or all, and is ${values.kind}\n`);
  process.exit(2);
}

const from = whole('from', values.seed ?? values.from);
const seeds = values.seed === undefined ? whole('seeds', values.seeds) : 1;
const write = values.trace ? (line: string): void => void process.stdout.write(`${line}\n`) : undefined;
const progress = new Progress(seeds, (line) => void process.stdout.write(`${line}\n`));

for (let seed = from; seed < from + seeds; seed += 1) {
  const { kind, result } = await runSeed(seed, write);
  progress.add(result);
  if (values.trace) process.stdout.write(`trace ${result.hash}\n`);
  if (result.verdict === undefined) continue;
  process.stdout.write(`${describeFailure(result, kind)}\n`);
  if (values.first) break;
}
if (progress.allowed !== undefined) process.stdout.write(`${progress.allowed}\n`);
process.stdout.write(`${progress.summary}\n`);
process.exitCode = progress.failed > 0 ? 1 : 0;
