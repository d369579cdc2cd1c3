import { destination, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import { ConfigError, type Logger, type LogMethod } from '../../../src/index.ts';
import { clean } from './clean.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The least important lines that are written; `silent` writes none. */
export type LogLevel = (typeof LEVELS)[number];

/** How the log is written. */
export interface PinoLoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Lines for people (true) or JSON (false). Default: for people when the output is a terminal. */
  readonly pretty?: boolean;
  /** Where whole lines go. Default the process's standard output, written at once, so that none is lost at the end. */
  readonly output?: { write(line: string): unknown };
}

/**
 * A logger on pino. Secrets are taken out by the names of their fields, bodies too from `info` on. No call throws.
 *
 * @throws ConfigError when the level is none.
 */
export function pinoLogger(options: PinoLoggerOptions = {}): Logger {
  const { level = 'info', output } = options;
  if (!LEVELS.includes(level)) {
    throw new ConfigError([{ field: 'level', message: `must be one of ${LEVELS.join(', ')}, but is ${JSON.stringify(level)}` }]);
  }
  const terminal = output === undefined && process.stdout.isTTY;
  const lines = output ?? destination({ dest: 1, sync: true });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      // Errors are plain objects already; pino's own serializer would add what was left out on purpose.
      serializers: { err: (error: unknown) => error },
      formatters: { level: (label) => ({ level: label }) },
    },
    (options.pretty ?? terminal) ? prettyLines(lines, terminal) : { write: (line) => void lines.write(line) },
  );
  return wrap(logger);
}

/** Turns each line into one for people as it is written: nothing waits in between. */
function prettyLines(lines: { write(line: string): unknown }, terminal: boolean): { write(line: string): void } {
  const prettify = pretty.prettyFactory({
    colorize: terminal && pretty.isColorSupported,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => void lines.write(prettify(line)) };
}

function wrap(logger: PinoLogger): Logger {
  const method =
    (level: Exclude<LogLevel, 'silent'>): LogMethod =>
    (fields, message) => {
      if (!logger.isLevelEnabled(level)) return;
      try {
        logger[level](clean(fields, level === 'debug'), message);
      } catch {
        // The output is broken, and this was the way to say so. The engine goes on.
      }
    };
  return {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: (fields, options) => wrap(logger.child(clean(fields, false), options?.level === undefined ? {} : { level: options.level })),
  };
}
