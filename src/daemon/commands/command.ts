import { ConfigError } from '../../contract/index.ts';
import type { Catalog } from '../catalog.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Environment } from '../substitute.ts';

/** What commands do their work with. */
export interface CommandParts {
  readonly catalog: Catalog;
  readonly environment: Environment;
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** What the arguments of a command ask for. */
export type Task = (parts: CommandParts) => Promise<ExitCode>;

/** Takes the task of the command that was named. */
export type Tell = (task: Task) => void;

/** A command could not do what it was asked for. The message is for people. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

/** A task whose refusals and failures are told on standard error, a line each. That nobody reads what it says is no trouble (`| head`). */
export function told(command: string, task: Task): Task {
  return async (parts) => {
    for (const stream of [parts.stdout, parts.stderr]) stream.on('error', passOverUnread);
    try {
      return await task(parts);
    } catch (error) {
      if (error instanceof ConfigError) {
        const problems = error.problems.map(({ field, message }) => `${field}: ${message}\n`);
        parts.stderr.write(`millrace ${command}: ${problems.join('')}`);
        return EXIT.refused;
      }
      if (!(error instanceof CommandFailure)) throw error;
      parts.stderr.write(`millrace ${command}: ${error.message}\n`);
      return EXIT.failed;
    }
  };
}

function passOverUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
