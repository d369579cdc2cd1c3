/**
 * What is decided is carried out here, and nowhere else.
 *
 * - queue-settler.ts  delete, return, give back, leave
 * - in-flight.ts      the ledger of what is not settled
 * - heartbeat.ts      visibility of what is in an open or running batch
 * - entry-calls.ts    batch calls, again only for failed entries
 */
export { type Arrival, InFlight, reliableUntil } from './in-flight.ts';
export { QueueSettler, type QueueSettlerParts } from './queue-settler.ts';
