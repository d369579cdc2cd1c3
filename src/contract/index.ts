/**
 * Ports and record types: what the rooms hand to each other and what adapters implement. A leaf; imports nothing.
 *
 * - time.ts     Clock and Random
 * - log.ts      Logger
 * - meter.ts    Meter
 * - errors.ts   SourceError, ConfigError
 * - permission.ts  what may be done, tried without doing it
 * - queue.ts    QueueSource and its messages
 * - stream.ts   StreamSource, its records and positions
 * - topic.ts    TopicSource: partitions of a consumer group
 * - secret.ts   SecretResolver
 * - sequence-number.ts  numbers that are no JavaScript numbers
 * - destination.ts      FailureDestination and what it receives
 * - target.ts   FunctionTarget and its outcomes
 * - store.ts    StateStore
 * - tracer.ts   Tracer and its spans
 * - wait.ts     why something does not move
 * - in-flight.ts  what is received and not yet settled
 * - mapping.ts  states and resolved options of a mapping
 * - events.ts   what happened, by name
 * - event-loop.ts  EventLoopMonitor
 * - explanation.ts  what a mapping does at one moment, and why it waits
 * - finding.ts  what the watchdog finds
 * - filter.ts   what filters may see of a record
 * - window.ts   tumbling windows as they are stored
 */
export * from './destination.ts';
export * from './errors.ts';
export * from './event-loop.ts';
export * from './events.ts';
export * from './explanation.ts';
export * from './filter.ts';
export * from './finding.ts';
export * from './in-flight.ts';
export * from './log.ts';
export * from './mapping.ts';
export * from './meter.ts';
export * from './permission.ts';
export * from './queue.ts';
export * from './secret.ts';
export * from './sequence-number.ts';
export * from './store.ts';
export * from './stream.ts';
export * from './target.ts';
export * from './time.ts';
export * from './topic.ts';
export * from './tracer.ts';
export * from './wait.ts';
export * from './window.ts';
