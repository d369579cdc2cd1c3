/** One measurement of the filter suite, in a process of its own. */
import { compileFilterPattern } from '../../adapters/index.ts';
import { compileFilterCriteria } from '../../src/filter/index.ts';
import { answer } from './child.ts';
import { Span } from './span.ts';

/** What is measured. */
export interface FilterJob {
  readonly shape: FilterShape;
  /** Of an event, about. */
  readonly kilobytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/**
 * `five` and `sqs`: the filters of a mapping, on records that are parsed already and on messages, parsing included; the others
 * are one pattern on events that are parsed already.
 */
export type FilterShape = 'exact' | 'prefix' | 'anything-but' | 'numeric' | 'five' | 'sqs';

const PATTERNS = {
  exact: { detail: { state: ['stopped', 'terminated'] } },
  prefix: { detail: { 'instance-id': [{ prefix: 'i-00000000' }] } },
  'anything-but': { detail: { state: [{ 'anything-but': ['running', 'pending'] }] } },
  numeric: { detail: { 'c-count': [{ numeric: ['>', 10, '<=', 50] }] } },
} as const satisfies Record<Exclude<FilterShape, 'five' | 'sqs'>, object>;

const FIVE = [
  { detail: { state: ['stopped', 'terminated'] } },
  { source: [{ prefix: 'aws.s3' }], detail: { state: ['running'] } },
  { detail: { state: [{ 'anything-but': ['running', 'pending'] }] } },
  { detail: { 'c-count': [{ numeric: ['>', 10, '<=', 50] }] } },
  { detail: { 'instance-id': [{ suffix: '9999' }] } },
];

/** Different events: what is matched again and again would be remembered. */
const EVENTS = 64;
/** Events that one look at the clock is for. */
const PORTION = 500;

/** An event as EventBridge's of EC2, filled up with tags; none of them is wanted by the five filters. */
function event(index: number, kilobytes: number): string {
  const made = {
    version: '0',
    id: `6a7e8feb-b491-4cf7-a9f1-bf37034677${String(10 + index)}`,
    'detail-type': 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    account: '111122223333',
    time: '2026-11-21T18:43:48Z',
    region: 'us-west-1',
    resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0'],
    detail: {
      'c-count': index % 10,
      'x-limit': 301.8 + index,
      'source-ip': `10.0.0.${String(index)}`,
      'instance-id': `i-${String(1000 + index)}`,
      state: index % 2 === 0 ? 'running' : 'pending',
      tags: [] as object[],
    },
  };
  const { tags } = made.detail;
  while (JSON.stringify(made).length < kilobytes * 1000) {
    tags.push({
      key: `team-${String(tags.length)}`,
      value: 'payments and ledgers',
      weight: tags.length / 4,
      inherited: tags.length % 3 === 0,
    });
  }
  return JSON.stringify(made);
}

/** Does the job and answers: the matching and, in turns with it, `JSON.parse` of the same events. */
export function work(text: string): Promise<void> {
  const { shape, kilobytes, warmUpMs, measureMs } = JSON.parse(text) as FilterJob;
  const texts = Array.from({ length: EVENTS }, (_, index) => event(index, kilobytes));
  const match = matcher(shape, texts);
  const parse = (index: number): boolean => JSON.parse(texts[index % EVENTS] ?? '') !== null;
  run(match, parse, warmUpMs);
  const whole = new Span();
  const { matching, parsing, count } = run(match, parse, measureMs);
  const { othersCores } = whole.end();
  answer({ seconds: matching / 1e6, cpuMicros: matching, othersCores, events: count, parseMicros: parsing });
  return Promise.resolve();
}

function matcher(shape: FilterShape, texts: readonly string[]): (index: number) => boolean {
  const events = texts.map((text) => JSON.parse(text) as unknown);
  if (shape !== 'five' && shape !== 'sqs') {
    const compiled = compileFilterPattern(JSON.stringify(PATTERNS[shape]));
    return (index) => compiled.matches(events[index % EVENTS]);
  }
  const [kind, key, records] = shape === 'sqs' ? (['sqs', 'body', texts] as const) : (['dynamodb', 'dynamodb', events] as const);
  const filters = FIVE.map((pattern) => ({ pattern: JSON.stringify({ [key]: pattern }) }));
  const filter = compileFilterCriteria({ filters }, kind);
  return (index) => filter?.accepts({ data: () => records[index % EVENTS], metadata: () => undefined }) === true;
}

/** Runs both in turns, portion by portion, so that what disturbs one disturbs the other; CPU in microseconds. */
function run(
  match: (index: number) => boolean,
  parse: (index: number) => boolean,
  forMs: number,
): { readonly matching: number; readonly parsing: number; readonly count: number } {
  const until = performance.now() + forMs;
  const used = { matching: 0, parsing: 0, count: 0 };
  let wanted = 0;
  while (performance.now() < until) {
    used.matching += cpuOf(() => {
      // As long as the parsing, about, so that the clock's ticks weigh the same.
      for (let index = 0; index < 8 * PORTION; index += 1) if (match(index)) wanted += 1;
    });
    used.count += 8 * PORTION;
    used.parsing +=
      8 *
      cpuOf(() => {
        for (let index = 0; index < PORTION; index += 1) if (parse(index)) wanted += 1;
      });
  }
  if (wanted === 0) throw new Error('nothing was parsed');
  return used;
}

function cpuOf(job: () => void): number {
  const before = process.cpuUsage();
  job();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
