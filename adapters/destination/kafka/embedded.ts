/** An embedded topic as an on-failure destination, with the messages of a real one. */
import { type FailureDestination, SourceError } from '../../../src/index.ts';
import { type OutgoingMessage, toMessages } from './messages.ts';
import type { KafkaDestinationFormat } from './options.ts';

/** The part of an embedded topic that a destination needs. */
export interface WritableTopic {
  readonly topic: string;
  /** Throws a SourceError. */
  produce(record: {
    readonly key: Uint8Array | null;
    readonly value: Uint8Array | string | null;
    readonly headers: readonly { readonly name: string; readonly value: Uint8Array | string }[];
  }): unknown;
}

/** An embedded topic that takes the records of what is given up, one by one. The topic stays its owner's. */
export function embeddedTopicDestination(topic: WritableTopic, format: KafkaDestinationFormat = 'json'): FailureDestination {
  return {
    label: `kafka://${topic.topic}`,
    check: () => Promise.resolve(),
    send: (discard, signal) => {
      if (signal.aborted) return Promise.reject(new SourceError('unavailable', 'AbortError', 'the call was aborted'));
      return Promise.resolve().then(() => {
        for (const message of toMessages(discard, format)) put(topic, message);
      });
    },
    close: () => Promise.resolve(),
  };
}

function put(topic: WritableTopic, { smaller, ...message }: OutgoingMessage): void {
  try {
    topic.produce({ key: message.key, value: message.value, headers: headersOf(message) });
  } catch (error) {
    if (!(error instanceof SourceError) || error.kind !== 'invalid' || smaller === undefined) throw error;
    topic.produce({ key: smaller.key, value: smaller.value, headers: headersOf(smaller) });
  }
}

function headersOf({ headers }: Pick<OutgoingMessage, 'headers'>): { name: string; value: Uint8Array | string }[] {
  return Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => ({ name, value })));
}
