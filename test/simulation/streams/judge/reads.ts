import type { KinesisRecord } from '../../../../adapters/source/embedded-stream/index.ts';
import type { ReadRequest, StreamStep } from '../../../../src/index.ts';
import type { Tenure } from '../record.ts';
import { POLL_MS } from '../stream.ts';
import type { Bench } from './bench.ts';
import type { Losses } from './losses.ts';

/** What a page may take beyond a poll, ms. */
const PAGE_SLACK_MS = 50;
/** What a process may hold at once, bytes: beyond that reads wait for room. */
const ROOM_BYTES = 268_435_456;

/** R4 and R8: from where is read. R12: how soon. */
export class Reads {
  readonly #bench: Bench;
  readonly #losses: Losses;
  readonly #isUndisturbed: boolean;
  readonly #opened = new Set<string>();

  constructor(bench: Bench, losses: Losses) {
    const { faults, outages, bufferRecords } = bench.court.plan;
    this.#bench = bench;
    this.#losses = losses;
    const hasFaults = faults.trouble > 0 || faults.readError > 0 || faults.slowRead > 0;
    this.#isUndisturbed = !hasFaults && bufferRecords === undefined && outages.every(({ what }) => what !== 'reads');
  }

  opened(tenure: Tenure, { shardId, position }: ReadRequest): void {
    const { court, stream, records } = this.#bench;
    tenure.openedAt.set(shardId, court.now());
    // For some seconds the engine may take another stream of the same name for the one it knows.
    if (tenure.acquiredAt <= stream.recreatedAt) return;
    const shard = `${stream.incarnation} ${shardId}`;
    if (!this.#opened.has(shard) && position.kind !== 'start') {
      court.fail(
        'R8',
        `the first read of ${shardId} begins ${position.kind === 'end' ? 'at its end' : `behind ${position.sequenceNumber}`}`,
      );
    }
    this.#opened.add(shard);
    if (position.kind !== 'after' || tenure.endedAt !== undefined) return;
    const last = records.ofNumber(position.sequenceNumber);
    if (last?.shardId !== shardId || last.incarnation !== stream.incarnation) {
      court.fail('R8', `${shardId} is read behind ${last === undefined ? 'no record' : `record ${last.text} of another shard or stream`}`);
      return;
    }
    for (const record of records.ofShard(stream.incarnation, shardId)) {
      if (BigInt(record.sequenceNumber) > BigInt(last.sequenceNumber)) return;
      if (tenure.delivered.has(record) || this.#losses.isExcused(record)) continue;
      court.fail('R4', `${shardId} is read behind record ${last.text}, and ${record.text} was never read`);
    }
  }

  delivered(tenure: Tenure, shardId: string, step: StreamStep<KinesisRecord>): void {
    if (step.kind !== 'page') return;
    const { court, stream, records } = this.#bench;
    // When a shard was closed is not known from its last page, and its children may hold older records than that.
    if (tenure.acquiredAt > stream.recreatedAt) this.#losses.delivered(tenure, shardId, step.ended ? undefined : step.readThrough);
    for (const { sequenceNumber } of step.records) {
      const record = records.ofNumber(sequenceNumber);
      if (record === undefined || tenure.delivered.has(record)) continue;
      tenure.delivered.set(record, court.now());
      const waited = court.now() - Math.max(record.putAt, tenure.openedAt.get(shardId) ?? Number.NaN);
      if (!this.#isUndisturbed || court.offeredBytes >= ROOM_BYTES || tenure.endedAt !== undefined || waited <= POLL_MS + PAGE_SLACK_MS)
        continue;
      court.fail('R12', `record ${record.text} of ${shardId} was read ${String(waited)} ms after it could be`);
    }
  }
}
