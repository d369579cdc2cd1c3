import { describe, expect, it } from 'vitest';
import { memoryDestination } from '../../../adapters/destination/memory/index.ts';
import { handler } from '../../../adapters/target/function/index.ts';
import { CoreEngine, silentLogger } from '../../../src/index.ts';
import { CountingMeter } from '../../support/counting-meter.ts';
import { StreamWorld } from '../../support/stream-world.ts';

describe('the metrics of a stream mapping', () => {
  it("count what really happened under AWS's names", async () => {
    const { stream, clock, random, store } = new StreamWorld();
    const meter = new CountingMeter();
    const engine = new CoreEngine({ clock, random, logger: silentLogger, meter, store, ownerLabel: 'a test' });
    for (let number = 0; number < 4; number += 1) stream.put({ partitionKey: 'k', data: String(number) });
    await clock.advance(5000);
    const target = handler((event: { readonly Records: readonly { readonly kinesis: { readonly data: string } }[] }) => {
      if (event.Records.some(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString() === '2')) throw new Error('poison');
    });
    engine.map({
      source: stream,
      target,
      startingPosition: 'TRIM_HORIZON',
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 1,
      destinationConfig: { onFailure: { destination: memoryDestination() } },
    });
    await engine.start();
    await clock.run(engine.idle({ timeoutMs: 600_000 }), 700_000);
    await clock.run(engine.stop());
    const sums = (...names: string[]): number[] => names.map((name) => meter.sum(name));
    // 0 1 2 3 fails; 0 1; 2 3 fails; 2 fails and is tried once more; 3.
    expect(sums('PolledEventCount', 'Invocations', 'Errors', 'InvokedEventCount', 'FailedInvokeEventCount')).toEqual([4, 6, 4, 11, 8]);
    expect(sums('millrace_bisects', 'millrace_retries')).toEqual([2, 1]);
    expect(sums('OnFailureDestinationDeliveredEventCount', 'DroppedEventCount', 'DestinationDeliveryFailures')).toEqual([1, 0, 0]);
    expect(meter.sum('IteratorAge')).toBeGreaterThanOrEqual(6 * 5000);
  });
});
