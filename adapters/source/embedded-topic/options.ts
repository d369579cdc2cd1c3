import type { Clock, Random } from '../../../src/index.ts';
import { ConfigError, type ConfigProblem, kindOf, nearest, systemClock, systemRandom } from '../../../src/index.ts';
import { type Resolved, wrongValues } from '../../shared/embedded-options.ts';

/** What can be set on an embedded topic. */
export interface EmbeddedTopicOptions {
  /** 1..249 letters, digits, `_`, `-` and `.`, as on Kafka. */
  readonly name: string;
  /** How many partitions it has at first: 1..1000, default 1. */
  readonly partitions?: number | undefined;
  /** How long records are kept, ms of the wall clock after their timestamps: 1,000 to 31,536,000,000 (a year), default 7 days. */
  readonly retentionMs?: number | undefined;
  /** How often a read at the log's end gives an empty page, ms: 1..1000, default 500. A new record ends the wait at once. */
  readonly pollMs?: number | undefined;
  /** Without a heartbeat for so long a member is put out of its group, ms: 100..1,800,000, default 30,000. Heartbeats come ten times as often. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Whether reads pass over aborted transactions and stop before open ones; default `read_uncommitted`. */
  readonly isolation?: 'read_uncommitted' | 'read_committed' | undefined;
  /** Whose clock timestamps are: the producer's, who may give one, or the topic's. Default `CREATE_TIME`. */
  readonly timestampType?: 'CREATE_TIME' | 'LOG_APPEND_TIME' | undefined;
  /** The first offset of every partition: 0..2^52, default 0. */
  readonly firstOffset?: number | undefined;
  /** How many records the topic holds, default 1,000,000; `produce` throws beyond. */
  readonly maximumRecords?: number | undefined;
  /** How many bytes of keys, values and headers the topic holds, default 256 MiB; `produce` throws beyond. */
  readonly maximumBytes?: number | undefined;
  /** How large key, value and headers of one record may be together: up to 100 MiB, default 1,048,588 bytes, as on Kafka. */
  readonly maximumRecordBytes?: number | undefined;
  /** What events name as the brokers, default `embedded:9092`. */
  readonly bootstrapServers?: string | undefined;
  /** Default: the process's clock. */
  readonly clock?: Clock | undefined;
  /** Default: the process's random source. */
  readonly random?: Random | undefined;
}

/** How another process sees an embedded topic. */
export interface ClientOptions {
  /** That process's clock. */
  readonly clock: Clock;
}

/** The same with everything that was left out filled in. */
export type TopicSettings = Resolved<EmbeddedTopicOptions>;

/** The most partitions. */
export const PARTITIONS_MAX = 1000;

const NUMBERS = {
  partitions: { least: 1, most: PARTITIONS_MAX, preset: 1 },
  retentionMs: { least: 1000, most: 31_536_000_000, preset: 604_800_000 },
  pollMs: { least: 1, most: 1000, preset: 500 },
  sessionTimeoutMs: { least: 100, most: 1_800_000, preset: 30_000 },
  firstOffset: { least: 0, most: 2 ** 52, preset: 0 },
  maximumRecords: { least: 1, most: 100_000_000, preset: 1_000_000 },
  maximumBytes: { least: 1, most: Number.MAX_SAFE_INTEGER, preset: 268_435_456 },
  maximumRecordBytes: { least: 1, most: 104_857_600, preset: 1_048_588 },
} as const;
const TEXTS = {
  name: { pattern: /^(?!\.{1,2}$)[\w.-]{1,249}$/u, rule: '1 to 249 letters, digits, _, - and ., and neither . nor ..' },
  isolation: { pattern: /^read_(?:un)?committed$/u, rule: 'read_uncommitted or read_committed' },
  timestampType: { pattern: /^(?:CREATE|LOG_APPEND)_TIME$/u, rule: 'CREATE_TIME or LOG_APPEND_TIME' },
  bootstrapServers: { pattern: /^[^\s,]{1,300}(?:,[^\s,]{1,300})*$/u, rule: 'host:port, several separated by commas' },
} as const;
const NAMES = [...Object.keys(TEXTS), ...Object.keys(NUMBERS), 'clock', 'random'];

/** Checks every option, also of callers without types, and fills in what was left out. Throws a ConfigError that lists all problems. */
export function resolveOptions(given: EmbeddedTopicOptions): TopicSettings {
  const input: unknown = given;
  if (typeof input !== 'object' || input === null) {
    throw new ConfigError([{ field: 'options', message: `must be an object such as { name: 'orders' }, but is ${kindOf(input)}` }]);
  }
  const resolved: TopicSettings = {
    name: given.name,
    partitions: given.partitions ?? NUMBERS.partitions.preset,
    retentionMs: given.retentionMs ?? NUMBERS.retentionMs.preset,
    pollMs: given.pollMs ?? NUMBERS.pollMs.preset,
    sessionTimeoutMs: given.sessionTimeoutMs ?? NUMBERS.sessionTimeoutMs.preset,
    isolation: given.isolation ?? 'read_uncommitted',
    timestampType: given.timestampType ?? 'CREATE_TIME',
    firstOffset: given.firstOffset ?? NUMBERS.firstOffset.preset,
    maximumRecords: given.maximumRecords ?? NUMBERS.maximumRecords.preset,
    maximumBytes: given.maximumBytes ?? NUMBERS.maximumBytes.preset,
    maximumRecordBytes: given.maximumRecordBytes ?? NUMBERS.maximumRecordBytes.preset,
    bootstrapServers: given.bootstrapServers ?? 'embedded:9092',
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
  };
  const problems = [...unknownNames(given), ...wrongValues(resolved, TEXTS, NUMBERS, (value) => `but is ${kindOf(value)}`)];
  if (problems.length > 0) throw new ConfigError(problems);
  return resolved;
}

function unknownNames(given: EmbeddedTopicOptions): ConfigProblem[] {
  const unknown = Object.keys(given).filter((name) => !NAMES.includes(name));
  return unknown.map((name) => {
    const meant = nearest(name, NAMES);
    const hint = meant === undefined ? `there are ${NAMES.join(', ')}` : `did you mean ${meant}?`;
    return { field: name, message: `is not an option of an embedded topic; ${hint}` };
  });
}
