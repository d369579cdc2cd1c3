/**
 * Measurements for Prometheus: the door.
 *
 * - meter.ts    the meter and its text for a scrape
 * - families.ts the series of one name, which share their label names
 * - series.ts   counters and gauges that cost an addition until they are scraped
 */
export { type PrometheusMeter, type PrometheusMeterOptions, prometheusMeter } from './meter.ts';
