import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { KinesisStreamEvent, SelfManagedKafkaEvent, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedQueue } from '../../../../adapters/source/embedded-queue/index.ts';
import { embeddedStream } from '../../../../adapters/source/embedded-stream/index.ts';
import { embeddedTopic } from '../../../../adapters/source/embedded-topic/index.ts';
import { memoryStore } from '../../../../adapters/store/memory/index.ts';
import { handler } from '../../../../adapters/target/function/index.ts';
import { openTelemetryTracer } from '../../../../adapters/tracer/opentelemetry/index.ts';
import { CoreEngine, type InvocationContext, SeededRandom, silentLogger, silentMeter, VirtualClock } from '../../../../src/index.ts';

const X_RAY = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

let clock: VirtualClock;
let exporter: InMemorySpanExporter;
let engine: CoreEngine;

/** Registers a provider with the API, as users do, and makes an engine. */
function open(off = false): void {
  clock = new VirtualClock();
  exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(off ? { sampler: new AlwaysOffSampler() } : {}),
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const random = new SeededRandom(1);
  const tracer = openTelemetryTracer();
  engine = new CoreEngine({ clock, random, logger: silentLogger, meter: silentMeter, store: memoryStore(), ownerLabel: 'a test', tracer });
}

beforeEach(() => {
  open();
});

afterEach(() => {
  trace.disable();
  context.disable();
});

const spans = (name: string): ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === `${name} m`);

async function work(): Promise<void> {
  await engine.start();
  await clock.run(engine.idle(), 600_000);
  await clock.run(engine.stop());
}

describe('spans of a queue mapping', () => {
  it('are a poll, a batch with links to who sent its messages, its attempts and its settlement', async () => {
    const source = embeddedQueue({ name: 'orders', clock, random: new SeededRandom(2) });
    const traceparent = { dataType: 'String', stringValue: TRACEPARENT };
    source.send({ body: 'one', traceHeader: X_RAY });
    source.send({ body: 'two', messageAttributes: { traceparent } });
    source.send({ body: 'three', messageAttributes: { traceparent } });
    engine.map({ name: 'm', source, target: handler((_event: SQSEvent) => undefined), scalingConfig: { maximumConcurrency: 2 } });
    await work();
    const [poll] = spans('poll');
    expect(poll?.attributes).toMatchObject({ 'messaging.destination.name': 'orders', 'messaging.batch.message_count': 3 });
    const [batch] = spans('batch');
    const links = batch?.links.map((link) => [link.context.traceId, link.context.spanId, link.context.isRemote]);
    expect(links).toEqual([
      ['5759e988bd862e3fe1be46a994272793', '53995c3f42cd8ad8', true],
      ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7', true],
    ]);
    expect(batch?.parentSpanContext).toBeUndefined();
    const [attempt] = spans('attempt');
    const [settle] = spans('settle');
    for (const child of [attempt, settle]) expect(child?.parentSpanContext?.spanId).toBe(batch?.spanContext().spanId);
    expect(attempt?.attributes).toMatchObject({ 'faas.invoked_name': 'm', 'millrace.attempt': 1, 'millrace.outcome': 'success' });
    expect(settle?.attributes).toMatchObject({ 'millrace.deleted': 3, 'millrace.returned': 0 });
  });

  it('carry what a handler does, and hand their place on to functions elsewhere', async () => {
    const source = embeddedQueue({ name: 'orders', clock, random: new SeededRandom(2) });
    source.send({ body: 'one' });
    const seen: (InvocationContext | undefined)[] = [];
    const inner = handler((_event: SQSEvent) => {
      trace.getTracer('of a user').startSpan('inside').end();
    });
    const target: typeof inner = {
      invoke: (event, given) => {
        seen.push(given);
        return inner.invoke(event, given);
      },
      close: () => inner.close(),
    };
    engine.map({ name: 'm', source, target });
    await work();
    const [attempt] = spans('attempt');
    const inside = exporter.getFinishedSpans().find(({ name }) => name === 'inside');
    expect(inside?.parentSpanContext?.spanId).toBe(attempt?.spanContext().spanId);
    expect(seen[0]?.trace).toEqual({ traceId: attempt?.spanContext().traceId, spanId: attempt?.spanContext().spanId, isSampled: true });
  });

  it('of an invocation that fails say so, without what the function said', async () => {
    const source = embeddedQueue({ name: 'orders', clock, random: new SeededRandom(2) });
    source.send({ body: 'one' });
    let tries = 0;
    engine.map({
      name: 'm',
      source,
      target: handler((_event: SQSEvent) => {
        tries += 1;
        if (tries === 1) throw new RangeError('the secret of body one');
      }),
    });
    await work();
    const failed = spans('attempt').find(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed?.status.message).toBe('RangeError');
    expect(JSON.stringify(exporter.getFinishedSpans().map(({ attributes, status }) => [attributes, status]))).not.toContain('secret');
  });

  it('are not made for what was not sampled: not even links are looked for', async () => {
    trace.disable();
    context.disable();
    open(true);
    const source = embeddedQueue({ name: 'orders', clock, random: new SeededRandom(2) });
    source.send({ body: 'one' });
    const contexts: InvocationContext[] = [];
    const inner = handler((_event: SQSEvent) => undefined);
    const target: typeof inner = {
      invoke: (event, given) => {
        contexts.push(given);
        return inner.invoke(event, given);
      },
      close: () => inner.close(),
    };
    engine.map({ name: 'm', source, target });
    await work();
    expect(contexts).toHaveLength(1);
    expect(contexts[0]).not.toHaveProperty('trace');
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

describe('spans of a stream mapping', () => {
  it('are one batch for each try of a range, linked with the one before', async () => {
    const source = embeddedStream({ name: 'clicks', clock, random: new SeededRandom(2) });
    source.put({ partitionKey: 'a', data: 'one' });
    let tries = 0;
    engine.map({
      name: 'm',
      source,
      startingPosition: 'TRIM_HORIZON',
      target: handler((_event: KinesisStreamEvent) => {
        tries += 1;
        if (tries === 1) throw new Error('once');
      }),
    });
    await work();
    const [first, second] = spans('batch');
    expect(spans('batch')).toHaveLength(2);
    expect(second?.links.map((link) => link.context.spanId)).toEqual([first?.spanContext().spanId]);
    expect(spans('attempt').map(({ attributes }) => attributes['millrace.attempt'])).toEqual([1, 2]);
    expect(spans('settle').map(({ attributes }) => attributes['millrace.verdict'])).toEqual(['retry', 'settle']);
    expect(spans('poll')).toHaveLength(1);
  });
});

describe('spans of a topic mapping', () => {
  it('are linked with who produced the records, as their headers say', async () => {
    const source = embeddedTopic({ name: 'views', clock, random: new SeededRandom(2) });
    source.produce({ value: 'one', headers: [{ name: 'traceparent', value: TRACEPARENT }] });
    source.produce({ value: 'two', headers: [{ name: 'X-Amzn-Trace-Id', value: X_RAY }] });
    engine.map({ name: 'm', source, startingPosition: 'TRIM_HORIZON', target: handler((_event: SelfManagedKafkaEvent) => undefined) });
    await work();
    const links = spans('batch').flatMap((batch) => batch.links.map((link) => link.context.spanId));
    expect(links.sort()).toEqual(['00f067aa0ba902b7', '53995c3f42cd8ad8']);
    expect(spans('poll').length).toBeGreaterThan(0);
  });
});
