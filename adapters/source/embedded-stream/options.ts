import { ConfigError, type ConfigProblem, kindOf, nearest, systemClock, systemRandom } from '../../../src/index.ts';
import {
  DEFAULT_ACCOUNT,
  DEFAULT_REGION,
  type EmbeddedPlace,
  PLACE_TEXTS,
  type Resolved,
  wrongValues,
} from '../../shared/embedded-options.ts';
import { defaultRoleArn } from '../../shared/kinesis-event.ts';

/** What can be set on an embedded stream. */
export interface EmbeddedStreamOptions extends EmbeddedPlace {
  /** 1..128 letters, digits, `_`, `-` and `.`, as on Kinesis. */
  readonly name: string;
  /** How many shards it has at first, their hash key ranges equal: 1..1000, default 1. */
  readonly shards?: number | undefined;
  /** How long records are kept, ms of the wall clock: 1,000 (a second) to 31,536,000,000 (a year), default 24 hours. */
  readonly retentionMs?: number | undefined;
  /** How often a read of an idle shard gives an empty page, ms: 1..60,000, default 50. A put ends the wait at once. */
  readonly pollMs?: number | undefined;
  /** How long a read may go without asking before it finds its place anew from its position, ms: at least 1, default 300,000, as on Kinesis. */
  readonly iteratorLifetimeMs?: number | undefined;
  /** How many records the stream holds, default 1,000,000; `put` throws beyond. */
  readonly maximumRecords?: number | undefined;
  /** How many bytes of data (as base64) and partition keys the stream holds, default 256 MiB; `put` throws beyond. */
  readonly maximumBytes?: number | undefined;
  /** How large the data and the partition key of one record may be together: up to 10 MiB, default 1 MiB. */
  readonly maximumRecordBytes?: number | undefined;
  /** What events name as the function's execution role, default the role `millrace` of the account. */
  readonly roleArn?: string | undefined;
}

/** The same with everything that was left out filled in. */
export type StreamSettings = Resolved<EmbeddedStreamOptions>;

/** The most open shards. */
export const SHARDS_MAX = 1000;

const NUMBERS = {
  shards: { least: 1, most: SHARDS_MAX, preset: 1 },
  retentionMs: { least: 1000, most: 31_536_000_000, preset: 86_400_000 },
  pollMs: { least: 1, most: 60_000, preset: 50 },
  iteratorLifetimeMs: { least: 1, most: Number.MAX_SAFE_INTEGER, preset: 300_000 },
  maximumRecords: { least: 1, most: 100_000_000, preset: 1_000_000 },
  maximumBytes: { least: 1, most: Number.MAX_SAFE_INTEGER, preset: 268_435_456 },
  maximumRecordBytes: { least: 1, most: 10_485_760, preset: 1_048_576 },
} as const;
const TEXTS = {
  name: { pattern: /^[\w.-]{1,128}$/u, rule: '1 to 128 letters, digits, _, - and .' },
  ...PLACE_TEXTS,
  roleArn: { pattern: /^arn:\S{1,200}$/u, rule: 'an ARN' },
} as const;
const NAMES = [...Object.keys(TEXTS), ...Object.keys(NUMBERS), 'clock', 'random'];

/** Checks every option, also of callers without types, and fills in what was left out. Throws a ConfigError that lists all problems. */
export function resolveOptions(given: EmbeddedStreamOptions): StreamSettings {
  const input: unknown = given;
  if (typeof input !== 'object' || input === null) {
    throw new ConfigError([{ field: 'options', message: `must be an object such as { name: 'orders' }, but is ${kindOf(input)}` }]);
  }
  const account = given.account ?? DEFAULT_ACCOUNT;
  const resolved: StreamSettings = {
    name: given.name,
    shards: given.shards ?? NUMBERS.shards.preset,
    retentionMs: given.retentionMs ?? NUMBERS.retentionMs.preset,
    pollMs: given.pollMs ?? NUMBERS.pollMs.preset,
    iteratorLifetimeMs: given.iteratorLifetimeMs ?? NUMBERS.iteratorLifetimeMs.preset,
    maximumRecords: given.maximumRecords ?? NUMBERS.maximumRecords.preset,
    maximumBytes: given.maximumBytes ?? NUMBERS.maximumBytes.preset,
    maximumRecordBytes: given.maximumRecordBytes ?? NUMBERS.maximumRecordBytes.preset,
    region: given.region ?? DEFAULT_REGION,
    account,
    roleArn: given.roleArn ?? defaultRoleArn(account),
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
  };
  const problems = [...unknownNames(given), ...wrongValues(resolved, TEXTS, NUMBERS, (value) => `but is ${kindOf(value)}`)];
  if (problems.length > 0) throw new ConfigError(problems);
  return resolved;
}

function unknownNames(given: EmbeddedStreamOptions): ConfigProblem[] {
  const unknown = Object.keys(given).filter((name) => !NAMES.includes(name));
  return unknown.map((name) => {
    const meant = nearest(name, NAMES);
    const hint = meant === undefined ? `there are ${NAMES.join(', ')}` : `did you mean ${meant}?`;
    return { field: name, message: `is not an option of an embedded stream; ${hint}` };
  });
}
