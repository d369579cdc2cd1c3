import {
  context,
  createTraceState,
  type Link,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Span, SpanAttributes, SpanName, SpanStart, TraceLink, Tracer } from '../../../src/index.ts';

/** The most links of one span, as OpenTelemetry's SDK keeps by default. */
const LINKS_MAX = 128;

const KINDS: Readonly<Record<SpanName, SpanKind>> = {
  poll: SpanKind.CLIENT,
  batch: SpanKind.CONSUMER,
  attempt: SpanKind.CLIENT,
  settle: SpanKind.CLIENT,
};

/** Spans go to whatever provider is registered with `@opentelemetry/api`, now or later; while there is none, nothing is made. */
export function openTelemetryTracer(): Tracer {
  return new RegisteredTracer(trace.getTracer('millrace'));
}

class RegisteredTracer implements Tracer {
  readonly #tracer: OtelTracer;

  constructor(tracer: OtelTracer) {
    this.#tracer = tracer;
  }

  start(name: SpanName, { mapping, parent, startedAt, attributes, links }: SpanStart): Span | undefined {
    // Whatever runs while a batch begins is not what the batch belongs to.
    const root = parent === undefined;
    const around = parent instanceof RecordedSpan ? parent.context : context.active();
    const options = {
      kind: KINDS[name],
      attributes: { 'messaging.operation.name': name, 'millrace.mapping': mapping, ...attributes },
      root,
      ...(startedAt === undefined ? {} : { startTime: startedAt }),
    };
    const span = this.#tracer.startSpan(`${name} ${mapping}`, options, around);
    // Without a provider, or when it was not sampled: the links need not be looked for.
    if (!span.isRecording()) return undefined;
    if (links !== undefined) link(span, links());
    return new RecordedSpan(span);
  }
}

/** Records of one producer share a link. */
function link(span: OtelSpan, links: Iterable<TraceLink>): void {
  const known = new Map<string, Link>();
  for (const place of links) {
    if (known.size >= LINKS_MAX) break;
    known.set(`${place.traceId}${place.spanId}`, linkTo(place));
  }
  if (known.size > 0) span.addLinks([...known.values()]);
}

function linkTo({ traceId, spanId, isSampled, traceState }: TraceLink): Link {
  const state = traceState === undefined ? {} : { traceState: createTraceState(traceState) };
  return { context: { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true, ...state } };
}

class RecordedSpan implements Span {
  readonly place: TraceLink;
  readonly #span: OtelSpan;
  /** What runs inside it. */
  readonly context: ReturnType<typeof context.active>;

  constructor(span: OtelSpan) {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    const state = traceState?.serialize();
    this.place = { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0, ...(state && { traceState: state }) };
    this.#span = span;
    this.context = trace.setSpan(context.active(), span);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  fail(message: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message });
  }

  end(): void {
    this.#span.end();
  }

  run<Result>(work: () => Result): Result {
    return context.with(this.context, work);
  }
}
