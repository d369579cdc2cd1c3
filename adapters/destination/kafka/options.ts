/** What a user may say about a Kafka destination, and how it is checked before anything is called. */
import type { Kafka } from 'kafkajs';
import { ConfigError, type ConfigProblem } from '../../../src/index.ts';
import {
  KAFKA_CONNECTION_NAMES,
  type KafkaConnectionOptions,
  type ResolvedConnection,
  resolveConnection,
} from '../../shared/kafka-connection.ts';

/** What a message of the topic is: AWS's JSON with the record in it, or the record as it was. */
export type KafkaDestinationFormat = 'json' | 'record';

/** Which topic takes what is given up, and how it is reached. */
export interface KafkaDestinationOptions extends Partial<KafkaConnectionOptions> {
  /** The topic's name; `kafka://NAME` is taken too. */
  readonly topic: string;
  /**
   * `json` (default): per record, AWS's JSON of the failure with the event of that record, under the record's key. `record`: the
   * record's own key, value and headers, and the failure as further headers.
   */
  readonly kafkaDestinationFormat?: KafkaDestinationFormat;
  /** A `Kafka` of your own instead of the connection options; its log, time-outs and retries are its own. */
  readonly client?: Kafka;
}

/** Checked options. */
export interface ResolvedKafkaDestination {
  readonly label: string;
  readonly topic: string;
  readonly format: KafkaDestinationFormat;
  /** `host:port` of those that were named; empty where a client is given. */
  readonly brokers: readonly string[];
  readonly connection: { readonly client: Kafka } | { readonly resolved: ResolvedConnection };
}

/** Kafka's rule; `.` and `..` are no names. */
const TOPIC = /^(?!\.{1,2}$)[\w.-]{1,249}$/;
const SCHEME = 'kafka://';
const NAMES = ['topic', 'kafkaDestinationFormat', 'client'];

/** Checks the options; throws a {@link ConfigError} with everything that is wrong with them. */
export function resolveKafkaDestination(options: KafkaDestinationOptions): ResolvedKafkaDestination {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    throw new ConfigError([{ field: 'options', message: "must be an object such as { brokers: ['localhost:9092'], topic: 'failed' }" }]);
  }
  const problems = unknownOptions(options);
  const { topic: name, kafkaDestinationFormat: format = 'json', client, ...connection } = options;
  const topic = typeof name === 'string' && name.startsWith(SCHEME) ? name.slice(SCHEME.length) : name;
  if (typeof topic !== 'string' || !TOPIC.test(topic)) {
    problems.push({ field: 'topic', message: 'must be the name of a topic: 1 to 249 letters, digits, ., _ and -' });
  }
  if (!['json', 'record'].includes(format)) {
    problems.push({
      field: 'kafkaDestinationFormat',
      message: "must be json (AWS's JSON, the default) or record (the record as it was, with the failure in its headers)",
    });
  }
  const resolved = resolveAccess(client, connection, problems);
  if (problems.length > 0 || resolved === undefined) throw new ConfigError(problems);
  return { label: `${SCHEME}${topic}`, topic, format, brokers: connection.brokers ?? [], connection: resolved };
}

function unknownOptions(options: KafkaDestinationOptions): ConfigProblem[] {
  const known = [...NAMES, ...KAFKA_CONNECTION_NAMES];
  return Object.keys(options)
    .filter((field) => !known.includes(field))
    .map((field) => ({ field, message: `is no option of a Kafka destination; there are ${known.join(', ')}` }));
}

function resolveAccess(
  client: Kafka | undefined,
  connection: Partial<KafkaConnectionOptions>,
  problems: ConfigProblem[],
): ResolvedKafkaDestination['connection'] | undefined {
  if (client !== undefined) {
    for (const field of KAFKA_CONNECTION_NAMES.filter((name) => name in connection)) {
      problems.push({ field, message: 'belongs to the client, which is given: take one of the two out' });
    }
    return { client };
  }
  try {
    return { resolved: resolveConnection({ ...connection, brokers: connection.brokers ?? [] }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
