import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { spawnOwned } from './process-group.ts';

/** The last lines of a log, for a message. */
export function lastLines(text: string, lines = 15): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

export interface CommandOptions {
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end; all it prints is appended to the log. Rejects with the log's tail if it fails. */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<void> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  log.write(`$ ${[command, ...args].join(' ')}\n`);
  const child = spawnOwned(command, args, { env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      options.onLine?.(line);
    });
  }
  const ending = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${String(signal ?? code)}`);
    });
  });
  log.end();
  await finished(log);
  if (ending !== undefined)
    throw new Error(`${basename(command)} ${ending} (see ${options.logFile})\n${lastLines(await readFile(options.logFile, 'utf8'))}`);
}

/** What a program prints, or undefined if it is missing or fails. */
export async function commandOutput(command: string, args: readonly string[]): Promise<string | undefined> {
  const child = spawnOwned(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  return new Promise((resolve) => {
    child.once('error', () => {
      resolve(undefined);
    });
    child.once('close', (code) => {
      resolve(code === 0 ? text : undefined);
    });
  });
}
