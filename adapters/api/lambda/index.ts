/**
 * Event source mappings of a daemon, or of whatever speaks Lambda's API, as a client: the door.
 *
 * - client.ts   the calls, the SDK behind them, and what they throw
 */
export { type MappingClient, type MappingClientOptions, mappingClient } from './client.ts';
