import { describe, expect, it } from 'vitest';
import { readBounds, readOffsets, type TopicLog } from '../../../../adapters/source/kafka/offsets.ts';
import type { WireBroker } from '../../../../adapters/source/kafka/wire.ts';
import { SourceError } from '../../../../src/index.ts';

/** Three partitions, each on the broker of its number plus one; logs from 10 to 90, of which 50 is stable; 0 and 2 are committed. */
class StubBrokers {
  leaders = [1, 2, 3];
  /** By partition. */
  errorCodes = [0, 0, 0];
  /** By partition, of what is committed. */
  commitCodes = [0, 0, 0];
  down: number | undefined;

  partitions() {
    return Promise.resolve(this.leaders.map((leader, partitionId) => ({ partitionId, leader })));
  }

  refresh() {
    return this.partitions();
  }

  coordinator() {
    return Promise.resolve(1);
  }

  onBroker<Answer>(nodeId: number, doing: string, make: (broker: WireBroker) => Promise<Answer>): Promise<Answer> {
    if (nodeId === this.down) return Promise.reject(new SourceError('unavailable', 'ECONNREFUSED', doing));
    const listOffsets: WireBroker['listOffsets'] = ({ isolationLevel, topics }) => {
      const answered = topics
        .flatMap(({ partitions }) => partitions)
        .map(({ partition, timestamp }) => {
          const end = isolationLevel === 1 ? '50' : '90';
          return { partition, errorCode: this.errorCodes[partition] ?? 0, offset: timestamp === -2 ? '10' : end };
        });
      return Promise.resolve({ responses: [{ partitions: answered }] });
    };
    const offsetFetch: WireBroker['offsetFetch'] = () =>
      Promise.resolve({
        responses: [
          {
            partitions: ['70', '-1', '30'].map((offset, partition) => {
              const errorCode = this.commitCodes[partition] ?? 0;
              return { partition, errorCode, offset: errorCode === 0 ? offset : '-1', metadata: 'x' };
            }),
          },
        ],
      });
    return make({ listOffsets, offsetFetch } as Partial<WireBroker> as WireBroker);
  }
}

function open(isolationLevel = 0): { readonly brokers: StubBrokers; readonly log: TopicLog } {
  const brokers = new StubBrokers();
  return { brokers, log: { topic: 'orders', brokers, isolationLevel } };
}

const zero = { partition: 0, committed: { offset: '70', metadata: 'x' }, logStart: '10', logEnd: '90' };
const one = { partition: 1, committed: undefined, logStart: '10', logEnd: '90' };
const two = { partition: 2, committed: { offset: '30', metadata: 'x' }, logStart: '10', logEnd: '90' };

describe('what the group and the logs say', () => {
  it('is told of every partition', async () => {
    expect(await readOffsets(open().log, 'g')).toEqual([zero, one, two]);
  });

  it('ends with the log, where a transaction is open too', async () => {
    const { log } = open(1);
    expect(await readOffsets(log, 'g')).toEqual([zero, one, two]);
    expect(await readBounds(log, 0)).toEqual({ start: '10', end: '90' });
  });

  it('is told of the others where one partition has no leader, or one that does not answer', async () => {
    const asCommitted = { ...two, logStart: '30', logEnd: '30' };
    const { brokers, log } = open();
    brokers.leaders = [1, 2, -1];
    expect(await readOffsets(log, 'g')).toEqual([zero, one, asCommitted]);
    brokers.leaders = [1, -1, 3];
    expect(await readOffsets(log, 'g')).toEqual([zero, two]);
    brokers.leaders = [1, 2, 3];
    brokers.down = 3;
    expect(await readOffsets(log, 'g')).toEqual([zero, one, asCommitted]);
    brokers.down = undefined;
    brokers.errorCodes = [0, 6, 6];
    expect(await readOffsets(log, 'g')).toEqual([zero, asCommitted]);
    await expect(readBounds(log, 2)).rejects.toMatchObject({ code: 'NOT_LEADER_FOR_PARTITION' });
  });

  it('is told of the others where a broker does not know one partition, in its log or in the group', async () => {
    const { brokers, log } = open();
    brokers.errorCodes = [0, 3, 3];
    expect(await readOffsets(log, 'g')).toEqual([zero, { ...two, logStart: '30', logEnd: '30' }]);
    brokers.errorCodes = [0, 0, 0];
    brokers.commitCodes = [3, 0, 0];
    expect(await readOffsets(log, 'g')).toEqual([one, two]);
  });

  it('throws where no broker knows any partition', async () => {
    const { brokers, log } = open();
    brokers.errorCodes = [3, 3, 3];
    await expect(readOffsets(log, 'g')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('throws what does not pass', async () => {
    const { brokers, log } = open();
    brokers.errorCodes = [0, 0, 29];
    await expect(readOffsets(log, 'g')).rejects.toMatchObject({ kind: 'denied' });
  });
});
