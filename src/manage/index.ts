/**
 * What is shown and taken in over HTTP: health, metrics, mappings, messages for embedded queues, records for embedded
 * streams. Loopback only.
 *
 * - server.ts     the server: limits, errors, listening
 * - guard.ts      which requests are let in at all
 * - health.ts     alive, ready, metrics, mappings
 * - messages.ts   messages into embedded queues
 * - records.ts    records into embedded streams
 * - sending.ts    what the two share
 * - refusal.ts    an error as a caller reads it
 * - types.ts      what the room is handed
 */
export { ListenError, type ManageServer, manageServer } from './server.ts';
export type { Phase, ProducerQueue, ProducerStream, ScrapedMeter } from './types.ts';
