/**
 * The commands of `millrace`, but for what `start` does. Each file with the name of a command adds its arguments and says what to do.
 *
 * - start.ts, filter.ts, check.ts, mapping.ts, send.ts, completion.ts   the commands
 * - command.ts            what commands are handed, and how they fail
 * - daemon-place.ts       where the running daemon is, and who asks
 * - daemon-pages.ts       its pages over HTTP
 * - mapping-fields.ts     AWS's fields as options, read by their shapes
 * - mapping-work.ts       what `mapping` asks the API
 * - mapping-table.ts      mappings for people
 * - send-input.ts         bodies from arguments, files and standard input
 * - send-work.ts          what `send` does with them
 * - completion-tree.ts    the commands as completion scripts need them
 * - completion-scripts.ts the scripts
 */
import type { Command } from 'commander';
import { addCheck } from './check.ts';
import type { Tell } from './command.ts';
import { addCompletion } from './completion.ts';
import { addFilter } from './filter.ts';
import { addMapping } from './mapping.ts';
import { addSend } from './send.ts';

export type { Task } from './command.ts';
export { addStart, type StartOptions } from './start.ts';

/** Adds all commands but `start`. */
export function addCommands(program: Command, tell: Tell): void {
  addCheck(program, tell);
  addMapping(program, tell);
  addSend(program, tell);
  addFilter(program, tell);
  addCompletion(program, tell);
}
