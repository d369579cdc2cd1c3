/** What a user may say about a topic of Kafka, and how it is checked before anything is called. */
import { ConfigError, type ConfigProblem, type Logger, silentLogger } from '../../../src/index.ts';
import { parseArn } from '../../shared/aws-arn.ts';
import { shown } from '../../shared/aws-settings.ts';
import { type KafkaConnectionOptions, type ResolvedConnection, resolveConnection } from '../../shared/kafka-connection.ts';

/** Where a topic is and how it is read. */
export interface KafkaOptions extends KafkaConnectionOptions {
  /** The topic's name: 1 to 249 letters, digits, `.`, `_` and `-`. */
  readonly topic: string;
  /**
   * How long the group waits for a sign of life before it gives this member's partitions to others, ms: 1000 to 3600000, default
   * 30000. The broker has limits of its own (`group.min.session.timeout.ms`, by default 6000). Functions may run longer.
   */
  readonly sessionTimeoutMs?: number;
  /** Which records are read: all of them (the default, as with Lambda), or only those that no transaction may still take back. */
  readonly isolation?: 'read_uncommitted' | 'read_committed';
  /** How often partitions that were added are looked for, ms: 100 to 3600000, default 30000. */
  readonly metadataMaxAgeMs?: number;
  /** The ARN of an MSK cluster: events are then those of MSK. Without it they are those of a self-managed cluster. */
  readonly eventSourceArn?: string;
  /** What kafkajs says, and what goes wrong with memberships. Default: nothing. */
  readonly logger?: Logger;
}

/** Checked options. */
export interface ResolvedKafkaOptions {
  readonly connection: ResolvedConnection;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly sessionTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  /** As Kafka counts them: 0 uncommitted, 1 committed. */
  readonly isolationLevel: 0 | 1;
  readonly eventSourceArn: string | undefined;
  readonly logger: Logger;
}

const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;
const SESSION = { least: 1_000, most: 3_600_000, otherwise: 30_000 } as const;
const METADATA_AGE = { least: 100, most: 3_600_000, otherwise: 30_000 } as const;

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveKafkaOptions(options: KafkaOptions): ResolvedKafkaOptions {
  const problems = [
    ...checkTopic(options.topic),
    ...checkMs('sessionTimeoutMs', options.sessionTimeoutMs, SESSION),
    ...checkMs('metadataMaxAgeMs', options.metadataMaxAgeMs, METADATA_AGE),
    ...checkIsolation(options.isolation),
    ...checkArn(options.eventSourceArn),
  ];
  const connection = resolvedOr(options, problems);
  if (connection === undefined || problems.length > 0) throw new ConfigError(problems);
  return {
    connection,
    brokers: options.brokers,
    topic: options.topic,
    sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION.otherwise,
    metadataMaxAgeMs: options.metadataMaxAgeMs ?? METADATA_AGE.otherwise,
    isolationLevel: options.isolation === 'read_committed' ? 1 : 0,
    eventSourceArn: options.eventSourceArn,
    logger: options.logger ?? silentLogger,
  };
}

/** What is wrong with an id of a consumer group; `undefined` when nothing is. */
export function groupIdProblem(groupId: unknown): string | undefined {
  if (typeof groupId === 'string' && groupId.length >= 1 && groupId.length <= 200) return undefined;
  return `must be a text of 1 to 200 characters, not ${shown(groupId)}`;
}

function resolvedOr(options: KafkaOptions, problems: ConfigProblem[]): ResolvedConnection | undefined {
  try {
    return resolveConnection(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.unshift(...error.problems);
    return undefined;
  }
}

function checkTopic(topic: unknown): ConfigProblem[] {
  const isName = typeof topic === 'string' && TOPIC.test(topic) && topic !== '.' && topic !== '..';
  if (isName) return [];
  return [{ field: 'topic', message: `must be a topic's name: 1 to 249 letters, digits, ".", "_" and "-", not ${shown(topic)}` }];
}

function checkMs(field: string, value: unknown, range: { readonly least: number; readonly most: number }): ConfigProblem[] {
  if (value === undefined) return [];
  if (typeof value === 'number' && Number.isInteger(value) && value >= range.least && value <= range.most) return [];
  const allowed = `from ${String(range.least)} to ${String(range.most)}`;
  return [{ field, message: `must be a whole number of milliseconds ${allowed}, not ${shown(value)}` }];
}

function checkIsolation(isolation: unknown): ConfigProblem[] {
  if (isolation === undefined || isolation === 'read_uncommitted' || isolation === 'read_committed') return [];
  return [{ field: 'isolation', message: `must be 'read_uncommitted' or 'read_committed', not ${shown(isolation)}` }];
}

function checkArn(arn: unknown): ConfigProblem[] {
  if (arn === undefined) return [];
  const parsed = typeof arn === 'string' ? parseArn(arn) : undefined;
  if (parsed?.service === 'kafka' && parsed.resource.startsWith('cluster/')) return [];
  return [
    { field: 'eventSourceArn', message: `must be an MSK cluster's ARN, arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/UUID, not ${shown(arn)}` },
  ];
}
