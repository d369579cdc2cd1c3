/** What tests of an engine need: time that stands still, chance that repeats. */
export { SeededRandom } from './seeded-random.ts';
export { VirtualClock } from './virtual-clock.ts';
