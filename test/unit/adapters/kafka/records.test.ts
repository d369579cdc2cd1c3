import { describe, expect, it } from 'vitest';
import { toRecords } from '../../../../adapters/source/kafka/records.ts';
import type { WireMessage, WirePartition } from '../../../../adapters/source/kafka/wire.ts';
import { sequenceNumber } from '../../../../src/index.ts';

const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);

function message(offset: number, producerId = '-1', of: Partial<WireMessage> = {}): WireMessage {
  return {
    offset: String(offset),
    timestamp: '1700000000000',
    key: null,
    value: Buffer.from(`v${String(offset)}`),
    batchContext: { producerId, inTransaction: producerId !== '-1', timestampType: 0 },
    ...of,
  };
}

function marker(offset: number, producerId: string, key: Buffer): WireMessage {
  return message(offset, producerId, { key, isControlRecord: true });
}

function answer(messages: readonly WireMessage[], aborted: WirePartition['abortedTransactions'] = []): WirePartition {
  return { partition: 3, errorCode: 0, highWatermark: '100', messages, abortedTransactions: aborted };
}

function offsets(partition: WirePartition, from = 0): string[] {
  return toRecords('orders', partition, sequenceNumber(String(from))).map((record) => record.sequenceNumber);
}

describe('the records of an answer', () => {
  it('carry what the producer gave, headers of one name apart', () => {
    const headers = { a: [Buffer.from([1]), Buffer.from([2])], b: 'text', c: null };
    const [record] = toRecords('orders', answer([message(7, '-1', { key: Buffer.from('k'), value: null, headers })]), sequenceNumber('0'));
    expect(record).toMatchObject({
      topic: 'orders',
      partition: 3,
      sequenceNumber: '7',
      arrivedAt: 1_700_000_000_000,
      timestampType: 'CREATE_TIME',
      key: Buffer.from('k'),
      value: null,
      headers: [
        { name: 'a', value: Buffer.from([1]) },
        { name: 'a', value: Buffer.from([2]) },
        { name: 'b', value: Buffer.from('text') },
        { name: 'c', value: Buffer.alloc(0) },
      ],
    });
    const stamped = message(8, '-1', { batchContext: { producerId: '-1', inTransaction: false, timestampType: 1 } });
    expect(toRecords('orders', answer([stamped]), sequenceNumber('0'))[0]?.timestampType).toBe('LOG_APPEND_TIME');
  });

  it('are none below where the read is, as a batch is given whole', () => {
    expect(offsets(answer([message(8), message(9), message(10), message(11)]), 10)).toEqual(['10', '11']);
  });

  it('are no markers, and none that a transaction took back', () => {
    const messages = [
      message(0, 'p'),
      message(1, 'q'),
      message(2),
      marker(3, 'q', COMMIT),
      marker(4, 'p', ABORT),
      message(5, 'p'),
      marker(6, 'p', COMMIT),
    ];
    expect(offsets(answer(messages, [{ producerId: 'p', firstOffset: '0' }]))).toEqual(['1', '2', '5']);
  });

  it('are right where several transactions were taken back, told in any order', () => {
    const messages = [
      message(0, 'p'),
      marker(1, 'p', ABORT),
      message(2, 'p'),
      marker(3, 'p', COMMIT),
      message(4, 'q'),
      message(5, 'p'),
      marker(6, 'p', ABORT),
      marker(7, 'q', ABORT),
    ];
    const aborted = [
      { producerId: 'p', firstOffset: '5' },
      { producerId: 'q', firstOffset: '4' },
      { producerId: 'p', firstOffset: '0' },
    ];
    expect(offsets(answer(messages, aborted))).toEqual(['2']);
  });

  it('are right where the beginning of what was taken back lies before the answer', () => {
    const messages = [message(20, 'p'), message(21), marker(22, 'p', ABORT), message(23, 'p')];
    expect(offsets(answer(messages, [{ producerId: 'p', firstOffset: '3' }]), 20)).toEqual(['21', '23']);
  });
});
