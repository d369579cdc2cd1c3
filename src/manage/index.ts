/**
 * What is shown and taken in over HTTP: health, metrics, mappings, messages for embedded queues, records for embedded
 * streams and topics.
 *
 * - server.ts     the server: limits, errors, listening
 * - security/     who may ask what, how much and how fast
 * - guard.ts      who is let in where there are no credentials
 * - health.ts     alive, ready, metrics, mappings
 * - messages.ts   messages into embedded queues
 * - records.ts    records into embedded streams
 * - topic-records.ts  records into embedded topics
 * - lambda/       Lambda's API: event source mappings, functions
 * - sending.ts    what these share
 * - refusal.ts    an error as a caller reads it
 * - types.ts      what the room is handed
 */

export { isLoopback } from './guard.ts';
export type { MappingApi } from './lambda/index.ts';
export type { Access, RequestVerifier, Role } from './security/index.ts';
export { ListenError, type ManageServer, manageServer } from './server.ts';
export type { Phase, ProducerQueue, ProducerStream, ProducerTopic, ScrapedMeter, SecuritySettings } from './types.ts';
