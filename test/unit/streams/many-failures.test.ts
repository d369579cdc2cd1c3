import { describe, expect, it } from 'vitest';
import type { KinesisRecord } from '../../../adapters/source/embedded-stream/index.ts';
import type { ReadRequest, StreamStep } from '../../../src/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';

const RECORDS = 1000;

describe('an answer that names every record of a large batch', () => {
  it('is read with a look at each record, not with a search for each name', async () => {
    const world = new StreamWorld();
    const { stream } = world;
    const read = stream.read.bind(stream);
    let looks = 0;
    const watched = (record: KinesisRecord): KinesisRecord => {
      const { sequenceNumber } = record;
      return Object.defineProperty({ ...record }, 'sequenceNumber', {
        get: () => {
          looks += 1;
          return sequenceNumber;
        },
      });
    };
    stream.read = async function* counted(request: ReadRequest): AsyncGenerator<StreamStep<KinesisRecord>, undefined> {
      for await (const step of read(request)) yield step.kind === 'page' ? { ...step, records: step.records.map(watched) } : step;
      return undefined;
    };
    world.put(0, RECORDS);
    const fields = { batchSize: RECORDS, maximumRetryAttempts: 1, functionResponseTypes: ['ReportBatchItemFailures' as const] };
    world.map(fields, (records) => ({ batchItemFailures: records.map(({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber })) }));
    await world.engine.start();
    await world.idle();
    await world.stop();
    expect(world.batches.map(({ length }) => length)).toEqual([RECORDS, RECORDS]);
    expect(looks).toBeLessThan(50 * RECORDS);
  });
});
