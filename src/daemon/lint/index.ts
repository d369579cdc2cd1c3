/**
 * `millrace check`: what is wrong with mappings, and what of them will not do what it seems to.
 *
 * - check-config.ts   the command: read, resolve, ask, judge, report
 * - finding.ts        what was found
 * - facts.ts          what is known of functions and sources
 * - ask-sources.ts    facts from real sources and functions
 * - ask-permissions.ts  which permissions are missing
 * - batch-rules.ts    rules of every mapping: batches, time, concurrency
 * - queue-rules.ts    rules of queues
 * - retry-rules.ts    rules of streams and topics
 * - report.ts         findings for people and for programs
 */
export { checkConfig } from './check-config.ts';
