/** The engine's door to adapters and to the wiring of the package. */
export * from './contract/index.ts';
export { systemClock, systemRandom } from './system.ts';
export { SeededRandom, VirtualClock } from './testing/index.ts';
