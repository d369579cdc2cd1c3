/**
 * Tumbling windows: which window a record belongs to, when one is over, and what its invocations are told. Pure.
 *
 * - tumbling-window.ts  the windows of one shard, one open at a time
 * - window-event.ts     the event of an invocation in a window
 */
export { TumblingWindow, WINDOW_STATE_BYTES_MAX } from './tumbling-window.ts';
export { windowEvent } from './window-event.ts';
