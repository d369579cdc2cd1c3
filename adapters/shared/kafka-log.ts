/** kafkajs's log as lines of ours: the fields that help, and no secret in any of them. */
import type { KafkaConfig, LogEntry } from 'kafkajs';
import type { LogFields, Logger } from '../../src/index.ts';

/** What may be told of an entry; whatever else kafkajs adds, such as requests, stays with it. */
const FIELDS = ['broker', 'groupId', 'memberId', 'topic', 'partition', 'error', 'correlationId', 'retryCount', 'retryTime'] as const;
const HIDDEN = '[secret]';
/** A shorter text hides in too many words: hiding it there would tell what it is. */
const SECRET_LENGTH_MIN = 6;

/**
 * The part of kafkajs's configuration that has to do with its log. Its errors are warnings of ours, because it tells those that
 * it gets over too, and its news is for debugging.
 */
export function kafkajsLog(logger: Logger, secrets: readonly string[]): Pick<KafkaConfig, 'logCreator'> {
  const hide = hiding(secrets);
  const write = ({ namespace, label, log }: LogEntry): void => {
    const fields: LogFields = {
      kafkajs: namespace,
      ...Object.fromEntries(FIELDS.filter((name) => log[name] !== undefined).map((name) => [name, hide(log[name])])),
    };
    const message = String(hide(log.message));
    if (label === 'ERROR' || label === 'WARN') logger.warn(fields, message);
    else logger.debug(fields, message);
  };
  return { logCreator: () => write };
}

function hiding(secrets: readonly string[]): (value: unknown) => unknown {
  const long = secrets.filter((secret) => secret.length >= SECRET_LENGTH_MIN);
  return (value) => {
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    const text = value instanceof Error ? value.message : typeof value === 'string' ? value : JSON.stringify(value);
    return long.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
  };
}
