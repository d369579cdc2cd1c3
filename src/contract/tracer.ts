/** The port to traces: what an invocation, and what led to it, took. The library that records them sits behind it. */

/** Where a span stands in a trace: what W3C's `traceparent` and X-Ray's trace header say. */
export interface TraceLink {
  /** 32 hexadecimal digits, in lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, in lower case. */
  readonly spanId: string;
  readonly isSampled: boolean;
  /** W3C's `tracestate`, where there was one. */
  readonly traceState?: string | undefined;
}

/**
 * What takes time: a source that is asked (`poll`), a batch from the moment it is complete until it is settled (`batch`), one
 * invocation of it (`attempt`), what is done with its outcome (`settle`).
 */
export type SpanName = 'poll' | 'batch' | 'attempt' | 'settle';

/** What is said of a span. Never a record's body, and never a secret. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** How a span begins. */
export interface SpanStart {
  readonly mapping: string;
  readonly parent?: Span | undefined;
  /** Epoch ms; default: now. */
  readonly startedAt?: number | undefined;
  readonly attributes: SpanAttributes;
  /** Where the records came from; asked only when somebody records the span. */
  readonly links?: (() => Iterable<TraceLink>) | undefined;
}

/** A span that somebody records. No call throws. */
export interface Span {
  /** Its own place. */
  readonly place: TraceLink;
  set(attributes: SpanAttributes): void;
  /** It came out badly. `message`: no body. */
  fail(message: string): void;
  end(): void;
  /** Runs something inside the span: what it starts belongs to it. */
  run<Result>(work: () => Result): Result;
}

/** Where spans go. */
export interface Tracer {
  /** Begins a span; `undefined` when nobody records it. Never throws. */
  start(name: SpanName, span: SpanStart): Span | undefined;
}
