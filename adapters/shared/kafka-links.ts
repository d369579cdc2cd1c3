/** Who produced a record of a topic, as its headers say. */
import { linksOfHeaders, type TraceLink } from '../../src/index.ts';
import type { KafkaRecord } from './kafka-event.ts';

/** The places that `traceparent` and `x-amzn-trace-id` name. */
export function kafkaLinks({ headers }: Pick<KafkaRecord, 'headers'>): readonly TraceLink[] {
  return headers.length === 0 ? [] : linksOfHeaders(headers.map(({ name, value }): [string, Uint8Array] => [name, value]));
}
