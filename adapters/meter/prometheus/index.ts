/**
 * Measurements for Prometheus: the door.
 *
 * - meter.ts      the meter and its text for a scrape
 * - family.ts     the series of one name, which share their label names
 * - label-sets.ts the labels that series share, each set once
 * - series.ts     numbers that cost an addition until they are scraped, and their lines
 */
export { type PrometheusMeter, type PrometheusMeterOptions, prometheusMeter } from './meter.ts';
