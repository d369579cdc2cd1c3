import type { SQSBatchItemFailure, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { SeededRandom } from '../../adapters/testing.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { EMPTY, SqsWorld } from '../support/sqs-world.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const failures = (records: readonly SQSRecord[]): SQSBatchResponse => ({
  batchItemFailures: records.map(({ messageId }): SQSBatchItemFailure => ({ itemIdentifier: messageId })),
});
const shown = ({ Records }: SQSEvent): string[] =>
  Records.map(({ body, attributes }) => `${body} for the ${attributes.ApproximateReceiveCount}. time`);

describeWithBackend('localstack', 'a FIFO queue', ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test.concurrent('what AWS was seen to do: 2, 3, 4 come back, then 4, then 4 is in the dead-letter queue', async (context) => {
    const { onTestFinished, expect: expectHere } = context;
    const queue = await world.queue({ fifo: true, visibilitySeconds: 2, maxReceiveCount: 2 });
    const sent = await queue.send(['1', '2', '3', '4']);
    const engine = world.engine(onTestFinished);
    engine.map({
      source: engine.sqs(queue.arn),
      functionResponseTypes: ['ReportBatchItemFailures'],
      target: async ({ Records }: SQSEvent) => failures(Records.slice(Records[0]?.body === '1' ? 1 : 2)),
    });
    await engine.start();
    await expectHere.poll(() => queue.dead.counts(), { interval: 200 }).toEqual({ ...EMPTY, visible: 1 });
    await engine.idle({ timeoutMs: 60_000 });
    expectHere(engine.invocations.map(({ event }) => shown(event as SQSEvent))).toEqual([
      ['1 for the 1. time', '2 for the 1. time', '3 for the 1. time', '4 for the 1. time'],
      ['2 for the 2. time', '3 for the 2. time', '4 for the 2. time'],
    ]);
    const dead = await queue.dead.take();
    expectHere(dead.map(({ MessageId, Body }) => [MessageId, Body])).toEqual([[sent[3]?.messageId, '4']]);
  });

  test.concurrent.for([
    [false, 'off, AWS deletes what is not listed, also behind a failure', ['2 for the 2. time']],
    [true, 'on, everything of the group behind the first failure comes back', ['2', '3', '4'].map((body) => `${body} for the 2. time`)],
  ] as const)('group quarantine %s: %s', async ([groupQuarantine, , again], { onTestFinished, expect: expectHere }) => {
    const queue = await world.queue({ fifo: true, visibilitySeconds: 2 });
    await queue.send(['1', '2', '3', '4', { body: 'other', group: 'another' }]);
    const engine = world.engine(onTestFinished);
    engine.map({
      source: engine.sqs(queue.arn),
      groupQuarantine,
      functionResponseTypes: ['ReportBatchItemFailures'],
      target: async ({ Records }: SQSEvent) =>
        failures(Records.filter(({ body, attributes }) => body === '2' && attributes.ApproximateReceiveCount === '1')),
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    const all = engine.invocations.flatMap(({ event }) => shown(event as SQSEvent));
    expectHere(all.filter((text) => text.endsWith('2. time'))).toEqual(again);
    expectHere(all.filter((text) => text.endsWith('1. time')).sort()).toEqual(
      ['1', '2', '3', '4', 'other'].map((body) => `${body} for the 1. time`),
    );
  });

  test.concurrent('groups run side by side, and the messages of one never', async ({ onTestFinished, expect: expectHere }) => {
    const queue = await world.queue({ fifo: true, visibilitySeconds: 30 });
    const groups = ['a', 'b', 'c', 'd'];
    await queue.send(Array.from({ length: 24 }, (_, index) => ({ body: String(index), group: groups[index % 4] ?? '' })));
    const engine = world.engine(onTestFinished);
    const running = new Map<string, number>();
    let mostOfOne = 0;
    let mostGroups = 0;
    engine.map({
      source: engine.sqs(queue.arn),
      batchSize: 1,
      target: async ({ Records }: SQSEvent) => {
        const group = Records[0]?.attributes.MessageGroupId ?? '';
        running.set(group, (running.get(group) ?? 0) + 1);
        mostOfOne = Math.max(mostOfOne, running.get(group) ?? 0);
        mostGroups = Math.max(mostGroups, [...running.values()].filter((count) => count > 0).length);
        await pause(300);
        running.set(group, (running.get(group) ?? 0) - 1);
      },
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expectHere(mostOfOne).toBe(1);
    expectHere(mostGroups).toBeGreaterThanOrEqual(3);
    for (const group of groups) {
      const bodies = engine.invocations
        .map(({ event }) => (event as SQSEvent).Records[0])
        .flatMap((record) => (record?.attributes.MessageGroupId === group ? [Number(record.body)] : []));
      expectHere(bodies).toHaveLength(6);
      expectHere(bodies).toEqual([...bodies].sort((a, b) => a - b));
    }
  });

  // The emulator puts messages whose visibility is over back one by one and in no order, and now and then answers a receive in
  // between, which SQS does not: seen once in many runs, on a busy machine. An engine that breaks the order breaks it each time.
  test('the order of a group holds for hundreds of messages while the function fails at random', { retry: 2 }, async ({
    onTestFinished,
  }) => {
    const random = new SeededRandom(20_261_121);
    const [groupCount, perGroup] = [12, 30];
    const queue = await world.queue({ fifo: true, visibilitySeconds: 1 });
    await queue.send(
      Array.from({ length: groupCount * perGroup }, (_, index) => ({
        body: String(Math.floor(index / groupCount)),
        group: `group-${String(index % groupCount)}`,
      })),
    );
    const engine = world.engine(onTestFinished);
    const handled = new Map<string, number[]>();
    const busy = new Set<string>();
    const faults: string[] = [];
    let failed = 0;
    engine.map({
      source: engine.sqs(queue.arn),
      functionResponseTypes: ['ReportBatchItemFailures'],
      target: async ({ Records }: SQSEvent) => {
        const groups = new Set(Records.map(({ attributes }) => attributes.MessageGroupId ?? ''));
        for (const group of groups) {
          if (busy.has(group)) faults.push(`${group} is in two invocations`);
          busy.add(group);
        }
        await pause(random.integer(0, 20));
        const broken = new Set<string>();
        const failing = Records.filter(({ attributes, body }) => {
          const group = attributes.MessageGroupId ?? '';
          if (broken.has(group) || random.chance(0.08)) {
            broken.add(group);
            return true;
          }
          handled.set(group, [...(handled.get(group) ?? []), Number(body)]);
          return false;
        });
        for (const group of groups) busy.delete(group);
        failed += failing.length;
        return failures(failing);
      },
    });
    await engine.start();
    await engine.idle({ timeoutMs: 60_000 });
    expect(faults).toEqual([]);
    expect(failed).toBeGreaterThan(20);
    expect(handled.size).toBe(groupCount);
    const inOrder = Array.from({ length: perGroup }, (_, index) => index);
    for (const bodies of handled.values()) expect(bodies).toEqual(inOrder);
    expect(await queue.counts()).toEqual(EMPTY);
    console.log(
      `${String(groupCount * perGroup)} messages of ${String(groupCount)} groups in order, ${String(failed)} failures on the way`,
    );
  });
});
