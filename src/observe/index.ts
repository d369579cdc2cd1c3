/**
 * What happened, for people and machines. Reads, never steers.
 *
 * - event-hub.ts       from the engine to all listeners
 * - log-listener.ts    events as log lines
 * - meter-listener.ts  events as metrics
 * - meter-series.ts   the metrics of one mapping
 * - recollection.ts    last errors
 * - lag.ts             how much is left of a shard
 * - loss-forecast.ts   when records will be trimmed unread
 * - watchdog.ts        what should move and does not
 * - observatory.ts     looks at everything now and then
 * - trace-link.ts     who sent a record, as traces say it
 * - silence.ts         a logger and a meter that do nothing
 */
export { EventHub } from './event-hub.ts';
export { inSeconds, lagOf } from './lag.ts';
export { logListener } from './log-listener.ts';
export { MeterListener } from './meter-listener.ts';
export { Observatory } from './observatory.ts';
export { silentLogger, silentMeter } from './silence.ts';
export { linkOfTraceparent, linkOfXRay, linksOfHeaders, linksOfMessage } from './trace-link.ts';
