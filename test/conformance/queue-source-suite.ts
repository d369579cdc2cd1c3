/**
 * What every QueueSource promises, as tests. A new adapter calls {@link queueSourceSuite} with a factory and its
 * features: once for standard queues and once for FIFO queues, where it has both.
 *
 * - queue-source-driver.ts    how the cases talk to a queue
 * - queue-source-messages.ts  what the cases send
 * - queue-source-receiving.ts, queue-source-settling.ts  the cases of both types
 * - queue-source-types.ts     the cases of standard queues only and of FIFO queues only
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { QueueSource } from '../../src/index.ts';
import { QueueDriver, type QueueFeatures, type QueueSetup, type QueueUnderTest } from './queue-source-driver.ts';
import { receivingCases } from './queue-source-receiving.ts';
import { settlingCases } from './queue-source-settling.ts';
import { fifoCases, standardCases } from './queue-source-types.ts';

export type { QueueFeatures, QueueSetup, QueueUnderTest, SuiteMessage } from './queue-source-driver.ts';

/** Makes the queues of the cases. */
export interface QueueWorld {
  /** A new queue. */
  open(setup: QueueSetup): Promise<QueueUnderTest>;
  /** A source on a queue that does not exist; needed when the feature `missingQueue` is declared. */
  missing?(): Promise<Pick<QueueUnderTest, 'source' | 'run' | 'cleanup'>>;
}

const SETUP = { visibilityTimeoutSeconds: 30, contentBasedDeduplication: false, maxReceiveCount: undefined } as const;

export function queueSourceSuite(name: string, world: QueueWorld, features: QueueFeatures): void {
  const cases = [...receivingCases, ...settlingCases, ...(features.fifo ? fifoCases : standardCases)];
  const waivers = features.waivers ?? {};

  describe(`${name} keeps the promises of a queue source`, () => {
    const opened: Pick<QueueUnderTest, 'cleanup'>[] = [];

    afterEach(async () => {
      for (const queue of opened.splice(0)) await queue.cleanup();
    });

    for (const { promise, needs, setup, prove } of cases) {
      const reason = waivers[promise] ?? (needs === undefined || features[needs] ? undefined : `the adapter does not declare ${needs}`);
      it.skipIf(reason !== undefined)(reason === undefined ? promise : `${promise} (waived: ${reason})`, async () => {
        const queue = await world.open({ ...SETUP, fifo: features.fifo, ...setup });
        opened.push(queue);
        await prove(new QueueDriver(queue), features);
      });
    }

    it.skipIf(!features.missingQueue)('says not-found of a queue that does not exist', async () => {
      const missing = await world.missing?.();
      if (missing === undefined) throw new Error('an adapter that declares missingQueue must offer missing()');
      opened.push(missing);
      await provesNotFound(missing.source, missing.run.bind(missing));
    });

    it('waives only promises that there are', () => {
      expect(cases.map(({ promise }) => promise)).toEqual(expect.arrayContaining(Object.keys(waivers)));
    });
  });
}

async function provesNotFound(source: QueueSource, run: QueueUnderTest['run']): Promise<void> {
  const { signal } = new AbortController();
  const calls: (() => Promise<unknown>)[] = [
    () => source.describe(),
    () => source.receive({ max: 1, waitSeconds: 0, visibilitySeconds: undefined, attemptId: undefined, signal }),
    () => source.depth(),
  ];
  for (const call of calls) await expect(run(call())).rejects.toMatchObject({ name: 'SourceError', kind: 'not-found' });
}
