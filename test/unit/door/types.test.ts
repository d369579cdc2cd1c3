import type { SQSBatchResponse, SQSEvent, SQSHandler } from 'aws-lambda';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ConfigError, Engine, type FunctionContext, type Mapping } from '../../../adapters/index.ts';
import { embeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import { sqs } from '../../../adapters/source/sqs/index.ts';
import { http } from '../../../adapters/target/http/index.ts';

const queue = 'arn:aws:sqs:eu-west-1:000000000000:orders';

describe('the package door', () => {
  it("types a handler's event by its source, and its context as Lambda's with a signal", () => {
    const engine = new Engine();
    const mapping = engine.map({
      source: sqs({ queue }),
      target: (event, context) => {
        expectTypeOf(event).toEqualTypeOf<SQSEvent>();
        expectTypeOf(context).toEqualTypeOf<FunctionContext>();
        expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
        return Promise.resolve({ batchItemFailures: [] } satisfies SQSBatchResponse);
      },
      batchSize: 10,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: 16 },
    });
    expectTypeOf(mapping).toEqualTypeOf<Mapping>();
    expect(mapping.state).toBe('Disabled');
  });

  it('takes a handler written for Lambda, a target and a shared function', () => {
    const engine = new Engine();
    const lambda: SQSHandler = () => Promise.resolve();
    const shared = engine.function({ name: 'shared', target: lambda, timeout: 30, reservedConcurrentExecutions: 5 });
    engine.map({ source: embeddedQueue({ name: 'a' }), target: lambda });
    engine.map({ source: embeddedQueue({ name: 'b' }), target: http({ url: 'http://127.0.0.1:9/' }) });
    engine.map({ source: embeddedQueue({ name: 'c' }), target: shared });
    expect(engine.mappings.map(({ functionName }) => functionName)).toContain('shared');
  });

  it('refuses at compile time what the source does not have, and says so at run time', () => {
    const engine = new Engine();
    const options = { source: embeddedQueue({ name: 'a' }), target: () => undefined };
    // @ts-expect-error a queue has no starting position
    expect(() => engine.map({ ...options, startingPosition: 'LATEST' })).toThrow(
      'Unsupported StartingPosition parameter for given event source mapping type.',
    );
    // @ts-expect-error one letter is missing
    expect(() => engine.map({ ...options, batchSiz: 5 })).toThrow('batchSiz: is not a field that is known here; did you mean batchSize?');
    expect(() => engine.map({ ...options, batchSize: 10_001 })).toThrow(ConfigError);
  });

  it('types events by name', () => {
    const engine = new Engine();
    const stop = engine.on('batch.settled', (event) => {
      expectTypeOf(event.deleted).toEqualTypeOf<number>();
    });
    expect(stop).toBeTypeOf('function');
  });
});
