/**
 * What is invoked together, and what may not be.
 *
 * - lane-key.ts     which lane a key belongs to
 * - open-batch.ts   records, bytes and window of a batch being collected
 * - group-locks.ts  one batch per message group at a time
 */

export { type Admission, GroupLocks } from './group-locks.ts';
export { LANE_HASH, laneOf, laneOfRecord } from './lane-key.ts';
export { type BatchLimits, EVENT_ENVELOPE_BYTES, OpenBatch, PAYLOAD_BYTES_MAX, type Sized } from './open-batch.ts';
