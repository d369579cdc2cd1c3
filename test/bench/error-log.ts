import { type Logger, silentLogger } from '../../adapters/index.ts';

/** What an engine says while it is measured: errors only, and not on the standard output, where the answer goes. */
export const errorLog: Logger = {
  ...silentLogger,
  error: (fields: object | string, message?: string) => {
    process.stderr.write(`${JSON.stringify(fields)} ${message ?? ''}\n`);
  },
  child: () => errorLog,
};
