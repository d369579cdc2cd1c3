/** The producer behind a destination: opened with the first send, and opened anew after a failure. */
import type { Admin, ICustomPartitioner, Kafka, Producer } from 'kafkajs';
import { SourceError, silentLogger } from '../../../src/index.ts';
import { toKafkajs } from '../../shared/kafka-connection.ts';
import { kafkaError } from '../../shared/kafka-errors.ts';
import type { OutgoingMessage } from './messages.ts';
import type { ResolvedKafkaDestination } from './options.ts';

/** Tries of kafkajs within one send, which an idempotent producer needs. What fails after that is for the engine to repeat. */
const RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 500 };
/** So many bytes of messages are sent with one request: all may be for one partition, whose batches are 1 MB by default. */
const REQUEST_BYTES = 700_000;
/** How long brokers may take to have a message on every replica that is in sync. */
const ACK_TIMEOUT_MS = 10_000;

/** Sends messages to one topic, one request after the other, each with acks=all. Rejects with a SourceError. */
export class TopicProducer {
  readonly #destination: ResolvedKafkaDestination;
  #client: Promise<Kafka> | undefined;
  #producer: Promise<Producer> | undefined;
  #clusterId: Promise<string> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(destination: ResolvedKafkaDestination) {
    this.#destination = destination;
  }

  /** Throws when there is no such topic. */
  async check(): Promise<void> {
    const { topic } = this.#destination;
    await this.#ask(`Metadata of ${topic}`, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
  }

  /** The id of the cluster that is written to, asked once. */
  async clusterId(signal: AbortSignal): Promise<string> {
    const asked = (this.#clusterId ??= this.#ask('Metadata', async (admin) => (await admin.describeCluster()).clusterId));
    asked.catch(() => {
      if (this.#clusterId === asked) this.#clusterId = undefined;
    });
    return orAborted(asked, signal);
  }

  /** Resolves when all are on every replica in sync. Messages of a send that was cut off may be there. */
  async send(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<void> {
    // One at a time: kafkajs gives the numbers of a request whose answer was lost to the next one, which the broker would then take for a repetition and drop.
    const sending = this.#last.then(() => this.#send(messages, signal));
    this.#last = sending.catch(() => undefined);
    await orAborted(sending, signal);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#drop();
  }

  async #ask<Answer>(doing: string, ask: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    try {
      const { client } = await this.#kafka();
      const admin = client.admin({ retry: RETRY });
      try {
        await admin.connect();
        return await ask(admin);
      } finally {
        await admin.disconnect();
      }
    } catch (error) {
      throw kafkaError(error, doing);
    }
  }

  async #send(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<void> {
    for (const request of requestsOf(messages)) {
      if (signal.aborted) return;
      try {
        await this.#produce(request, signal);
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        for (const message of request) await this.#produceOne(message, signal);
      }
    }
  }

  async #produceOne(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    try {
      await this.#produce([message], signal);
    } catch (error) {
      if (!isTooLarge(error) || message.smaller === undefined) throw error;
      await this.#produce([message.smaller], signal);
    }
  }

  async #produce(request: readonly OutgoingMessage[], signal: AbortSignal): Promise<void> {
    const { topic } = this.#destination;
    try {
      await orAborted(this.#request(topic, request), signal);
    } catch (error) {
      // Its numbers are worth nothing after a request of unknown effect.
      void this.#drop();
      throw kafkaError(error, `Produce to ${topic}`);
    }
  }

  async #request(topic: string, request: readonly OutgoingMessage[]): Promise<void> {
    const producer = await (this.#producer ??= this.#open());
    const messages = request.map(({ key, value, headers }) => ({ key, value, headers }));
    await producer.send({ topic, messages, acks: -1, timeout: ACK_TIMEOUT_MS });
  }

  async #open(): Promise<Producer> {
    const { client, partitioner } = await this.#kafka();
    const producer = client.producer({ idempotent: true, allowAutoTopicCreation: false, createPartitioner: partitioner, retry: RETRY });
    await producer.connect();
    return producer;
  }

  async #drop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    try {
      await (await producer)?.disconnect();
    } catch {
      // It is given up in any case.
    }
  }

  async #kafka(): Promise<{ readonly client: Kafka; readonly partitioner: ICustomPartitioner }> {
    const { connection } = this.#destination;
    const { default: kafkajs } = await import('kafkajs');
    this.#client ??= Promise.resolve(
      'client' in connection ? connection.client : new kafkajs.Kafka(toKafkajs(connection.resolved, silentLogger)),
    );
    return { client: await this.#client, partitioner: kafkajs.Partitioners.DefaultPartitioner };
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof SourceError && (error.code === 'MESSAGE_TOO_LARGE' || error.code === 'RECORD_LIST_TOO_LARGE');
}

/** As few requests as may be, in the order of the messages. */
function* requestsOf(messages: readonly OutgoingMessage[]): Generator<readonly OutgoingMessage[]> {
  let request: OutgoingMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (request.length > 0 && bytes + message.bytes > REQUEST_BYTES) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(message);
    bytes += message.bytes;
  }
  if (request.length > 0) yield request;
}

/** The promise's outcome, or `unavailable` as soon as the signal aborts. */
function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new SourceError('unavailable', 'AbortError', 'the call was aborted'));
    };
    const settled = (): void => {
      signal.removeEventListener('abort', abort);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(settled);
  });
}
