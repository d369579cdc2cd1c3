/**
 * Traces through OpenTelemetry's API: the door. Whoever wants spans registers a provider of OpenTelemetry's SDK as usual.
 *
 * - tracer.ts   spans of the engine as spans of OpenTelemetry
 */
export { openTelemetryTracer } from './tracer.ts';
