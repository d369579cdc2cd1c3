import type { QueueMessage, TraceLink } from '../contract/index.ts';

/** `version-traceid-parentid-flags` (W3C Trace Context); later versions may append more. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`, its fields in any order. */
const ROOT = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})/i;
const PARENT = /(?:^|;)\s*Parent=([0-9a-f]{16})/i;
const SAMPLED = /(?:^|;)\s*Sampled=1/i;

/** What a `traceparent` says; `undefined` when it says nothing. */
export function linkOfTraceparent(traceparent: string, traceState?: string): TraceLink | undefined {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(traceparent.trim()) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1, ...(traceState && { traceState }) };
}

/** What X-Ray's trace header says, such as the system attribute AWSTraceHeader of an SQS message; `undefined` without a parent. */
export function linkOfXRay(header: string): TraceLink | undefined {
  const [, time, rest] = ROOT.exec(header) ?? [];
  const spanId = PARENT.exec(header)?.[1];
  if (time === undefined || rest === undefined || spanId === undefined) return undefined;
  const traceId = `${time}${rest}`.toLowerCase();
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId, spanId: spanId.toLowerCase(), isSampled: SAMPLED.test(header) };
}

/** Who sent a message of a queue: its AWSTraceHeader and its attribute `traceparent`. */
export function linksOfMessage({ attributes, messageAttributes }: QueueMessage): readonly TraceLink[] {
  const { AWSTraceHeader: xRay } = attributes;
  const traceparent = messageAttributes['traceparent']?.stringValue;
  return [
    xRay === undefined ? undefined : linkOfXRay(xRay),
    traceparent === undefined ? undefined : linkOfTraceparent(traceparent, messageAttributes['tracestate']?.stringValue),
  ].filter((link) => link !== undefined);
}

/** Who produced a record with headers, such as one of a Kafka topic: its `traceparent` and X-Ray's header. Values are UTF-8. */
export function linksOfHeaders(headers: Iterable<readonly [name: string, value: Uint8Array | string]>): readonly TraceLink[] {
  const known = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (HEADERS.has(lower)) known.set(lower, typeof value === 'string' ? value : new TextDecoder().decode(value));
  }
  const traceparent = known.get('traceparent');
  const xRay = known.get('x-amzn-trace-id');
  return [
    traceparent === undefined ? undefined : linkOfTraceparent(traceparent, known.get('tracestate')),
    xRay === undefined ? undefined : linkOfXRay(xRay),
  ].filter((link) => link !== undefined);
}

const HEADERS: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'x-amzn-trace-id']);

function isZero(digits: string): boolean {
  return /^0+$/.test(digits);
}
