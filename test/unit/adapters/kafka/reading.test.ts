import { describe, expect, it } from 'vitest';
import { Changes } from '../../../../adapters/source/kafka/changes.ts';
import { Ownership } from '../../../../adapters/source/kafka/ownership.ts';
import { type ReadingParts, readPartition } from '../../../../adapters/source/kafka/reading.ts';
import type { WirePartition, WirePlace } from '../../../../adapters/source/kafka/wire.ts';
import { SeededRandom, sequenceNumber, VirtualClock } from '../../../../src/index.ts';

const MB = 1_048_576;

/** A read of partition 0 of a log without end, whose answers hold as many records as fit; `recordBytes` each. */
function reading(recordBytes = 1000) {
  const clock = new VirtualClock(0);
  const ownership = new Ownership();
  const [{ epoch } = { epoch: 0 }] = ownership.assign([0], false);
  const asked: number[] = [];
  const fetch = ({ partition, fetchOffset, maxBytes }: WirePlace): Promise<WirePartition> => {
    asked.push(maxBytes);
    const messages = Array.from({ length: Math.min(100, Math.floor(maxBytes / recordBytes)) }, (_, index) => ({
      offset: String(Number(fetchOffset) + index),
      timestamp: '0',
      key: null,
      value: null,
    }));
    return Promise.resolve({ partition, errorCode: 0, highWatermark: '1000000', messages });
  };
  const parts: ReadingParts = {
    log: { topic: 'orders', brokers: {} as ReadingParts['log']['brokers'], isolationLevel: 0 },
    fetcher: { fetch } as unknown as ReadingParts['fetcher'],
    ownership,
    changes: new Changes(),
    onGone: () => undefined,
    clock,
    random: new SeededRandom(1),
  };
  const steps = readPartition(parts, {
    partition: 0,
    epoch,
    position: { kind: 'before', sequenceNumber: sequenceNumber('0') },
    maxRecords: 1000,
    signal: new AbortController().signal,
  });
  /** Takes so many pages, each so long after the one before. */
  const take = async (pages: number, afterMs: number): Promise<void> => {
    for (let page = 0; page < pages; page += 1) {
      await clock.advance(afterMs);
      await clock.run(steps.next());
    }
  };
  return { asked, take };
}

describe('the pages of a partition', () => {
  it('are large for who asks for the next one at once', async () => {
    const { asked, take } = reading();
    await take(4, 0);
    expect(asked).toEqual([MB, MB, MB, MB]);
  });

  it('become smaller, to an eighth, for who takes his time, and large again when he does not', async () => {
    const { asked, take } = reading();
    await take(6, 50);
    expect(asked).toEqual([MB, MB / 2, MB / 4, MB / 8, MB / 8, MB / 8]);
    asked.length = 0;
    await take(4, 5);
    expect(asked).toEqual([MB / 4, MB / 2, MB, MB]);
  });

  it('are never again smaller than one batch needs', async () => {
    const { asked, take } = reading(MB / 2);
    await take(6, 50);
    expect(asked).toEqual([MB, MB / 2, MB / 4, MB / 2, MB / 2, MB / 2, MB / 2]);
  });

  it('grow for a batch that is larger than any page, and are as before after it', async () => {
    const { asked, take } = reading(2 * MB);
    await take(3, 50);
    expect(asked).toEqual([MB, 2 * MB, MB, 2 * MB, MB, 2 * MB]);
  });
});
