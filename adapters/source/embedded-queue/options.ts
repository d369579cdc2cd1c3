import { ConfigError, type ConfigProblem, systemClock, systemRandom } from '../../../src/index.ts';
import {
  DEFAULT_ACCOUNT,
  DEFAULT_REGION,
  type EmbeddedPlace,
  PLACE_TEXTS,
  type Resolved,
  wrongValues,
} from '../../shared/embedded-options.ts';

/** What can be set on an embedded queue, its redrive policy aside. */
export interface QueueSettings extends EmbeddedPlace {
  /** 1..80 letters, digits, `_` and `-`; a FIFO queue's name ends in `.fifo`. */
  readonly name: string;
  /** How long a received message stays hidden unless the receive says otherwise: 0..43200, default 30. */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** How long a new message stays hidden at first: 0..900, default 0. */
  readonly delaySeconds?: number | undefined;
  /** FIFO queues only: a message without deduplication id takes the digest of its body. Default false. */
  readonly contentBasedDeduplication?: boolean | undefined;
  /** How long a message is kept: 60..1209600, default 345600 (four days), as on SQS. */
  readonly retentionSeconds?: number | undefined;
  /** How many messages the queue holds, default 1,000,000; `send` throws beyond. */
  readonly maximumMessages?: number | undefined;
  /** How many bytes of bodies and attributes the queue holds, default 256 MiB; `send` throws beyond. */
  readonly maximumBytes?: number | undefined;
  /** How large one message may be, default 1 MiB, as on SQS. */
  readonly maximumMessageBytes?: number | undefined;
}

/** The same with everything that was left out filled in. */
export type ResolvedSettings = Resolved<QueueSettings>;

const NUMBERS = {
  visibilityTimeoutSeconds: { least: 0, most: 43_200, preset: 30 },
  delaySeconds: { least: 0, most: 900, preset: 0 },
  retentionSeconds: { least: 60, most: 1_209_600, preset: 345_600 },
  maximumMessages: { least: 1, most: 100_000_000, preset: 1_000_000 },
  maximumBytes: { least: 1, most: Number.MAX_SAFE_INTEGER, preset: 268_435_456 },
  maximumMessageBytes: { least: 1, most: 268_435_456, preset: 1_048_576 },
} as const;
const TEXTS = {
  name: {
    pattern: /^(?=.{1,80}$)[\w-]+(\.fifo)?$/u,
    rule: "1 to 80 letters, digits, _ and -, with .fifo at the end of a FIFO queue's name",
  },
  ...PLACE_TEXTS,
} as const;
const NAMES = [...Object.keys(TEXTS), ...Object.keys(NUMBERS), 'contentBasedDeduplication', 'redrive', 'clock', 'random'];

/** Checks every option, also of callers without types, and fills in what was left out. Throws a ConfigError that lists all problems. */
export function resolveSettings(
  given: QueueSettings & { readonly redrive?: unknown },
  further: readonly ConfigProblem[] = [],
): ResolvedSettings {
  const problems: ConfigProblem[] = [];
  for (const name of Object.keys(given)) {
    if (!NAMES.includes(name))
      problems.push({ field: name, message: `is not an option of an embedded queue; did you mean ${nearest(name)}?` });
  }
  const resolved = {
    name: given.name,
    region: given.region ?? DEFAULT_REGION,
    account: given.account ?? DEFAULT_ACCOUNT,
    visibilityTimeoutSeconds: given.visibilityTimeoutSeconds ?? NUMBERS.visibilityTimeoutSeconds.preset,
    delaySeconds: given.delaySeconds ?? NUMBERS.delaySeconds.preset,
    retentionSeconds: given.retentionSeconds ?? NUMBERS.retentionSeconds.preset,
    maximumMessages: given.maximumMessages ?? NUMBERS.maximumMessages.preset,
    maximumBytes: given.maximumBytes ?? NUMBERS.maximumBytes.preset,
    maximumMessageBytes: given.maximumMessageBytes ?? NUMBERS.maximumMessageBytes.preset,
    contentBasedDeduplication: given.contentBasedDeduplication ?? false,
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
  };
  problems.push(...wrongValues(resolved, TEXTS, NUMBERS, (value) => `and is ${show(value)}`));
  if (typeof resolved.contentBasedDeduplication !== 'boolean') {
    problems.push({
      field: 'contentBasedDeduplication',
      message: `must be true or false, and is ${show(resolved.contentBasedDeduplication)}`,
    });
  } else if (resolved.contentBasedDeduplication && !isFifoName(resolved.name)) {
    problems.push({ field: 'contentBasedDeduplication', message: 'belongs to FIFO queues; end the name in .fifo, or leave it out' });
  }
  problems.push(...further);
  if (problems.length > 0) throw new ConfigError(problems);
  return resolved;
}

/** A queue keeps order within groups when its name says so. */
export function isFifoName(name: unknown): boolean {
  return typeof name === 'string' && name.endsWith('.fifo');
}

/** What a wrong value is, without printing more than a glance of it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `text of ${String(value.length)} characters` : `'${value}'`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

function nearest(name: string): string {
  const ranked = NAMES.map((known) => ({ known, distance: editDistance(name.toLowerCase(), known.toLowerCase()) }));
  return ranked.reduce((best, next) => (next.distance < best.distance ? next : best)).known;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
