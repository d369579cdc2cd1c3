/**
 * What happened, for people and machines. Reads, never steers.
 *
 * - event-hub.ts       from the engine to all listeners
 * - log-listener.ts    events as log lines
 * - meter-listener.ts  events as metrics
 * - meter-series.ts   the metrics of one mapping
 * - silence.ts         a logger and a meter that do nothing
 */
export { EventHub } from './event-hub.ts';
export { logListener } from './log-listener.ts';
export { MeterListener } from './meter-listener.ts';
export { silentLogger, silentMeter } from './silence.ts';
