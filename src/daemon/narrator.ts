import type { LogFields, Logger } from '../contract/index.ts';
import type { ConfigChange } from './config-change.ts';

/** The same fact twice: as fields with a constant text for machines, and as a sentence for people. */
export interface Saying {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  /** Constant, so that logs can be searched and counted by it. */
  readonly message: string;
  /** In plain words, with what the fields say. */
  readonly plain: string;
}

const OWN_BODY = '{"order":1,"item":"my own"}';
const BODY_LENGTH_MAX = 100;

/** Where a record of one's own goes. */
const PATHS = {
  queue: (name: string) => `queues/${name}/messages${name.endsWith('.fifo') ? '?MessageGroupId=me' : ''}`,
  stream: (name: string) => `streams/${name}/records?PartitionKey=me`,
  topic: (name: string) => `topics/${name}/records?Key=me`,
};

/** Tells what the daemon itself does, in the way the log is read. */
export class Narrator {
  readonly #logger: Logger;
  readonly #isForPeople: boolean;
  /** Said again behind the first message that is set aside: by then it has scrolled away. */
  #tryNext: Saying | undefined;

  constructor(logger: Logger, isForPeople: boolean) {
    this.#logger = logger;
    this.#isForPeople = isForPeople;
  }

  say({ level, fields, message, plain }: Saying): void {
    if (this.#isForPeople) this.#logger[level]({}, plain);
    else this.#logger[level](fields, message);
  }

  /** An error that nobody expected, with its stack. */
  crash(error: unknown, message: string): void {
    this.#logger.error({ err: error }, message);
  }

  listening(version: string, url: string): void {
    this.say({
      level: 'info',
      fields: { version, url },
      message: 'listening',
      plain: `millrace ${version} listens on ${url} (/healthz, /readyz, /metrics, /mappings, /queues, /streams, /topics)`,
    });
  }

  /** `body`: what the part is fed with already, where that is known. */
  tryNext({ kind, name, body = OWN_BODY }: { kind: keyof typeof PATHS; name: string; body?: string | undefined }, url: string): void {
    const target = PATHS[kind](name);
    // Between quotes of the shell, and short enough to be typed again.
    const text = body.includes("'") || body.length > BODY_LENGTH_MAX ? OWN_BODY : body;
    const command = `curl -d '${text}' '${url}/${target}'`;
    const plain = `try next: send a record of your own from another terminal:\n    ${command}`;
    this.#tryNext = { level: 'info', fields: { command }, message: 'try next: send a record of your own', plain };
    this.say(this.#tryNext);
  }

  setAside(queue: string, deadLetterQueue: string, tries: number, messageId: string): void {
    this.say({
      level: 'warn',
      fields: { queue, deadLetterQueue, tries, messageId },
      message: 'a message was set aside in the dead-letter queue',
      plain: `message ${messageId} of ${queue} was set aside in ${deadLetterQueue} after ${String(tries)} tries; the others go on`,
    });
    if (this.#tryNext !== undefined) this.say(this.#tryNext);
    this.#tryNext = undefined;
  }

  /** Another configuration was taken over. */
  reloaded({ atNextStart, ...parts }: ConfigChange): void {
    const counts = Object.entries(parts).flatMap(([part, { added, changed, removed }]) => [
      ...(added.length > 0 ? [`${part} added: ${added.join(', ')}`] : []),
      ...(changed.length > 0 ? [`${part} changed: ${changed.join(', ')}`] : []),
      ...(removed.length > 0 ? [`${part} removed: ${removed.join(', ')}`] : []),
    ]);
    this.say({
      level: 'info',
      fields: { ...parts },
      message: 'the configuration was read again and taken over',
      plain: `the configuration was read again and taken over: ${counts.length === 0 ? 'nothing that can be changed now' : counts.join('; ')}`,
    });
    if (atNextStart.length === 0) return;
    this.say({
      level: 'warn',
      fields: { atNextStart },
      message: 'some of the configuration takes effect at the next start',
      plain: `takes effect at the next start only: ${atNextStart.join(', ')}`,
    });
  }

  /** Other credentials, or another certificate, were taken over. */
  secured(): void {
    const message = 'the credentials and the certificate of the API were read again and taken over';
    this.say({ level: 'info', fields: {}, message, plain: message });
  }

  /** A configuration was refused; the old one stays. */
  refused(problems: readonly { readonly field: string; readonly message: string }[]): void {
    const lines = problems.map(({ field, message }) => `    ${field}: ${message}`);
    this.say({
      level: 'error',
      fields: { problems },
      message: 'the configuration was read again and refused; the old one stays',
      plain: `the configuration was read again and refused as a whole, the old one stays:\n${lines.join('\n')}`,
    });
  }

  stopping(signal: string, inFlight: number, seconds: number): void {
    const what = inFlight === 0 ? 'no record is in flight' : `${records(inFlight)} in flight ${are(inFlight)} finished first`;
    this.say({
      level: 'info',
      fields: { signal, inFlight, stopTimeoutSeconds: seconds },
      message: 'stopping; a second signal ends at once',
      plain: `stopping: nothing new is received, ${what}, for at most ${String(seconds)} s; Ctrl-C again to end at once`,
    });
  }

  ending(inFlight: number): void {
    this.say({
      level: 'warn',
      fields: { inFlight },
      message: 'ending at once',
      plain: `ending at once: ${records(inFlight)} in flight ${are(inFlight)} given back to the queue, or come again by themselves`,
    });
  }

  stopped(unfinished: number, left: Readonly<Record<string, number>>): void {
    const names = Object.entries(left).filter(([, count]) => count > 0);
    const lost = names.map(([name, count]) => `${String(count)} in ${name}`).join(', ');
    const drained =
      unfinished === 0
        ? 'nothing is in flight'
        : `${records(unfinished)} not finished; ${unfinished === 1 ? 'it comes' : 'they come'} again`;
    this.say({
      level: 'info',
      fields: { unfinished, leftInEmbeddedQueues: left },
      message: 'stopped',
      plain: `stopped: ${drained}${lost === '' ? '' : `; what embedded queues held is gone with the process (${lost})`}`,
    });
  }
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${String(count)} records`;
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
