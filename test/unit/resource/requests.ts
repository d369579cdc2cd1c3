/** Requests that are right, to be spoilt by tests. */

import type { MappingDefinition } from '../../../src/resource/index.ts';
import { readCreate } from '../../../src/resource/index.ts';

/** Wall clock of these tests. */
export const NOW = Date.UTC(2026, 5, 1);
/** UUID of what these tests create. */
export const UUID = '01234567-89ab-4cde-8f01-23456789abcd';

/** A minimal request for each source. */
export const MINIMAL = {
  sqs: { FunctionName: 'mill', EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders' },
  'sqs-fifo': { FunctionName: 'mill', EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders.fifo' },
  kinesis: { FunctionName: 'mill', EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks', StartingPosition: 'LATEST' },
  dynamodb: {
    FunctionName: 'mill',
    EventSourceArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/2026-01-31T09:30:00.000',
    StartingPosition: 'TRIM_HORIZON',
  },
  msk: { FunctionName: 'mill', EventSourceArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/c/01234567', Topics: ['topic'] },
  'self-managed-kafka': {
    FunctionName: 'mill',
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['kafka:1000'] } },
    SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:kafka' }],
    Topics: ['topic'],
  },
} as const;

/** A source of {@link MINIMAL}. */
export type AnySource = keyof typeof MINIMAL;

/** The minimal request of a source with more in it. */
export function request(source: AnySource, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { ...MINIMAL[source], ...more };
}

/** What such a request makes. */
export function defined(source: AnySource, more: Readonly<Record<string, unknown>> = {}): MappingDefinition {
  const { fields, enabled, tags, source: kind, functionName } = readCreate(request(source, more), { now: NOW, uuid: UUID });
  return {
    uuid: UUID,
    name: UUID,
    owner: { kind: 'api' },
    source: kind,
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    enabled,
    createdAt: NOW,
    lastModified: NOW,
    fields,
    tags,
    isDeleting: false,
  };
}
