/** Fields of a log line. Never a record's body and never a secret at `info` or above. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One level of the log: fields first, then a constant text, as pino takes them. */
export type LogMethod = (fields: LogFields, message: string) => void;

/** The least important lines that are written; `silent` writes none. */
export type MappingLogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** The part of pino's interface that the engine uses; any pino instance fits. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds `fields` to every line; with a `level` it writes what is as important as that, whatever this one writes. */
  child(fields: LogFields, options?: { readonly level?: MappingLogLevel }): Logger;
}
