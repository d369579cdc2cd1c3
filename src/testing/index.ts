/**
 * What tests of an engine need.
 *
 * - recorder.ts       what was invoked with what
 * - seeded-random.ts  chance that repeats
 * - virtual-clock.ts  time that stands still
 */
export { type RecordedInvocation, Recorder } from './recorder.ts';
export { SeededRandom } from './seeded-random.ts';
export { VirtualClock } from './virtual-clock.ts';
