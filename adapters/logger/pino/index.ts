/**
 * The log on pino: the door.
 *
 * - logger.ts   levels, the way to the output, pretty or as JSON
 * - clean.ts    fields without secrets, bodies and surprises
 */
export { type LogLevel, type PinoLoggerOptions, pinoLogger } from './logger.ts';
