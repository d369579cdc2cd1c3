/** Streams that are not there and networks that fail: a mapping says so, waits, and goes on by itself; nothing is lost or out of order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../../adapters/testing.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { type KinesisRun, KinesisWorld, type Outgoing } from '../support/kinesis-world.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';

const nothing = (): void => undefined;

/** Waits until one of the engine's sentences says so. */
async function untilExplained(run: KinesisRun, pattern: RegExp): Promise<void> {
  await expect.poll(() => run.engine.explain().join('\n'), { interval: 20 }).toMatch(pattern);
}

describeWithBackend('localstack', 'a stream', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  let proxy: TcpProxy;
  beforeAll(async () => {
    proxy = await startProxy(endpoint);
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    await proxy.close();
    await world.close();
  });

  test('that does not exist yet is waited for with the reason, and read when it does', async ({ onTestFinished }) => {
    const stream = world.unmade();
    const run = world.run(onTestFinished);
    const mapping = run.map(stream, { name: 'orders' }, nothing);
    await run.start();
    await untilExplained(run, /^orders mapping: the source cannot be used \(not-found: .*\); the next look is in \d+\.\d s$/m);
    expect(mapping.state).toBe('Creating');
    await stream.create();
    await stream.say('there now');
    await run.settled(1, 'orders');
    expect(run.texts('orders')).toEqual([['there now']]);
    expect(mapping.state).toBe('Enabled');
    expect(mapping.problem).toBeUndefined();
  });

  test('behind a network that is cut again and again is read on from where it was: each record once, in order', async (context) => {
    const [keys, rounds] = [50, 12];
    const random = new SeededRandom(5);
    const stream = await world.stream(2);
    for (let round = 0; round < rounds; round += 1) {
      await stream.put(Array.from({ length: keys }, (_, key): Outgoing => ({ key: `key ${String(key)}`, value: String(round) })));
    }
    const run = world.run(context.onTestFinished, { endpoint: proxy.endpoint });
    const handled = new Map<string, number[]>();
    let count = 0;
    // Most is read before the first cut and worked off over all of them; what is put during each cut has to come through it.
    run.map(stream, { parallelizationFactor: 4, batchSize: 5 }, async ({ records }) => {
      await sleep(40);
      for (const { key, value } of records) {
        handled.set(key, [...(handled.get(key) ?? []), Number(value)]);
        count += 1;
      }
    });
    await run.start();
    let cuts = 0;
    for (let at = 20; count < keys * rounds; at = count + random.integer(20, 80)) {
      await run.settled(Math.min(at, keys * rounds));
      await proxy.cut();
      cuts += 1;
      await stream.say(`during cut ${String(cuts)}`);
      await sleep(random.integer(0, 300));
      await proxy.heal();
    }
    await run.settled(keys * rounds + cuts);
    expect(cuts).toBeGreaterThan(3);
    const during = run
      .texts()
      .flat()
      .filter((text) => text.startsWith('during'));
    expect(during).toEqual(Array.from({ length: cuts }, (_, cut) => `during cut ${String(cut + 1)}`));
    handled.delete('key');
    expect(handled.size).toBe(keys);
    for (const [key, list] of handled) expect(list, key).toEqual(Array.from({ length: rounds }, (_, round) => round));
  });

  test('behind a network that passes nothing is given up after the time-out, and read on when it does', async ({ onTestFinished }) => {
    const stream = await world.stream();
    await stream.say('0');
    const run = world.run(onTestFinished, { endpoint: proxy.endpoint });
    run.map(stream, {}, nothing, { requestTimeoutMs: 600 });
    await run.start();
    await run.settled(1);
    proxy.stall();
    await untilExplained(run, /shardId-\d+ reader: the source cannot be used \(unavailable: .*[tT]ime/);
    await stream.say('1', '2');
    await proxy.heal();
    await run.settled(3);
    expect(run.texts().flat()).toEqual(['0', '1', '2']);
    expect(run.engine.explain().join()).not.toContain('cannot be used');
  });

  test('with the limits and the pace of AWS is read whole', async ({ onTestFinished }) => {
    const stream = await world.stream();
    const values = Array.from({ length: 900 }, (_, index) => String(index));
    const placed = await stream.put(values.map((value) => ({ key: `key ${value}`, value })));
    const run = world.run(onTestFinished);
    run.map(stream, { batchSize: 100 }, nothing, { pollMs: 1000, readLimits: 'aws' });
    await run.start();
    await run.settled(values.length);
    expect(run.texts().flat()).toEqual(placed.map(({ value }) => value));
    const [batch] = run.batches;
    const [first] = batch?.records ?? [];
    // The event as Lambda has it, key for key.
    expect(JSON.stringify(batch?.event.Records[0])).toBe(
      `{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"${String(first?.key)}","sequenceNumber":"${String(first?.sequenceNumber)}",` +
        `"data":"${Buffer.from(first?.value ?? '').toString('base64')}","approximateArrivalTimestamp":${String(first?.arrival)}},` +
        `"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"${String(batch?.shardId)}:${String(first?.sequenceNumber)}",` +
        `"eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::000000000000:role/millrace","awsRegion":"us-east-1",` +
        `"eventSourceARN":"${stream.arn}"}`,
    );
    expect(first?.arrival).toBeCloseTo(Date.now() / 1000, -2);
  });
});
