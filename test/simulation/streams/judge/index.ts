/**
 * Watches a run of streams from outside and says which rule it broke.
 *
 * - court.ts    keeps the first verdict; what is shared by all mappings: R3 of a function
 * - judge.ts    one mapping: R1, R2, R5, R6, R7 of its records and rows
 * - records.ts  every record of one mapping's stream, by key, shard and number
 * - reads.ts    R4, R8, R12: from where is read, and how soon
 * - losses.ts   R4: what was trimmed, and that the mapping does about it what it was told
 * - lanes.ts    R3, R12: batch windows, and lanes that wait for others
 * - discards.ts R1, R3: what may be given up
 * - windows.ts  R1, R2, R3 of tumbling windows: what their states count, and in which order they come
 */
export type { Bench } from './bench.ts';
export { Court } from './court.ts';
export { Discards } from './discards.ts';
export { type AnsweredState, type Concluded, MappingJudge } from './judge.ts';
export { Lanes } from './lanes.ts';
export { Records } from './records.ts';
